//! A refresh token for new tokens (RFC 6749, section 6; RFC 9700, section 4.14).
//!
//! Every use replaces the token. The child is computed from its parent, so that for some seconds the same request gets the same
//! answer: a client that lost the reply, or asked from two places at once, is not logged out. After that a used token means
//! that two have it, and its family ends.

use super::{TokenRequest, TokenResponse};
use crate::AuditEvent;
use crate::jose::base64url;
use crate::oauth2::error::{Failure, OAuthError, OAuthErrorCode};
use crate::oauth2::secret;
use crate::oauth2::server::{Server, parse_scope};
use crate::oauth2::store::{Grant, RefreshToken, Revoke, Store};
use jiff::Timestamp;

impl<S: Store> Server<S> {
    pub(super) async fn refresh(&self, request: &TokenRequest<'_>) -> Result<(String, TokenResponse), Failure> {
        let TokenRequest { form, client, now, .. } = *request;
        let unknown = || OAuthError::grant("the refresh token is unknown, expired, revoked, or another client's");
        let token = form.required("refresh_token")?;
        let hash = secret::hash(token);
        let kept = self.store.refresh_token(&hash).await?.ok_or_else(unknown)?;
        let grant = self.store.grant(&kept.grant).await?.ok_or_else(unknown)?;
        // Another client's token revokes nothing, or everybody could log out everybody.
        if grant.client != client.id || !grant.is_live(now) || now >= kept.expires_at {
            return Err(unknown().into());
        }
        if kept.dpop_key.is_some() && kept.dpop_key != request.dpop_key {
            return Err(OAuthError::grant("the refresh token is bound to another DPoP key").into());
        }
        let asked = parse_scope(form.value("scope"))?.unwrap_or_else(|| grant.scope.clone());
        if asked.is_empty() || !grant.scope.includes(&asked) {
            return Err(OAuthError::new(OAuthErrorCode::InvalidScope, "the scope is more than was granted").into());
        }
        let child = base64url::encode(&self.ring.authenticate("refresh", token.as_bytes()));
        let record = self.refresh_record(&child, &grant, kept.dpop_key.clone(), now);
        let used_at = match kept.used_at {
            Some(used_at) => Some(used_at),
            None if self.store.rotate(&hash, &record, now).await? => None,
            // Another request was faster, by as little as it takes to come here.
            None => Some(self.store.refresh_token(&hash).await?.and_then(|kept| kept.used_at).unwrap_or(now)),
        };
        if let Some(used_at) = used_at {
            self.retry(&kept, &grant, used_at, now).await?;
        }
        self.respond(request, &grant, &asked, (Some(child), None)).await
    }

    /// A used token again: good within the window, the end of the family after it.
    async fn retry(
        &self,
        token: &RefreshToken,
        grant: &Grant,
        used_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let end = used_at.saturating_add(self.settings.retry_window).unwrap_or(used_at);
        if now < end {
            return Ok(());
        }
        self.revoke_grants(Revoke::Grant(&token.grant), now).await?;
        let event = AuditEvent::denied("token.reuse", "a refresh token was used again, and its family was revoked");
        self.store.record(event.subject(&grant.subject).client(&grant.client).object(&grant.id));
        Err(OAuthError::grant("the refresh token was used before").into())
    }
}
