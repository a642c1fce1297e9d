//! The authorization server of an app: what it is given, and how it starts.

use std::env;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use covet_auth::jose::{Algorithm, Claims, KeySet, SigningKey, TokenType};
use covet_auth::keys::{KeyEncryptionKey, StoredKey};
use covet_auth::oauth2::{self, BoundRequest, Client, GrantType, Settings, Store as _};
use covet_auth::rbac::RoleId;
use covet_auth::{AuditEvent, Error, ErrorKind, Scope};
use covet_db::Db;
use jiff::Timestamp;

use super::endpoints;
use super::people::{NoPeople, People};
use super::store::SqlStore;
use crate::App;
use crate::auth::audit::AuditLog;
use crate::auth::roles::{Role, RoleBook, RoleError};
use crate::auth::{Confirming, Install, ResourceServer, TokenKeys};

/// The core with its store.
pub(crate) type Core = oauth2::Server<SqlStore>;

/// How often keys are looked after.
const UPKEEP: Duration = Duration::from_secs(60);

/// How long the audit log is kept.
const AUDIT_LIFE: Duration = Duration::from_secs(400 * 86_400);

/// How often what other processes have revoked is learned.
const LEARNING: Duration = Duration::from_secs(1);

/// An authorization server and OpenID provider in the app itself, on the app's database.
///
/// [`App::auth`] mounts its endpoints (`/oauth/…` and `/.well-known/…`), and has the app's own routes believe its access tokens.
///
/// ```
/// use covet::auth::{Client, Server};
/// use covet::{App, Auth, get, routes};
///
/// /// Say who I am.
/// #[get("/me")]
/// async fn me(auth: Auth) -> String { auth.subject().to_owned() }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let jobs = Client::new("jobs", "orders:read".parse()?).with_secret("a secret of the operator's");
/// let app = App::new("Shop", "1.0.0")
///     .auth(Server::new("https://shop.example")?.client(jobs))
///     .routes(routes![me]);
/// # drop(app);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    seal: Option<KeyEncryptionKey>,
    signing: Option<SigningKey>,
    clients: Vec<Client>,
    people: Arc<dyn People>,
    roles: Vec<Role>,
    keep_audit: Duration,
    docs_scope: Option<Scope>,
}

/// The server of an app, which is there once the app has started.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    core: Arc<OnceLock<Arc<Core>>>,
    pub(crate) people: Arc<dyn People>,
    pub(in crate::auth) roles: RoleBook,
    pub(in crate::auth) audit: AuditLog,
}

/// The client that the docs page is.
const DOCS_CLIENT: &str = "docs";

fn docs_client(issuer: &str, scope: Scope) -> covet_auth::Result<Client> {
    let mut client =
        Client::new(DOCS_CLIENT, scope).with_redirect_uri(format!("{issuer}/docs/oauth2-redirect.html"))?;
    client.name = "The docs page".to_owned();
    Ok(client)
}

impl Server {
    /// A server of an issuer: `https://` and a host, or plain http on this machine.
    ///
    /// # Errors
    /// That the issuer is none.
    pub fn new(issuer: impl Into<String>) -> covet_auth::Result<Server> {
        Ok(Server::with_settings(Settings::new(issuer)?))
    }

    /// A server of these settings.
    pub fn with_settings(settings: Settings) -> Server {
        let people = Arc::new(NoPeople);
        let (clients, roles, keep_audit) = (Vec::new(), Vec::new(), AUDIT_LIFE);
        Server { settings, seal: None, signing: None, clients, people, roles, keep_audit, docs_scope: None }
    }

