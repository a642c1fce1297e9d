//! Registered clients (RFC 6749, section 2) and where they may have the browser sent (section 3.1.2, and RFC 8252).

use super::secret;
use crate::Scope;
use crate::error::{Error, ErrorKind, Result};
use std::fmt;
use std::str::FromStr;

/// A program that asks for tokens.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// The hash of its secret; a client without is public, and proves itself by PKCE alone. [`Client::with_secret`] sets it.
    pub secret_hash: Option<String>,
    /// Where the browser may be sent with a code, compared exactly but for the port of a loopback address.
    pub redirect_uris: Vec<String>,
    /// Where the browser may be sent after a logout, compared exactly.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask tokens with.
    pub grants: Vec<GrantType>,
    /// What it may ask for at the most.
    pub scope: Scope,
    /// Whether its users are asked.
    pub consent: Consent,
    /// Which tokens it may introspect.
    pub introspection: Introspection,
    /// Its public keys as a JWK set, for `private_key_jwt`.
    pub keys: Option<String>,
}

/// How a token is asked for. Implicit and password grants do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrantType {
    /// `authorization_code`
    AuthorizationCode,
    /// `refresh_token`
    RefreshToken,
    /// `client_credentials`
    ClientCredentials,
    /// `urn:ietf:params:oauth:grant-type:device_code`
    DeviceCode,
}

/// Whether users are asked what a client may do in their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Consent {
    /// They are, once for each scope.
    #[default]
    Ask,
    /// They are not: the client is the operator's own.
    Given,
}

/// Which tokens a client may look into (RFC 7662).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Introspection {
    /// Its own.
    #[default]
    Own,
    /// All: it is a resource server.
    All,
}

impl GrantType {
    const NAMES: [(GrantType, &str); 4] = [
        (GrantType::AuthorizationCode, "authorization_code"),
        (GrantType::RefreshToken, "refresh_token"),
        (GrantType::ClientCredentials, "client_credentials"),
        (GrantType::DeviceCode, "urn:ietf:params:oauth:grant-type:device_code"),
    ];

    /// The value of `grant_type`.
    pub fn name(self) -> &'static str {
        GrantType::NAMES.iter().find(|(grant, _)| *grant == self).map_or("", |(_, name)| name)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = GrantType> {
        GrantType::NAMES.iter().map(|(grant, _)| *grant)
    }
}

impl FromStr for GrantType {
    type Err = Error;

    /// # Errors
    /// An error of kind [`ErrorKind::Configuration`] for any other name.
    fn from_str(name: &str) -> Result<GrantType> {
        let found = GrantType::all().find(|grant| grant.name() == name);
        found.ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("`{}` is no grant type", name.escape_default()))
        })
    }
}

impl Client {
    /// A public client, with code and refresh tokens, and users that are asked.
    ///
    /// ```
    /// use covet_auth::oauth2::Client;
    ///
    /// let client = Client::new("app", "openid profile".parse()?).with_redirect_uri("https://app.example/callback")?;
    /// assert!(client.may_redirect_to("https://app.example/callback"));
    /// assert!(!client.may_redirect_to("https://app.example/callback/"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(id: impl Into<String>, scope: Scope) -> Client {
        let id = id.into();
        Client {
            name: id.clone(),
            id,
            secret_hash: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grants: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            scope,
            consent: Consent::Ask,
            introspection: Introspection::Own,
            keys: None,
        }
    }

    /// With a secret, which makes it confidential.
    #[must_use]
    pub fn with_secret(mut self, secret: &str) -> Client {
        self.secret_hash = Some(hash_secret(&self.id, secret));
        self
    }

    /// With one more place that the browser may be sent to.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Configuration`] where it is no absolute URI without fragment and user information, or it is
    /// plain http elsewhere than on this machine.
    pub fn with_redirect_uri(mut self, uri: impl Into<String>) -> Result<Client> {
        let uri = uri.into();
        check_redirect_uri(&uri)?;
        self.redirect_uris.push(uri);
        Ok(self)
    }

    /// Whether it has a secret, or keys.
    pub fn is_confidential(&self) -> bool {
        self.secret_hash.is_some() || self.keys.is_some()
    }

    /// Whether it may ask tokens with this.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    /// Whether the browser may be sent there: exactly one that is registered, or the same loopback address with another
    /// port (RFC 8252, section 7.3).
    pub fn may_redirect_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|known| known == uri || same_but_port(known, uri))
    }

    /// Whether this is its secret. It takes the same time for a client without one.
    pub(crate) fn has_secret(&self, given: &str) -> bool {
        let hash = hash_secret(&self.id, given);
        self.secret_hash.as_ref().is_some_and(|own| secret::equal(own, &hash))
    }
}

pub(crate) fn hash_secret(id: &str, given: &str) -> String {
    // The length keeps `a` + `bc` and `ab` + `c` apart.
    secret::hash(&format!("{}:{id}:{given}", id.len()))
}

