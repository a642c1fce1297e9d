//! A code for tokens (RFC 6749, section 4.1.3; RFC 7636, section 4.5).

use super::{TokenRequest, TokenResponse};
use crate::AuditEvent;
use crate::oauth2::error::{Failure, OAuthError};
use crate::oauth2::server::Server;
use crate::oauth2::store::{Grant, Revoke, Store};
use crate::oauth2::{pkce, secret};
use jiff::Timestamp;

impl<S: Store> Server<S> {
    pub(super) async fn authorization_code(
        &self,
        request: &TokenRequest<'_>,
    ) -> Result<(String, TokenResponse), Failure> {
        let TokenRequest { form, client, now, .. } = *request;
        let hash = secret::hash(form.required("code")?);
        let code = self.store.code(&hash).await?.ok_or_else(unknown)?;
        let grant = self.store.grant(&code.grant).await?.ok_or_else(unknown)?;
        if grant.client != client.id {
            return Err(unknown().into());
        }
        if code.used_at.is_some() {
            // Somebody else has it too; nothing that came of it can be trusted (RFC 9700, section 4.5).
            return self.code_replayed(&grant, now).await;
        }
        if now >= code.expires_at || !grant.is_live(now) {
            return Err(unknown().into());
        }
        if form.required("redirect_uri")? != code.redirect_uri {
            return Err(OAuthError::grant("redirect_uri is not that of the authorization request").into());
        }
        pkce::verify(form.value("code_verifier"), &code.challenge)?;
        if code.dpop_key.is_some() && code.dpop_key != request.dpop_key {
            return Err(OAuthError::grant("the code is bound to another DPoP key").into());
        }
        if !self.store.take_code(&hash, now).await? {
            return self.code_replayed(&grant, now).await;
        }
        let refresh_token = self.first_refresh_token(request, &grant).await?;
        self.respond(request, &grant, &grant.scope, (refresh_token, code.nonce.as_deref())).await
    }

    /// Ends everything that came of a code which was sent twice.
    async fn code_replayed<T>(&self, grant: &Grant, now: Timestamp) -> Result<T, Failure> {
        self.revoke_grants(Revoke::Grant(&grant.id), now).await?;
        let event = AuditEvent::denied("code.reuse", "a code was used again, and what came of it was revoked");
        self.store.record(event.subject(&grant.subject).client(&grant.client).object(&grant.id));
        Err(unknown().into())
    }
}

fn unknown() -> OAuthError {
    OAuthError::grant("the code is unknown, used, expired, or another client's")
}