    /// A server of the environment's settings: the issuer from `COVET_ISSUER`, the audience of access tokens from
    /// `COVET_AUDIENCE` where it is another, the key that private keys are encrypted with (32 bytes in base64) from
    /// `COVET_KEY_ENCRYPTION_KEY`, a signing key of the operator's own, for RS256 in PEM, from `COVET_SIGNING_KEY`, and a client that
    /// acts for itself from `COVET_CLIENT_ID`, `COVET_CLIENT_SECRET` and `COVET_CLIENT_SCOPE`. Without an issuer it is `http://` and `COVET_BIND`, or `http://127.0.0.1:8000`, which is taken on this machine only.
    ///
    /// # Errors
    /// That one of them is malformed.
    pub fn from_env() -> covet_auth::Result<Server> {
        let variable = |name: &str| match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => {
                Err(Error::new(ErrorKind::Configuration, format!("{name} is not UTF-8")))
            }
        };
        let issuer = match variable("COVET_ISSUER")? {
            Some(issuer) => issuer,
            None => format!("http://{}", variable("COVET_BIND")?.unwrap_or_else(|| "127.0.0.1:8000".into())),
        };
        let mut settings = Settings::new(issuer)?;
        if let Some(audience) = variable("COVET_AUDIENCE")? {
            settings.audience = audience;
        }
        let mut server = Server::with_settings(settings);
        if let Some(key) = variable("COVET_KEY_ENCRYPTION_KEY")? {
            server = server.key_encryption(KeyEncryptionKey::parse(&key)?);
        }
        if let Some(pem) = variable("COVET_SIGNING_KEY")? {
            server = server.signing_key(SigningKey::from_pem(Algorithm::Rs256, &pem)?);
        }
        if let Some(id) = variable("COVET_CLIENT_ID")? {
            let missing =
                |name| Error::new(ErrorKind::Configuration, format!("COVET_CLIENT_ID needs {name} beside it"));
            let secret = variable("COVET_CLIENT_SECRET")?.ok_or_else(|| missing("COVET_CLIENT_SECRET"))?;
            let scope = variable("COVET_CLIENT_SCOPE")?.ok_or_else(|| missing("COVET_CLIENT_SCOPE"))?;
            let wrong = |error| Error::caused(ErrorKind::Configuration, "COVET_CLIENT_SCOPE is no scope", error);
            let mut client = Client::new(id, scope.parse().map_err(wrong)?).with_secret(&secret);
            client.grants = vec![GrantType::ClientCredentials];
            server = server.client(client);
        }
        Ok(server)
    }

    /// With private keys encrypted in the database.
    pub fn key_encryption(mut self, key: KeyEncryptionKey) -> Self {
        self.seal = Some(key);
        self
    }

    /// With a signing key of the operator's own, instead of one that is made on the first start. It signs from the first start
    /// that has it, and like any other for as long as the settings say.
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.signing = Some(key);
        self
    }

    /// With one more client, which on every start is written over the one of its id. A client that the server is started without
    /// is not known any more.
    pub fn client(mut self, client: Client) -> Self {
        self.clients.push(client);
        self
    }

    /// With a login on the docs page: "Authorize" there gets a token of this scope for whoever reads the page, as the client
    /// `docs`.
    pub fn docs_login(mut self, scope: Scope) -> Self {
        self.docs_scope = Some(scope);
        self
    }

    /// With users.
    pub fn people(mut self, people: impl People) -> Self {
        self.people = Arc::new(people);
        self
    }

    /// With these roles, which are added to those of the database where there are none of their names. What was changed since
    /// stays as it is.
    pub fn roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.roles.extend(roles);
        self
    }

    /// With another time for which the audit log is kept than 400 days.
    pub fn keep_audit(mut self, time: Duration) -> Self {
        self.keep_audit = time;
        self
    }

    /// Who issues.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    async fn open(self, db: Db, provider: &Provider) -> crate::Result<()> {
        db.migrate(&crate::tables::MIGRATIONS).await?;
        provider.roles.begin(&db, &self.roles, self.settings.access_life).await?;
        provider.audit.start(db.clone(), self.keep_audit);
        let docs = self.docs_scope.clone().map(|scope| docs_client(&self.settings.issuer, scope)).transpose()?;
        // A client of that name that the app has is the one that is meant.
        let clients = docs.iter().chain(&self.clients);
        let store = SqlStore::new(db.clone(), self.people, provider.audit.clone(), clients.clone());
        for client in clients {
            store.put_client(client).await?;
        }
        let now = Timestamp::now();
        if let Some(signing) = &self.signing
            && !store.keys().await?.iter().any(|kept| kept.id == signing.id())
        {
            store.insert_key(&StoredKey::wrap(signing, now, self.seal.as_ref())?).await?;
        }
        let core = Arc::new(Core::open(self.settings, store, self.seal, now).await?);
        tokio::spawn(upkeep(Arc::downgrade(&core), db, provider.roles.clone(), provider.audit.clone()));
        if provider.core.set(core).is_err() {
            return Err(crate::Error::new("the authorization server was started twice"));
        }
        Ok(())
    }
}

