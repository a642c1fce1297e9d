//! The authorization server of OAuth 2.0 (RFC 6749), as its security practice restricts it (RFC 9700).
//!
//! It knows no HTTP: every endpoint is a method of [`Server`] that takes a form and gives a value, and what is to be kept is
//! kept by a [`Store`]. Codes need PKCE with S256, refresh tokens are replaced by each use, redirect URIs are compared exactly, every
//! answer of the authorization endpoint names its issuer. There is no implicit grant, no password grant, and no switch for
//! either.

mod authorize;
mod client;
mod client_auth;
mod device;
mod dpop;
mod error;
mod introspection;
mod memory;
mod metadata;
mod par;
mod parameters;
mod pkce;
mod revocation;
pub(crate) mod secret;
mod server;
mod settings;
mod store;
mod throttle;
mod token;

pub use authorize::{Authorization, ConsentPage, Decision, Session};
pub use client::{Client, Consent, GrantType, Introspection};
pub use client_auth::EndpointRequest;
pub use device::{DeviceAuthorization, DeviceConsent};
pub use dpop::{BoundRequest, DpopExpected, DpopProof};
pub use error::{Failure, OAuthError, OAuthErrorCode};
pub use memory::MemoryStore;
pub use par::PushedRequest;
pub use parameters::Parameters;
pub use revocation::Revocations;
pub use server::{AccessClaims, Confirmation, Server};
pub use settings::{Settings, path};
pub use store::{Code, DeviceDecision, DeviceKey, DeviceRequest, Grant, RefreshToken, Revoke, Revoked, Store, Subject};
pub use token::TokenResponse;
