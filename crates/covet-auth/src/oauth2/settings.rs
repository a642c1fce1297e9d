//! What an operator decides.

use super::client::is_loopback;
use crate::error::{Error, ErrorKind, Result};
use crate::keys::RotationPolicy;
use std::time::Duration;

/// The server's settings. The lives are those of RFC 9700's advice, and rarely need a change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Who issues: `https://` and a host, without a path. It is never taken from a request.
    pub issuer: String,
    /// For whom access tokens are; the issuer itself, unless the API has another name.
    pub audience: String,
    /// How long a code is good; 60 s.
    pub code_life: Duration,
    /// How long an access token is good; 10 minutes.
    pub access_life: Duration,
    /// How long an ID token is good; 10 minutes.
    pub id_token_life: Duration,
    /// How long a refresh token is good that is not used; 30 days.
    pub refresh_life: Duration,
    /// How long a grant can be refreshed at all; 90 days.
    pub grant_life: Duration,
    /// How long a used refresh token gives the same answer again, for clients that did not get it; 10 s.
    pub retry_window: Duration,
    /// How long a device may wait for its user; 10 minutes.
    pub device_life: Duration,
    /// How long a pushed request waits; 60 s.
    pub pushed_life: Duration,
    /// When keys follow one another.
    pub rotation: RotationPolicy,
}

impl Settings {
    /// Settings of an issuer.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Configuration`] where the issuer is no `https://host[:port]`; plain http is taken on this
    /// machine only.
    pub fn new(issuer: impl Into<String>) -> Result<Settings> {
        let issuer = issuer.into();
        check_issuer(&issuer)?;
        let (seconds, days) = (Duration::from_secs, |days: u64| Duration::from_secs(days * 24 * 3600));
        Ok(Settings {
            audience: issuer.clone(),
            issuer,
            code_life: seconds(60),
            access_life: seconds(600),
            id_token_life: seconds(600),
            refresh_life: days(30),
            grant_life: days(90),
            retry_window: seconds(10),
            device_life: seconds(600),
            pushed_life: seconds(60),
            rotation: RotationPolicy::default(),
        })
    }

    /// Whether the issuer is reached by https, so that cookies may be `Secure`.
    pub fn is_secure(&self) -> bool {
        self.issuer.starts_with("https://")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

fn check_issuer(issuer: &str) -> Result<()> {
    let wrong =
        |why| Err(Error::new(ErrorKind::Configuration, format!("the issuer `{}` {why}", issuer.escape_default())));
    let (authority, plain) = match (issuer.strip_prefix("https://"), issuer.strip_prefix("http://")) {
        (Some(authority), _) => (authority, false),
        (_, Some(authority)) => (authority, true),
        _ => return wrong("is no https URL"),
    };
    let hostly = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
    if authority.is_empty() || !authority.bytes().all(hostly) {
        return wrong("is not a scheme and a host in lower case, without a path or a slash at its end");
    }
    if plain && !is_loopback(authority) {
        return wrong("is plain http, which is taken on this machine only");
    }
    Ok(())
}

/// The endpoints' paths.
pub mod path {
    /// The authorization endpoint.
    pub const AUTHORIZE: &str = "/oauth/authorize";
    /// The token endpoint.
    pub const TOKEN: &str = "/oauth/token";
    /// RFC 7009.
    pub const REVOKE: &str = "/oauth/revoke";
    /// RFC 7662.
    pub const INTROSPECT: &str = "/oauth/introspect";
    /// RFC 9126.
    pub const PAR: &str = "/oauth/par";
    /// RFC 8628, for the device.
    pub const DEVICE_AUTHORIZATION: &str = "/oauth/device_authorization";
    /// RFC 8628, for the user.
    pub const DEVICE: &str = "/oauth/device";
    /// OpenID Connect Core, section 5.3.
    pub const USERINFO: &str = "/oauth/userinfo";
    /// OpenID Connect RP-Initiated Logout.
    pub const LOGOUT: &str = "/oauth/logout";
    /// RFC 7517.
    pub const JWKS: &str = "/.well-known/jwks.json";
    /// RFC 8414.
    pub const METADATA: &str = "/.well-known/oauth-authorization-server";
    /// OpenID Connect Discovery.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_https_but_on_this_machine() {
        for good in [
            "https://id.example",
            "https://id.example:8443",
            "http://127.0.0.1:8000",
            "http://localhost:8000",
            "http://[::1]:1",
        ] {
            assert!(Settings::new(good).is_ok(), "{good}");
        }
        for wrong in [
            "http://id.example",
            "https://id.example/",
            "https://id.example/tenant",
            "https://",
            "id.example",
            "https://ID.example",
            "https://user@id.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "https://id.example?x",
            "https://id.example#x",
        ] {
            assert!(Settings::new(wrong).is_err(), "{wrong}");
        }
    }
}