/// Looks after keys and revocations until the app is gone.
async fn upkeep(core: Weak<Core>, db: Db, roles: RoleBook, audit: AuditLog) {
    let mut since_upkeep = Duration::ZERO;
    loop {
        tokio::time::sleep(LEARNING).await;
        since_upkeep += LEARNING;
        let Some(core) = core.upgrade() else { return };
        let now = Timestamp::now();
        if let Err(error) = core.learn_revocations(now).await {
            tracing::warn!(%error, "revocations could not be learned");
        }
        if let Err(error) = roles.refresh(&db, core.settings().access_life).await {
            tracing::error!(%error, "the roles of the database are not in force; those before stay");
            audit.record(AuditEvent::denied("roles", error.to_string()));
        }
        if since_upkeep >= UPKEEP {
            since_upkeep = Duration::ZERO;
            if let Err(error) = core.maintain(now).await {
                tracing::warn!(%error, "the authorization server's keys could not be looked after");
            }
        }
    }
}

impl Provider {
    /// The server, where the app has started.
    pub(crate) fn core(&self) -> Option<&Arc<Core>> {
        self.core.get()
    }

    /// A token as the server issues it, for the clients of tests.
    pub(crate) fn issue(&self, subject: &str, scope: &str, roles: Option<Vec<RoleId>>) -> covet_auth::Result<String> {
        let missing = || Error::new(ErrorKind::Configuration, "the authorization server has not started");
        let core = self.core().ok_or_else(missing)?;
        let mut private = oauth2::AccessClaims::default();
        (private.client_id, private.scope, private.roles) = ("test".to_owned(), scope.to_owned(), roles);
        let settings = core.settings();
        let life = (Timestamp::now(), settings.access_life);
        let claims = Claims::new(&settings.issuer, &settings.audience, subject, life, private);
        core.ring().signing().issue(TokenType::AccessToken, &claims)
    }

    /// Puts the roles of the database in force at once.
    pub(in crate::auth) async fn refresh_roles(&self, db: &Db) -> Result<(), RoleError> {
        match self.core() {
            Some(core) => self.roles.refresh(db, core.settings().access_life).await,
            None => Ok(()),
        }
    }
}

impl TokenKeys for Provider {
    fn keys(&self) -> Arc<KeySet> {
        self.core().map(|core| core.keys()).unwrap_or_default()
    }

    fn is_revoked(&self, grant: Option<&str>, token: Option<&str>) -> bool {
        // Without a server there is nobody whose token could be good.
        self.core().is_none_or(|core| core.revocations().contains(grant, token))
    }

    fn confirm<'a>(&'a self, request: BoundRequest<'a>) -> Confirming<'a> {
        Box::pin(async move {
            let missing = || Error::new(ErrorKind::Configuration, "the authorization server has not started");
            self.core().ok_or_else(missing)?.confirm(&request).await
        })
    }
}

impl Install for Server {
    fn install(self, app: App) -> App {
        let provider = Provider {
            core: Arc::default(),
            people: self.people.clone(),
            roles: RoleBook::default(),
            audit: AuditLog::default(),
        };
        let tokens = ResourceServer::of(&self.settings.issuer, &self.settings.audience, Arc::new(provider.clone()));
        let tokens = tokens.roles(Role::definitions(&self.roles)).book(provider.roles.clone());
        let docs_client = self.docs_scope.as_ref().map(|_| DOCS_CLIENT.to_owned());
        let tokens = tokens.sessions(self.people.clone()).audit(provider.audit.clone()).own(docs_client);
        let app = tokens.install(app).state(provider.clone()).routes(endpoints::routes());
        let (people, issuer) = (self.people.clone(), self.settings.issuer.clone());
        let app = app.on_start(move |db| async move { self.open(db, &provider).await });
        people.install(app, &issuer)
    }
}
