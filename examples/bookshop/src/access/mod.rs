//! Who may do what: permissions, roles, users and clients, and the server that issues their tokens.

mod audit;
mod config;
mod me;
mod mode;
mod roles;

pub use config::{
    ClientConfig, Config, ConsentConfig, IntrospectionConfig, RoleConfig, Secret, TokenLives, UserConfig, with_port,
};
pub use me::Me;
pub use roles::{CLERK, CUSTOMER};

use std::env;
use std::time::Duration;

use covet::auth::{
    Account, Accounts, Client, Consent, Introspection, KeyEncryptionKey, Password, Scope, Server, Settings,
};
use covet::{App, Error, Result, Routes, routes};

covet::permissions! {
    /// To change the shelf.
    pub BooksWrite = "books:write" => "Add, change and delete books",
    /// To see orders.
    pub OrdersRead = "orders:read" => "See orders",
    /// To order.
    pub OrdersWrite = "orders:write" => "Order books",
    /// To see what was refused and granted.
    #[audit]
    pub AuditRead = "audit:read" => "Read the audit log",
    /// To manage the shop.
    #[audit]
    pub UsersAdmin = "users:admin" => "See and manage users, and how the shop is doing",
}

/// What every client of the shop may ask for beside permissions.
const IDENTITY_SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// How the shop is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// Whether by TLS alone, so that cookies may say so.
    pub(crate) is_secure: bool,
}

/// The routes about callers.
pub fn routes() -> Routes {
    routes![me::me, audit::audit_log].tag("callers")
}

/// The app with its authorization server, users and roles.
pub(crate) fn install(app: App, config: &Config) -> Result<App> {
    let mut server = Server::with_settings(settings(config)?).docs_login(everything()?);
    server = server.roles(roles::roles(&config.roles));
    if let Ok(key) = env::var("COVET_KEY_ENCRYPTION_KEY") {
        server = server.key_encryption(KeyEncryptionKey::parse(&key)?);
    }
    for client in &config.clients {
        let wrong = |error: Error| Error::new(format!("the client `{}`: {error}", client.id));
        server = server.client(self::client(client).map_err(wrong)?);
    }
    let is_demo = config.is_demo;
    // The mode comes first: what it finds wrong must not have been written to yet.
    let app = app.on_start(move |db| mode::enter(is_demo, db));
    Ok(app.auth(server.people(accounts(config)?)).state(Site { is_secure: config.issuer.starts_with("https://") }))
}

fn settings(config: &Config) -> Result<Settings> {
    let mut settings = Settings::new(&config.issuer)?;
    let TokenLives { code, access, id, refresh, grant, retry_window, device, pushed } = config.token_lives;
    for (life, setting) in [
        (code, &mut settings.code_life),
        (access, &mut settings.access_life),
        (id, &mut settings.id_token_life),
        (refresh, &mut settings.refresh_life),
        (grant, &mut settings.grant_life),
        (retry_window, &mut settings.retry_window),
        (device, &mut settings.device_life),
        (pushed, &mut settings.pushed_life),
    ] {
        if let Some(seconds) = life {
            *setting = Duration::from_secs(seconds.into());
        }
    }
    Ok(settings)
}

fn accounts(config: &Config) -> Result<Accounts> {
    let mut accounts = Accounts::new()?.with_registration().new_users_have([CUSTOMER]);
    for UserConfig { name, password, password_hash, email, roles } in &config.users {
        let wrong = |error: Error| Error::new(format!("the user `{name}`: {error}"));
        let mut account = Account::new(name).roles(roles);
        if let Some(Secret(password)) = password {
            account = account.password(Password::new(password).map_err(|fault| wrong(fault.into()))?);
        }
        if let Some(Secret(hash)) = password_hash {
            account = account.hash(hash);
        }
        if let Some(email) = email {
            account = account.email(email);
        }
        accounts = accounts.account(account);
    }
    Ok(accounts)
}

/// What the docs page may ask for, which is all.
fn everything() -> Result<Scope> {
    use covet::auth::Permission as _;

    let permissions = BooksWrite::REGISTRY.permissions().iter().map(|permission| permission.name);
    Ok(IDENTITY_SCOPES.into_iter().chain(permissions).collect::<Vec<_>>().join(" ").parse()?)
}

fn client(config: &ClientConfig) -> Result<Client> {
    let scope = if config.scopes.is_empty() { Scope::default() } else { config.scopes.join(" ").parse()? };
    let mut client = Client::new(&config.id, scope);
    if let Some(name) = &config.name {
        client.name.clone_from(name);
    }
    if let Some(Secret(secret)) = &config.secret {
        client = client.with_secret(secret);
    }
    for uri in &config.redirect_uris {
        client = client.with_redirect_uri(uri)?;
    }
    if let Some(grants) = &config.grants {
        client.grants = grants.iter().map(|grant| grant.parse()).collect::<Result<_, _>>()?;
    }
    client.keys.clone_from(&config.jwks);
    client.post_logout_redirect_uris.clone_from(&config.post_logout_redirect_uris);
    client.consent = match config.consent {
        ConsentConfig::Ask => Consent::Ask,
        ConsentConfig::Given => Consent::Given,
    };
    client.introspection = match config.introspection {
        IntrospectionConfig::Own => Introspection::Own,
        IntrospectionConfig::All => Introspection::All,
    };
    Ok(client)
}
