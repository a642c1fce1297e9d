//! The configuration file: who issues tokens, how long they live, and the first roles, users and clients.
//!
//! Without a file the shop runs in demo mode, whose file is `demo.toml`. Only there is anything secret known beforehand,
//! and only on this machine.

use std::fmt;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use covet::auth::Password;
use covet::{Error, Result};
use serde::Deserialize;

/// What `--config` names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Who issues tokens: `https://` and a host, or plain http on this machine. Where it is left out, the address that is
    /// served, which must be one of this machine then.
    #[serde(default)]
    pub issuer: String,
    /// How long tokens live.
    #[serde(default)]
    pub token_lives: TokenLives,
    /// Roles beside `customer`, `clerk` and `admin`, or in their place. One that is there already stays as it is.
    #[serde(default)]
    pub roles: Vec<RoleConfig>,
    /// The first users. One who is there already stays as they are.
    #[serde(default)]
    pub users: Vec<UserConfig>,
    /// The clients. On every start they are written over those of the same id.
    #[serde(default)]
    pub clients: Vec<ClientConfig>,
    /// Whether its passwords are known to everybody.
    #[serde(skip)]
    pub is_demo: bool,
}

/// Lives, in whole seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TokenLives {
    /// An authorization code; 60.
    pub code: Option<u32>,
    /// An access token; 600.
    pub access: Option<u32>,
    /// An ID token; 600.
    pub id: Option<u32>,
    /// A refresh token that is not used; 30 days.
    pub refresh: Option<u32>,
    /// All refresh tokens of one login together; 90 days.
    pub grant: Option<u32>,
    /// For how long a used refresh token gives the same answer again; 10.
    pub retry_window: Option<u32>,
    /// A device's code; 600.
    pub device: Option<u32>,
    /// A pushed request; 60.
    pub pushed: Option<u32>,
}

/// A role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RoleConfig {
    /// Its name.
    pub name: String,
    /// The permissions that it gives by itself.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// The names of roles of which it has all permissions too.
    #[serde(default)]
    pub parents: Vec<String>,
}

/// A user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UserConfig {
    /// What they log in with.
    pub name: String,
    /// The password, which is hashed on the first start.
    pub password: Option<Secret>,
    /// The password hashed by argon2, as a PHC string.
    pub password_hash: Option<Secret>,
    /// An address to write to.
    pub email: Option<String>,
    /// The names of their roles.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// A client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Its id.
    pub id: String,
    /// Its name, for the page that asks users; the id unless told.
    pub name: Option<String>,
    /// Its secret. A client without secret and keys is public.
    pub secret: Option<Secret>,
    /// Its public keys as a JWK set, for `private_key_jwt`.
    pub jwks: Option<String>,
    /// Where the browser may be sent with a code.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where the browser may be sent after a logout.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// How it may ask for tokens, by RFC 6749's names and the URNs of extensions; by code and refresh token unless told.
    pub grants: Option<Vec<String>>,
    /// What it may ask for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whether its users are asked.
    #[serde(default)]
    pub consent: ConsentConfig,
    /// Which tokens it may introspect.
    #[serde(default)]
    pub introspection: IntrospectionConfig,
}

/// Whether the users of a client are asked.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ConsentConfig {
    /// They are, once for each scope.
    #[default]
    Ask,
    /// They are not, since the client is the shop's own.
    Given,
}

/// Which tokens a client may introspect.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum IntrospectionConfig {
    /// Its own.
    #[default]
    Own,
    /// All: it is a resource server.
    All,
}

/// A text that is never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What demo mode has in place of a file.
const DEMO: &str = include_str!("../../demo.toml");

impl Config {
    /// The configuration of a file, or that of demo mode, for a shop at this address.
    ///
    /// # Errors
    /// What is wrong with the file, by line; that a shop without one is not on this machine alone.
    pub fn load(file: Option<&Path>, bind: &str) -> Result<Config> {
        let Some(path) = file else {
            return match issuer(bind) {
                Some(issuer) => Config::demo(issuer),
                None => Err(Error::new(format!(
                    "`{bind}` can be reached from elsewhere, and without a configuration the shop has passwords that everybody \
                     knows: name a file by --config, or serve on 127.0.0.1"
                ))),
            };
        };
        let text = fs::read_to_string(path).map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
        let mut config = Config::parse(&text).map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
        if config.issuer.is_empty() {
            config.issuer = issuer(bind).ok_or_else(|| {
                Error::new(format!("{}: `issuer` is missing, and `{bind}` says not how it is reached", path.display()))
            })?;
        }
        Ok(config)
    }

