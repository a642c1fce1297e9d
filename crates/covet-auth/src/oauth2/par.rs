//! Pushed authorization requests (RFC 9126): the client sends the parameters itself, and the browser only a name for them.

use super::authorize;
use super::client_auth::EndpointRequest;
use super::error::{Failure, OAuthError};
use super::parameters::Parameters;
use super::secret;
use super::server::Server;
use super::settings::path;
use super::store::Store;
use jiff::Timestamp;
use serde::Serialize;

/// What the names begin with.
pub(super) const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The answer to a pushed request; over HTTP it is a 201.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PushedRequest {
    /// The name to give at the authorization endpoint.
    pub request_uri: String,
    /// For how many seconds it is good, and for one use.
    pub expires_in: u64,
}

impl<S: Store> Server<S> {
    /// The endpoint for pushed requests.
    ///
    /// # Errors
    /// `invalid_client`, and those of the authorization endpoint.
    pub async fn pushed_authorization_request(&self, request: &EndpointRequest<'_>) -> Result<PushedRequest, Failure> {
        let parameters = Parameters::parse(request.body);
        let client = self.authenticate(request, &parameters).await?;
        if parameters.value("request_uri").is_some() {
            return Err(OAuthError::request("request_uri is what this endpoint gives").into());
        }
        if !parameters.value("redirect_uri").is_some_and(|uri| client.may_redirect_to(uri)) {
            return Err(OAuthError::request("redirect_uri is none of those that the client has registered").into());
        }
        authorize::check(&parameters, &client)?;
        let mut kept = parameters.encode_without(&["client_secret", "client_assertion", "client_assertion_type"]);
        if let Some(proof) = self.dpop_proof(request, path::PAR, None).await? {
            // The code is then bound to this key (RFC 9449, section 10.1).
            if parameters.value("dpop_jkt").is_some_and(|key| key != proof) {
                return Err(OAuthError::request("dpop_jkt is not the key of the DPoP proof").into());
            }
            kept = Parameters::parse(&kept).with("dpop_jkt", &proof).encode_without(&[]);
        }
        let name = secret::token()?;
        let until = request.now.saturating_add(self.settings.pushed_life).unwrap_or(Timestamp::MAX);
        self.store.push(&secret::hash(&name), &client.id, &kept, until).await?;
        Ok(PushedRequest { request_uri: format!("{PREFIX}{name}"), expires_in: self.settings.pushed_life.as_secs() })
    }
}