fn check_redirect_uri(uri: &str) -> Result<()> {
    let wrong = |why: &str| {
        Err(Error::new(ErrorKind::Configuration, format!("the redirect URI `{}` {why}", uri.escape_default())))
    };
    let Some((scheme, rest)) = uri.split_once(':') else { return wrong("is not absolute") };
    let named = scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte));
    if !named || !scheme.starts_with(|first: char| first.is_ascii_lowercase()) {
        return wrong("has no scheme in lower case");
    }
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.contains(['\\', '"', '<', '>', '`', '{', '}', '|', '^'])
    {
        return wrong("has a character that no URI has");
    }
    if uri.contains('#') {
        return wrong("has a fragment");
    }
    if ["javascript", "data", "vbscript", "file", "about", "blob"].contains(&scheme) {
        return wrong("has a scheme that is no place");
    }
    if scheme == "http" || scheme == "https" {
        let Some(rest) = rest.strip_prefix("//") else { return wrong("has no host") };
        let authority = rest.split(['/', '?']).next().unwrap_or("");
        if authority.is_empty() || authority.contains('@') {
            return wrong("has no host, or user information");
        }
        if scheme == "http" && !is_loopback(authority) {
            return wrong("is plain http elsewhere than on this machine");
        }
    } else if !scheme.contains('.') {
        // RFC 8252, section 7.1: a domain name in reverse order.
        return wrong("has a scheme of its own without a dot");
    }
    Ok(())
}

/// `127.0.0.1`, `[::1]` or `localhost`, with or without a port.
pub(crate) fn is_loopback(authority: &str) -> bool {
    ["127.0.0.1", "[::1]", "localhost"].into_iter().any(|host| {
        authority.strip_prefix(host).is_some_and(|port| {
            port.is_empty()
                || port
                    .strip_prefix(':')
                    .is_some_and(|port| port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
}

/// Whether both are the same http URI of a loopback *address*, but for the port. The name `localhost` is no address.
fn same_but_port(known: &str, uri: &str) -> bool {
    fn split(uri: &str) -> Option<(&str, &str)> {
        for host in ["http://127.0.0.1", "http://[::1]"] {
            let Some(rest) = uri.strip_prefix(host) else { continue };
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (port, path) = rest.split_at(end);
            let digits = match port.strip_prefix(':') {
                Some(digits) => digits,
                None if port.is_empty() => "80",
                None => return None,
            };
            let good = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok();
            return good.then_some((host, path));
        }
        None
    }
    let (one, other) = (split(known), split(uri));
    one.is_some() && one == other
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Client { id, name, redirect_uris, grants, scope, .. } = self;
        f.debug_struct("Client")
            .field("id", id)
            .field("name", name)
            .field("confidential", &self.is_confidential())
            .field("redirect_uris", redirect_uris)
            .field("grants", grants)
            .field("scope", scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(uri: &str) -> Client {
        Client::new("app", Scope::default()).with_redirect_uri(uri).unwrap()
    }

    #[test]
    fn line_59_redirect_uris_are_compared_exactly() {
        let client = client("https://app.example/callback");
        assert!(client.may_redirect_to("https://app.example/callback"));
        for wrong in [
            "https://app.example/callback/",
            "https://app.example/callback/more",
            "https://app.example/callbackx",
            "https://app.example/callback?x=1",
            "https://app.example/callback#x",
            "https://user@app.example/callback",
            "https://app.example@evil.example/callback",
            "https://evil.app.example/callback",
            "https://app.example.evil.example/callback",
            "https://app.example/../callback",
            "https://app.example/x/../callback",
            "https://app.example/%63allback",
            "https://APP.example/callback",
            "https://app.example/Callback",
            "http://app.example/callback",
            "https://app.example:443/callback",
            "https://evil.example/callback",
            "javascript:alert(1)",
            "https:\\\\app.example\\callback",
            "https://app.example/callback\r\nSet-Cookie: x=1",
            " https://app.example/callback",
            "//app.example/callback",
            "",
        ] {
            assert!(!client.may_redirect_to(wrong), "{wrong}");
        }
    }

    #[test]
    fn line_60_only_the_port_of_a_loopback_address_varies() {
        let client = client("http://127.0.0.1/callback");
        for good in ["http://127.0.0.1/callback", "http://127.0.0.1:49152/callback", "http://127.0.0.1:1/callback"] {
            assert!(client.may_redirect_to(good), "{good}");
        }
        for wrong in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:49152/callback/",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:80@evil.example/callback",
            "http://127.0.0.1:80.evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.2:80/callback",
            "http://localhost:80/callback",
            "http://[::1]:80/callback",
            "https://127.0.0.1:80/callback",
            "http://127.0.0.1:49152/callback?x",
        ] {
            assert!(!client.may_redirect_to(wrong), "{wrong}");
        }
        let named = Client::new("app", Scope::default()).with_redirect_uri("http://localhost:3000/cb").unwrap();
        assert!(!named.may_redirect_to("http://localhost:3001/cb"));
    }

    #[test]
    fn redirect_uris_that_are_no_places_are_not_registered() {
        for wrong in [
            "/callback",
            "app.example/callback",
            "https:///callback",
            "https://app.example/callback#x",
            "https://user@app.example/",
            "http://app.example/",
            "http://127.0.0.1.evil.example/",
            "javascript:alert(1)",
            "myapp:/callback",
            "HTTPS://app.example/",
            "https://app.example/\r\n",
            "https://app.example\\@evil.example",
        ] {
            assert!(Client::new("app", Scope::default()).with_redirect_uri(wrong).is_err(), "{wrong}");
        }
        client("com.example.app:/callback");
        client("http://localhost:3000/callback");
    }
}
