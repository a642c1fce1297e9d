//! The token endpoint (RFC 6749, section 3.2); one grant in each file.

mod authorization_code;
mod client_credentials;
mod device_code;
mod refresh_token;

use super::client::{Client, GrantType};
use super::client_auth::EndpointRequest;
use super::dpop::{self, DpopExpected, DpopProof};
use super::error::{Failure, OAuthError, OAuthErrorCode};
use super::parameters::Parameters;
use super::secret;
use super::server::Server;
use super::settings::path;
use super::store::{Grant, RefreshToken, Store};
use crate::{AuditEvent, Scope};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt;

/// A successful answer of the token endpoint (RFC 6749, section 5.1); it must not be cached.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// `Bearer`, or `DPoP`.
    pub token_type: &'static str,
    /// How many seconds the access token is good.
    pub expires_in: u64,
    /// The next refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What was granted.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// Who the user is (OpenID Connect Core, section 3.1.3.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// A request at the token endpoint whose client is known.
struct TokenRequest<'a> {
    form: &'a Parameters,
    client: &'a Client,
    /// The thumbprint of the key of its DPoP proof.
    dpop_key: Option<String>,
    now: Timestamp,
}

impl<S: Store> Server<S> {
    /// The token endpoint.
    ///
    /// # Errors
    /// Those of RFC 6749, section 5.2, and of the grants' own specifications.
    pub async fn token(&self, request: &EndpointRequest<'_>) -> Result<TokenResponse, Failure> {
        let form = Parameters::parse(request.body);
        let client = self.authenticate(request, &form).await?;
        let name = form.required("grant_type")?;
        let grant = name.parse::<GrantType>();
        let grant =
            grant.map_err(|_| OAuthError::new(OAuthErrorCode::UnsupportedGrantType, "there is no such grant type"))?;
        let result = self.grant(request, grant, &form, &client).await;
        if let Err(Failure::Refused(error)) = &result
            && !matches!(error.code, OAuthErrorCode::AuthorizationPending | OAuthErrorCode::SlowDown)
        {
            let event = AuditEvent::denied("token", error.description.clone());
            self.store.record(event.client(&client.id).object(grant.name()));
        }
        result
    }

    async fn grant(
        &self,
        request: &EndpointRequest<'_>,
        grant: GrantType,
        form: &Parameters,
        client: &Client,
    ) -> Result<TokenResponse, Failure> {
        if !client.may_use(grant) {
            return Err(
                OAuthError::new(OAuthErrorCode::UnauthorizedClient, "the client may not use this grant type").into()
            );
        }
        let dpop_key = self.dpop_proof(request, path::TOKEN, None).await?;
        let request = TokenRequest { form, client, dpop_key, now: request.now };
        let response = match grant {
            GrantType::AuthorizationCode => self.authorization_code(&request).await,
            GrantType::RefreshToken => self.refresh(&request).await,
            GrantType::ClientCredentials => self.client_credentials(&request).await,
            GrantType::DeviceCode => self.device_code(&request).await,
        };
        let (subject, response) = response?;
        self.store.record(AuditEvent::new("token").subject(subject).client(&client.id).object(grant.name()));
        Ok(response)
    }

    /// The key of the request's DPoP proof, where it has one, which must be new.
    pub(crate) async fn dpop_proof(
        &self,
        request: &EndpointRequest<'_>,
        path: &str,
        token: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        let Some(proof) = request.dpop else { return Ok(None) };
        let url = self.settings.url(path);
        let proof = DpopProof::verify(proof, &DpopExpected { method: "POST", url: &url, token, now: request.now })?;
        self.dpop_is_new(&proof, request.now).await?;
        Ok(Some(proof.thumbprint))
    }

    pub(crate) async fn dpop_is_new(&self, proof: &DpopProof, now: Timestamp) -> Result<(), Failure> {
        let until = Timestamp::from_second(now.as_second() + dpop::REMEMBERED).unwrap_or(Timestamp::MAX);
        if self.store.once(&proof.id, until).await? {
            return Ok(());
        }
        Err(OAuthError::new(OAuthErrorCode::InvalidDpopProof, "the DPoP proof was used before").into())
    }

    /// Whose it is, and the answer with an access token, and the others where they belong to it.
    async fn respond(
        &self,
        request: &TokenRequest<'_>,
        grant: &Grant,
        scope: &Scope,
        (refresh_token, nonce): (Option<String>, Option<&str>),
    ) -> Result<(String, TokenResponse), Failure> {
        let client = request.client.id.as_str();
        let dpop_key = request.dpop_key.as_deref();
        let access_token = self.access_token((client, Some(grant)), scope, dpop_key, request.now).await?;
        let id_token = match scope.contains("openid") {
            true => Some(self.id_token(grant, nonce, request.now)?),
            false => None,
        };
        let response = TokenResponse { refresh_token, id_token, ..self.response(access_token, scope, dpop_key) };
        Ok((grant.subject.clone(), response))
    }

    fn response(&self, access_token: String, scope: &Scope, dpop_key: Option<&str>) -> TokenResponse {
        TokenResponse {
            access_token,
            token_type: if dpop_key.is_some() { "DPoP" } else { "Bearer" },
            expires_in: self.settings.access_life.as_secs(),
            refresh_token: None,
            scope: scope.to_string(),
            id_token: None,
        }
    }

    /// Keeps the first refresh token of a grant, where the client may refresh.
    async fn first_refresh_token(&self, request: &TokenRequest<'_>, grant: &Grant) -> Result<Option<String>, Failure> {
        if !request.client.may_use(GrantType::RefreshToken) {
            return Ok(None);
        }
        let token = secret::token()?;
        let kept = self.refresh_record(&token, grant, request.bound_key(), request.now);
        self.store.insert_refresh_token(&kept).await?;
        Ok(Some(token))
    }

    /// A refresh token as it is kept: its own end slides, and never goes beyond the grant's.
    fn refresh_record(&self, token: &str, grant: &Grant, dpop_key: Option<String>, now: Timestamp) -> RefreshToken {
        let end = now.saturating_add(self.settings.refresh_life).unwrap_or(Timestamp::MAX);
        RefreshToken {
            hash: secret::hash(token),
            grant: grant.id.clone(),
            dpop_key,
            expires_at: end.min(grant.expires_at),
            used_at: None,
        }
    }
}

impl TokenRequest<'_> {
    /// The key that a refresh token is bound to: those of confidential clients are bound to the client already
    /// (RFC 9449, section 5).
    fn bound_key(&self) -> Option<String> {
        self.dpop_key.clone().filter(|_| !self.client.is_confidential())
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("token_type", &self.token_type)
            .field("scope", &self.scope)
            .field("refresh_token", &self.refresh_token.is_some())
            .field("id_token", &self.id_token.is_some())
            .finish_non_exhaustive()
    }
}
