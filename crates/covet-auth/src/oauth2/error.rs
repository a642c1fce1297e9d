//! Errors as OAuth 2.0 tells them (RFC 6749, sections 4.1.2.1 and 5.2, and the codes of its extensions).

use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The code of an error, as it stands in `error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OAuthErrorCode {
    /// A parameter is missing, given twice or malformed.
    InvalidRequest,
    /// The client did not prove who it is. Over HTTP this is 401; all others are 400.
    InvalidClient,
    /// The code or the refresh token is wrong, used, expired, or another client's.
    InvalidGrant,
    /// The client may not do this.
    UnauthorizedClient,
    /// There is no such grant.
    UnsupportedGrantType,
    /// Only `code` is there.
    UnsupportedResponseType,
    /// The scope is unknown, malformed, or more than was granted.
    InvalidScope,
    /// The user, or the server for them, said no.
    AccessDenied,
    /// Something is broken on this side.
    ServerError,
    /// It may be tried again later.
    TemporarilyUnavailable,
    /// The user must log in, and `prompt=none` forbids to ask (OpenID Connect Core, section 3.1.2.6).
    LoginRequired,
    /// The user must consent, and `prompt=none` forbids to ask.
    ConsentRequired,
    /// `request` is not taken.
    RequestNotSupported,
    /// `request_uri` is none of ours.
    InvalidRequestUri,
    /// `registration` is not taken.
    RegistrationNotSupported,
    /// The user has not decided yet (RFC 8628, section 3.5).
    AuthorizationPending,
    /// The client asks too often.
    SlowDown,
    /// The device code is too old.
    ExpiredToken,
    /// The proof of possession is wrong (RFC 9449, section 5).
    InvalidDpopProof,
    /// The access token is wrong (RFC 6750, section 3.1).
    InvalidToken,
    /// The access token has not the scope for this.
    InsufficientScope,
    /// The kind of token is not known (RFC 7009, section 2.2.1).
    UnsupportedTokenType,
}

/// An answer of an OAuth endpoint that is an error: JSON with `error` and `error_description`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OAuthError {
    /// The code.
    #[serde(rename = "error")]
    pub code: OAuthErrorCode,
    /// What is wrong, for the client's author; printable ASCII without quotes, and without a secret.
    #[serde(rename = "error_description")]
    pub description: Cow<'static, str>,
}

impl OAuthErrorCode {
    /// The code's name.
    pub fn name(self) -> &'static str {
        use OAuthErrorCode::*;
        match self {
            InvalidRequest => "invalid_request",
            InvalidClient => "invalid_client",
            InvalidGrant => "invalid_grant",
            UnauthorizedClient => "unauthorized_client",
            UnsupportedGrantType => "unsupported_grant_type",
            UnsupportedResponseType => "unsupported_response_type",
            InvalidScope => "invalid_scope",
            AccessDenied => "access_denied",
            ServerError => "server_error",
            TemporarilyUnavailable => "temporarily_unavailable",
            LoginRequired => "login_required",
            ConsentRequired => "consent_required",
            RequestNotSupported => "request_not_supported",
            InvalidRequestUri => "invalid_request_uri",
            RegistrationNotSupported => "registration_not_supported",
            AuthorizationPending => "authorization_pending",
            SlowDown => "slow_down",
            ExpiredToken => "expired_token",
            InvalidDpopProof => "invalid_dpop_proof",
            InvalidToken => "invalid_token",
            InsufficientScope => "insufficient_scope",
            UnsupportedTokenType => "unsupported_token_type",
        }
    }
}

impl OAuthError {
    /// An error with this code, and a description for who writes the client: printable ASCII without `"` and `\\`.
    pub fn new(code: OAuthErrorCode, description: impl Into<Cow<'static, str>>) -> OAuthError {
        OAuthError { code, description: description.into() }
    }

    /// `invalid_request`, for what is wrong before the parameters can be read.
    pub fn invalid_request(description: &'static str) -> OAuthError {
        OAuthError::request(description)
    }

    pub(crate) fn request(description: impl Into<Cow<'static, str>>) -> OAuthError {
        OAuthError::new(OAuthErrorCode::InvalidRequest, description)
    }

    pub(crate) fn grant(description: &'static str) -> OAuthError {
        OAuthError::new(OAuthErrorCode::InvalidGrant, description)
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.description)
    }
}

impl std::error::Error for OAuthError {}

/// Why an endpoint gave no answer of success.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The request is at fault: this is for the client.
    Refused(OAuthError),
    /// There were too many wrong secrets: over HTTP this is 429 with `Retry-After`.
    Later {
        /// What the client is told.
        error: OAuthError,
        /// How long it must wait, in whole seconds.
        wait: Duration,
    },
    /// We are: this is for the log, and the client gets `server_error`.
    Internal(crate::Error),
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Failure {
        Failure::Refused(error)
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Failure {
        Failure::Internal(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(error) | Failure::Later { error, .. } => error.fmt(f),
            Failure::Internal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}