    /// The configuration of a file's text.
    ///
    /// # Errors
    /// What is wrong with it, and on which line.
    pub fn parse(text: &str) -> Result<Config> {
        let config: Config = toml::from_str(text).map_err(|error| {
            // Not as the library prints it: the line may have a password.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            Error::new(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
        })?;
        config.check()?;
        Ok(config)
    }

    /// The configuration of demo mode.
    ///
    /// # Errors
    /// That `demo.toml` is none.
    pub fn demo(issuer: impl Into<String>) -> Result<Config> {
        Ok(Config { issuer: issuer.into(), is_demo: true, ..Config::parse(DEMO)? })
    }

    /// The logins of demo mode with their passwords; none of any other.
    pub fn logins(&self) -> impl Iterator<Item = (&str, &str)> {
        let users = self.users.iter().filter(|_| self.is_demo);
        users.filter_map(|user| Some((user.name.as_str(), user.password.as_ref()?.0.as_str())))
    }

    fn check(&self) -> Result<()> {
        for UserConfig { name, password, password_hash, .. } in &self.users {
            let wrong = |why: &str| Err(Error::new(format!("the user `{name}` {why}")));
            match (password, password_hash) {
                (Some(_), Some(_)) => return wrong("has `password` and `password_hash`, of which one is enough"),
                (None, None) => return wrong("has neither `password` nor `password_hash`"),
                (Some(Secret(password)), None) => {
                    if let Err(fault) = Password::new(password) {
                        return wrong(&format!("has a wrong password: {fault}"));
                    }
                }
                (None, Some(Secret(hash))) if !hash.starts_with("$argon2") => {
                    return wrong("has a `password_hash` that is no PHC string of argon2");
                }
                (None, Some(_)) => {}
            }
        }
        for client in &self.clients {
            if client.secret.as_ref().is_some_and(|Secret(secret)| secret.is_empty()) {
                return Err(Error::new(format!("the client `{}` has an empty secret", client.id)));
            }
        }
        let lives = &self.token_lives;
        let TokenLives { code, access, id, refresh, grant, device, pushed, retry_window: _ } = lives;
        if [code, access, id, refresh, grant, device, pushed].contains(&&Some(0)) {
            return Err(Error::new("`token_lives` has a life of no second"));
        }
        Ok(())
    }
}

/// The issuer of a shop at an address of this machine; `None` for any other.
fn issuer(bind: &str) -> Option<String> {
    let is_local = match bind.parse::<SocketAddr>() {
        Ok(address) => address.ip().is_loopback(),
        Err(_) => bind.strip_prefix("localhost:").is_some_and(|port| port.parse::<u16>().is_ok()),
    };
    is_local.then(|| format!("http://{bind}"))
}

/// The address with a port in place of 0, since the issuer must be known before the first request.
///
/// # Errors
/// That no port is free.
pub fn with_port(bind: &str) -> Result<String> {
    match bind.parse::<SocketAddr>() {
        Ok(address) if address.port() == 0 => Ok(TcpListener::bind(address)?.local_addr()?.to_string()),
        _ => Ok(bind.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        Config::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_secrets() {
        let unknown =
            fault("issuer = \"http://127.0.0.1:8000\"\n\n[[users]]\nname = \"a\"\npasword = \"hunter2hunter2\"\n");
        assert!(unknown.starts_with("line 5: unknown field `pasword`"), "{unknown}");
        assert!(!unknown.contains("hunter2"), "{unknown}");
        assert!(fault("colour = 1").contains("unknown field `colour`"));
        assert!(fault("[token_lives]\naccess = -1").starts_with("line 2: "));
        assert!(fault("[token_lives]\naccess = 0").contains("no second"));
        assert!(fault("[[users]]\nname = \"a\"").contains("the user `a` has neither"));
        assert!(fault("[[users]]\nname = \"a\"\npassword = \"short\"").contains("at least 8"));
        assert!(fault("[[users]]\nname = \"a\"\npassword_hash = \"secret\"").contains("no PHC string"));
        assert!(fault("[[clients]]\nid = \"a\"\nsecret = \"\"").contains("empty secret"));
        let config = Config::parse("[[clients]]\nid = \"a\"\nsecret = \"s3cret\"").unwrap();
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn only_this_machine_may_do_without_a_file() {
        for local in ["127.0.0.1:8000", "[::1]:8000", "localhost:8000"] {
            let config = Config::load(None, local).unwrap();
            assert_eq!((config.issuer, config.is_demo), (format!("http://{local}"), true));
        }
        for open in ["0.0.0.0:8000", "192.168.1.2:8000", "[::]:8000", "unix:/run/shop.sock", "shop.example:8000"] {
            assert!(Config::load(None, open).unwrap_err().to_string().contains("--config"), "{open}");
        }
    }
}
