//! The ID token (OpenID Connect Core, section 2).

use crate::error::Result;
use crate::jose::json::Object;
use crate::jose::jws::Parts;
use crate::jose::{Claims, TokenType};
use crate::oauth2::{Grant, Server, Store};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct IdClaims<'a> {
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

/// What of an ID token a logout needs.
pub(super) struct Hint {
    pub(super) client: String,
    pub(super) session: Option<String>,
    pub(super) subject: String,
}

impl<S: Store> Server<S> {
    pub(crate) fn id_token(&self, grant: &Grant, nonce: Option<&str>, now: Timestamp) -> Result<String> {
        let private = IdClaims { auth_time: grant.auth_time.as_second(), nonce, sid: grant.session.as_deref() };
        let life = (now, self.settings.id_token_life);
        let claims = Claims::new(&self.settings.issuer, &grant.client, &grant.subject, life, private);
        self.ring.signing().issue(TokenType::Jwt, &claims)
    }

    /// An ID token that we once issued, which may have expired since.
    pub(super) fn read_hint(&self, hint: &str) -> Option<Hint> {
        let parts = Parts::split(hint).ok()?;
        let header = parts.header().ok()?;
        let keys = self.ring.verifying();
        parts.verify(&header, keys.find(header.key_id.as_deref()?)?).ok()?;
        // Only the type tells it from an access token, which is not for hints.
        header.token_type.as_deref().filter(|name| *name == "JWT")?;
        let payload = parts.payload().ok()?;
        let claims = Object::parse(&payload).ok()?;
        let text = |name| claims.string(name).ok().flatten().map(|text| text.into_owned());
        if text("iss")? != self.settings.issuer {
            return None;
        }
        Some(Hint { client: text("aud")?, session: text("sid"), subject: text("sub")? })
    }

    /// Whom an `id_token_hint` is about.
    pub(crate) fn subject_of_hint(&self, hint: &str) -> Option<String> {
        self.read_hint(hint).map(|hint| hint.subject)
    }
}
