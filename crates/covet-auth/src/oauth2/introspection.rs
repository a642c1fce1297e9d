//! Token introspection (RFC 7662).

use super::client::Introspection;
use super::client_auth::EndpointRequest;
use super::error::{Failure, OAuthError, OAuthErrorCode};
use super::parameters::Parameters;
use super::secret;
use super::server::{AccessClaims, Server};
use super::store::Store;
use serde_json::{Value, json};

impl<S: Store> Server<S> {
    /// The introspection endpoint. Of a token that is not good, or that the client may not look into, it says
    /// `{"active":false}` and nothing else.
    ///
    /// # Errors
    /// `invalid_client`, also for public clients, and `invalid_request`.
    pub async fn introspection(&self, request: &EndpointRequest<'_>) -> Result<Value, Failure> {
        let form = Parameters::parse(request.body);
        let client = self.authenticate(request, &form).await?;
        if !client.is_confidential() {
            return Err(OAuthError::new(
                OAuthErrorCode::InvalidClient,
                "only confidential clients may look into tokens",
            )
            .into());
        }
        let token = form.required("token")?;
        let found = match self.refresh_claims(token, request).await? {
            Some(found) => Some(found),
            None => self.access_claims(token, request).await?,
        };
        let allowed = found
            .filter(|claims| client.introspection == Introspection::All || claims["client_id"] == client.id.as_str());
        Ok(allowed.unwrap_or_else(|| json!({ "active": false })))
    }

    async fn refresh_claims(&self, token: &str, request: &EndpointRequest<'_>) -> Result<Option<Value>, Failure> {
        let Some(kept) = self.store.refresh_token(&secret::hash(token)).await? else { return Ok(None) };
        let Some(grant) = self.store.grant(&kept.grant).await? else { return Ok(None) };
        if !grant.is_live(request.now) || kept.used_at.is_some() || request.now >= kept.expires_at {
            return Ok(None);
        }
        Ok(Some(json!({
            "active": true,
            "client_id": grant.client,
            "scope": grant.scope.to_string(),
            "sub": grant.subject,
            "iss": self.settings.issuer,
            "exp": kept.expires_at.as_second(),
        })))
    }

    async fn access_claims(&self, token: &str, request: &EndpointRequest<'_>) -> Result<Option<Value>, Failure> {
        let Ok(verified) = self.verifier.verify::<AccessClaims>(&self.keys(), token, request.now) else {
            return Ok(None);
        };
        let claims = verified.claims();
        if self.revocations.contains(claims.sid.as_deref(), verified.id()) {
            return Ok(None);
        }
        if let Some(grant) = &claims.sid {
            // What another process has revoked is known here at once.
            let grant = self.store.grant(grant).await?;
            if !grant.is_some_and(|grant| grant.is_live(request.now)) {
                return Ok(None);
            }
        }
        let mut answer = json!({
            "active": true,
            "client_id": claims.client_id,
            "scope": claims.scope,
            "token_type": if claims.cnf.is_some() { "DPoP" } else { "Bearer" },
            "sub": verified.subject(),
            "iss": self.settings.issuer,
            "aud": self.settings.audience,
            "exp": verified.expires_at().as_second(),
            "jti": verified.id(),
        });
        if let Some(issued_at) = verified.issued_at() {
            answer["iat"] = issued_at.as_second().into();
        }
        if let Some(confirmation) = &claims.cnf {
            answer["cnf"] = json!({ "jkt": confirmation.jkt });
        }
        Ok(Some(answer))
    }
}
