//! The claims of a JSON Web Token (RFC 7519, section 4.1): written by us, and read from what others wrote.

use super::json::{self, Object};
use crate::error::{Result, claim};
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;

/// The claims of a token that is to be issued: the registered ones, and private ones of the caller's.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Claims<C> {
    /// Who issues the token.
    #[serde(rename = "iss")]
    pub issuer: String,
    /// For whom the token is.
    #[serde(rename = "aud")]
    pub audience: String,
    /// About whom the token is.
    #[serde(rename = "sub")]
    pub subject: String,
    /// From when on it must not be accepted.
    #[serde(rename = "exp", serialize_with = "seconds")]
    pub expires_at: Timestamp,
    /// When it was issued.
    #[serde(rename = "iat", serialize_with = "seconds")]
    pub issued_at: Timestamp,
    /// The token's own id.
    #[serde(rename = "jti", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// All others. None may have the name of one of those above.
    #[serde(flatten)]
    pub private: C,
}

impl<C> Claims<C> {
    /// Claims of a token that is issued at a time, and good for so long.
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        subject: impl Into<String>,
        (issued_at, life): (Timestamp, Duration),
        private: C,
    ) -> Claims<C> {
        let expires_at = issued_at.saturating_add(life).unwrap_or(Timestamp::MAX);
        let (issuer, audience, subject) = (issuer.into(), audience.into(), subject.into());
        Claims { issuer, audience, subject, expires_at, issued_at, id: None, private }
    }

    /// The same with an id of the token's own.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Claims<C> {
        self.id = Some(id.into());
        self
    }
}

/// NumericDate, in whole seconds.
fn seconds<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.as_second())
}

/// The registered claims of a token that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) subject: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) id: Option<String>,
}

/// What the claims must be.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    /// By how many seconds clocks may differ.
    pub(crate) leeway: i64,
    pub(crate) now: Timestamp,
}

impl Registered {
    /// Reads and checks the claims, in an order in which only a token that is otherwise good is told to be expired.
    pub(crate) fn read(object: &Object<'_>, expected: &Expected<'_>) -> Result<Registered> {
        let issuer = text(object, "iss")?.ok_or_else(|| claim("the token has no `iss`"))?;
        if issuer != expected.issuer {
            return Err(claim("the token's `iss` is another"));
        }
        audience(object, expected.audience)?;
        let subject = text(object, "sub")?.filter(|subject| !subject.is_empty());
        let subject = subject.ok_or_else(|| claim("the token has no `sub`"))?.into_owned();
        let now = expected.now.as_second();
        for name in ["nbf", "iat"] {
            if date(object, name)?.is_some_and(|date| date.as_second() > now + expected.leeway) {
                return Err(claim("the token is not good yet"));
            }
        }
        let expires_at = date(object, "exp")?.ok_or_else(|| claim("the token has no `exp`"))?;
        let id = text(object, "jti")?.map(Cow::into_owned);
        if now >= expires_at.as_second() + expected.leeway {
            return Err(crate::Error::new(crate::ErrorKind::Expired, "the token has expired"));
        }
        Ok(Registered { subject, expires_at, issued_at: date(object, "iat")?, id })
    }
}

fn text<'a>(object: &Object<'a>, name: &'static str) -> Result<Option<Cow<'a, str>>> {
    object.string(name).map_err(|_| claim(format!("the token's `{name}` is not a string")))
}

/// A string, or a list of strings, with ours in it.
fn audience(object: &Object<'_>, expected: &str) -> Result<()> {
    let raw = object.raw("aud").ok_or_else(|| claim("the token has no `aud`"))?;
    let found = match json::string(raw) {
        Some(one) => one == expected,
        None => {
            let many = serde_json::from_str::<Vec<Cow<'_, str>>>(raw);
            many.map_err(|_| claim("the token's `aud` is malformed"))?.iter().any(|one| one == expected)
        }
    };
    if found { Ok(()) } else { Err(claim("the token is for another audience")) }
}

/// NumericDate in whole seconds. Fractions are refused: who writes them cannot be told from who writes milliseconds.
fn date(object: &Object<'_>, name: &'static str) -> Result<Option<Timestamp>> {
    let Some(raw) = object.raw(name) else { return Ok(None) };
    let date = json::integer(raw).and_then(|seconds| Timestamp::from_second(seconds).ok());
    date.map(Some).ok_or_else(|| claim(format!("the token's `{name}` is no date in whole seconds")))
}
