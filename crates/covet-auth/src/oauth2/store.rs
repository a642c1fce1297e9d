//! What the server keeps, and what it asks of who keeps it.
//!
//! Codes and refresh tokens are kept as hashes. Everything that belongs to one authorization hangs on its [`Grant`], the
//! family: revoking it ends them all, whatever is issued at that moment. Two calls must be atomic for that, in one
//! statement each: [`Store::take_code`] and [`Store::rotate`].

use super::client::Client;
use crate::error::Result;
use crate::keys::StoredKey;
use crate::rbac::RoleId;
use crate::{AuditEvent, Scope};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::future::Future;

/// One authorization, and all codes and tokens that come from it. Its id is the `sid` of its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// Whom it was given to.
    pub client: String,
    /// Who gave it.
    pub subject: String,
    /// What it allows.
    pub scope: Scope,
    /// The session of the browser in which it was given, where there was one; its logout ends the grant.
    pub session: Option<String>,
    /// When the user had logged in.
    pub auth_time: Timestamp,
    /// When it was given.
    pub created_at: Timestamp,
    /// Its absolute end, which no refreshing extends.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// An authorization code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// SHA-256 of the code.
    pub hash: String,
    /// Its grant.
    pub grant: String,
    /// The redirect URI that it was sent to.
    pub redirect_uri: String,
    /// The S256 challenge.
    pub challenge: String,
    /// The request's `nonce`.
    pub nonce: Option<String>,
    /// The thumbprint of the key that the request was bound to (RFC 9449, section 10).
    pub dpop_key: Option<String>,
    /// Its end.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// A refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub hash: String,
    /// Its grant.
    pub grant: String,
    /// The thumbprint of the key that it is bound to, for public clients with DPoP.
    pub dpop_key: Option<String>,
    /// Its own end, which a rotation moves.
    pub expires_at: Timestamp,
    /// When it was used, and so replaced.
    pub used_at: Option<Timestamp>,
}

/// A request for a device's authorization (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// SHA-256 of the device code.
    pub hash: String,
    /// SHA-256 of the code that the user types, in its normal form.
    pub user_code: String,
    /// The client.
    pub client: String,
    /// What it asks for.
    pub scope: Scope,
    /// The end of the request.
    pub expires_at: Timestamp,
    /// How many seconds the client must wait between two tries.
    pub interval: i64,
    /// When the client last tried.
    pub polled_at: Option<Timestamp>,
    /// What the user decided.
    pub decision: DeviceDecision,
}

/// What became of a device's request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceDecision {
    /// The user has not decided yet.
    Pending,
    /// The user said yes: this is the grant.
    Approved(String),
    /// The user said no.
    Denied,
    /// The tokens were fetched.
    Used,
}

/// A user, as tokens tell about them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Subject {
    /// The id: the `sub` of tokens.
    pub id: String,
    /// OpenID Connect's standard claims but for `sub`: `name`, `preferred_username`, `email`, `email_verified` and so on.
    pub claims: Map<String, Value>,
    /// The roles.
    pub roles: Vec<RoleId>,
}

