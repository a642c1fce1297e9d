//! A code for tokens (RFC 6749, section 4.1.3; RFC 7636, section 4.5).

use super::{TokenRequest, TokenResponse};
use crate::oauth2::error::{Failure, OAuthError};
use crate::oauth2::server::Server;
use crate::oauth2::store::{Revoke, Store};
use crate::oauth2::{pkce, secret};

impl<S: Store> Server<S> {
    pub(super) async fn authorization_code(&self, request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
        let TokenRequest { form, client, now, .. } = *request;
        let unknown = || OAuthError::grant("the code is unknown, used, expired, or another client's");
        let hash = secret::hash(form.required("code")?);
        let code = self.store.code(&hash).await?.ok_or_else(unknown)?;
        let grant = self.store.grant(&code.grant).await?.ok_or_else(unknown)?;
        if grant.client != client.id {
            return Err(unknown().into());
        }
        if code.used_at.is_some() {
            // Somebody else has it too; nothing that came of it can be trusted (RFC 9700, section 4.5).
            self.revoke_grants(Revoke::Grant(&grant.id), now).await?;
            return Err(unknown().into());
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
            self.revoke_grants(Revoke::Grant(&grant.id), now).await?;
            return Err(unknown().into());
        }
        let refresh_token = self.first_refresh_token(request, &grant).await?;
        self.respond(request, &grant, &grant.scope, (refresh_token, code.nonce.as_deref())).await
    }
}
