//! A client for itself (RFC 6749, section 4.4). It gets no refresh token.

use super::{TokenRequest, TokenResponse};
use crate::oauth2::error::{Failure, OAuthError, OAuthErrorCode};
use crate::oauth2::server::{Server, parse_scope};
use crate::oauth2::store::Store;

impl<S: Store> Server<S> {
    pub(super) async fn client_credentials(
        &self,
        request: &TokenRequest<'_>,
    ) -> Result<(String, TokenResponse), Failure> {
        let TokenRequest { form, client, now, .. } = *request;
        if !client.is_confidential() {
            return Err(
                OAuthError::new(OAuthErrorCode::UnauthorizedClient, "a public client has no credentials").into()
            );
        }
        let allowed = client.scope.without("openid");
        let asked = parse_scope(form.value("scope"))?.unwrap_or_else(|| allowed.clone());
        if !allowed.includes(&asked) {
            return Err(
                OAuthError::new(OAuthErrorCode::InvalidScope, "the scope is more than the client may have").into()
            );
        }
        let dpop_key = request.dpop_key.as_deref();
        let access_token = self.access_token((&client.id, None), &asked, dpop_key, now).await?;
        Ok((client.id.clone(), self.response(access_token, &asked, dpop_key)))
    }
}