/// Which grants are taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revoke<'a> {
    /// This one.
    Grant(&'a str),
    /// All that were given in a session of a browser.
    Session(&'a str),
    /// All of a user.
    Subject(&'a str),
}

/// A token, or all tokens of a grant, that resource servers must not believe any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Revoked {
    /// All tokens with this `sid`.
    Grant(String),
    /// The token with this `jti`.
    Token(String),
}

/// Who keeps what the server must remember. Its errors are of kind [`ErrorKind::Storage`](crate::ErrorKind::Storage).
pub trait Store: Send + Sync + 'static {
    /// A registered client.
    fn client(&self, id: &str) -> impl Future<Output = Result<Option<Client>>> + Send;

    /// A user who may log in; none where there is none, or they are disabled.
    fn subject(&self, id: &str) -> impl Future<Output = Result<Option<Subject>>> + Send;

    /// What the user has let the client do.
    fn consent(&self, subject: &str, client: &str) -> impl Future<Output = Result<Option<Scope>>> + Send;

    /// Remembers what the user lets the client do, instead of what was there.
    fn remember_consent(&self, subject: &str, client: &str, scope: &Scope) -> impl Future<Output = Result<()>> + Send;

    /// Keeps a grant.
    fn insert_grant(&self, grant: &Grant) -> impl Future<Output = Result<()>> + Send;

    /// A grant, also one that was revoked.
    fn grant(&self, id: &str) -> impl Future<Output = Result<Option<Grant>>> + Send;

    /// Marks grants as revoked that are not, and says which.
    fn revoke(&self, which: Revoke<'_>, now: Timestamp) -> impl Future<Output = Result<Vec<String>>> + Send;

    /// Keeps a code.
    fn insert_code(&self, code: &Code) -> impl Future<Output = Result<()>> + Send;

    /// A code by its hash, also a used one.
    fn code(&self, hash: &str) -> impl Future<Output = Result<Option<Code>>> + Send;

    /// Marks a code as used, and says whether this call was the one that did. Atomic.
    fn take_code(&self, hash: &str, now: Timestamp) -> impl Future<Output = Result<bool>> + Send;

    /// Keeps the first refresh token of a grant.
    fn insert_refresh_token(&self, token: &RefreshToken) -> impl Future<Output = Result<()>> + Send;

    /// A refresh token by its hash, also a used one.
    fn refresh_token(&self, hash: &str) -> impl Future<Output = Result<Option<RefreshToken>>> + Send;

    /// Marks a refresh token as used and keeps its child, both or neither, and says whether this call was the one that
    /// did. Atomic.
    fn rotate(&self, hash: &str, child: &RefreshToken, now: Timestamp) -> impl Future<Output = Result<bool>> + Send;

    /// Notes a name that may be used once until an instant, and says whether it was new. Atomic.
    fn once(&self, name: &str, until: Timestamp) -> impl Future<Output = Result<bool>> + Send;

    /// Whether a name was noted.
    fn is_noted(&self, name: &str) -> impl Future<Output = Result<bool>> + Send;

    /// Keeps the parameters of a pushed request (RFC 9126).
    fn push(
        &self,
        hash: &str,
        client: &str,
        parameters: &str,
        until: Timestamp,
    ) -> impl Future<Output = Result<()>> + Send;

    /// The client and the parameters of a pushed request that has not ended.
    fn pushed(&self, hash: &str, now: Timestamp) -> impl Future<Output = Result<Option<(String, String)>>> + Send;

    /// Forgets a pushed request, and says whether this call was the one that did. Atomic.
    fn take_pushed(&self, hash: &str) -> impl Future<Output = Result<bool>> + Send;

    /// Keeps a device's request.
    fn insert_device_request(&self, request: &DeviceRequest) -> impl Future<Output = Result<()>> + Send;

    /// A device's request by the hash of its device code, or of its user code.
    fn device_request(&self, by: DeviceKey<'_>) -> impl Future<Output = Result<Option<DeviceRequest>>> + Send;

    /// Writes when the device tried, and how long it must wait.
    fn poll_device_request(&self, hash: &str, now: Timestamp, interval: i64)
    -> impl Future<Output = Result<()>> + Send;

    /// Changes the decision of a request from one to another, and says whether it was the one. Atomic.
    fn decide_device_request(
        &self,
        hash: &str,
        from: &DeviceDecision,
        to: &DeviceDecision,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Keeps that a single access token was revoked.
    fn revoke_token(&self, id: &str, now: Timestamp, until: Timestamp) -> impl Future<Output = Result<()>> + Send;

    /// What was revoked since an instant: grants and single tokens.
    fn revoked_since(&self, since: Timestamp) -> impl Future<Output = Result<Vec<Revoked>>> + Send;

    /// The server's keys.
    fn keys(&self) -> impl Future<Output = Result<Vec<StoredKey>>> + Send;

    /// Keeps one more key.
    fn insert_key(&self, key: &StoredKey) -> impl Future<Output = Result<()>> + Send;

    /// Forgets a key.
    fn delete_key(&self, id: &str) -> impl Future<Output = Result<()>> + Send;

    /// Forgets what ended before an instant: codes, refresh tokens, requests and names.
    fn sweep(&self, ended_before: Timestamp) -> impl Future<Output = Result<()>> + Send;

    /// Takes note of something that happened. It must not wait; by default it does nothing.
    fn record(&self, event: AuditEvent) {
        let _ = event;
    }
}

/// By what a device's request is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceKey<'a> {
    /// The hash of the device code.
    DeviceCode(&'a str),
    /// The hash of the user code.
    UserCode(&'a str),
}

impl Grant {
    /// Whether it is still good.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}
