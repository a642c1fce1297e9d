//! Token revocation (RFC 7009), and what of it every process has at hand.

use super::client_auth::EndpointRequest;
use super::error::Failure;
use super::parameters::Parameters;
use super::secret;
use super::server::{AccessClaims, Server};
use super::store::{Revoke, Revoked, Store};
use crate::AuditEvent;
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// The grants and tokens that were revoked while some token of theirs could still be believed.
#[derive(Default)]
pub struct Revocations {
    until: RwLock<HashMap<Revoked, Timestamp>>,
    changes: AtomicU64,
}

impl Revocations {
    /// Whether a token is revoked, by its `sid` or its `jti`.
    pub fn contains(&self, grant: Option<&str>, token: Option<&str>) -> bool {
        let until = self.until.read().unwrap_or_else(PoisonError::into_inner);
        if until.is_empty() {
            return false;
        }
        grant.is_some_and(|id| until.contains_key(&Revoked::Grant(id.to_owned())))
            || token.is_some_and(|id| until.contains_key(&Revoked::Token(id.to_owned())))
    }

    /// A number that grows with every revocation, so that who remembers a verified token can tell whether to look again.
    pub fn generation(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    pub(crate) fn learn(&self, revoked: impl IntoIterator<Item = Revoked>, end: Timestamp) {
        let mut until = self.until.write().unwrap_or_else(PoisonError::into_inner);
        let before = until.len();
        for revoked in revoked {
            until.entry(revoked).or_insert(end);
        }
        if until.len() > before {
            self.changes.fetch_add(1, Ordering::Release);
        }
    }

    pub(crate) fn forget(&self, now: Timestamp) {
        self.until.write().unwrap_or_else(PoisonError::into_inner).retain(|_, end| *end > now);
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("generation", &self.generation()).finish_non_exhaustive()
    }
}

impl<S: Store> Server<S> {
    /// The revocation endpoint. A refresh token takes its whole grant with it; an access token only itself. A token that is
    /// not known, or another client's, changes nothing, and is no error (section 2.2).
    ///
    /// # Errors
    /// `invalid_client` and `invalid_request`.
    pub async fn revocation(&self, request: &EndpointRequest<'_>) -> Result<(), Failure> {
        let parameters = Parameters::parse(request.body);
        let client = self.authenticate(request, &parameters).await?;
        let token = parameters.required("token")?;
        let now = request.now;
        if let Some(refresh) = self.store.refresh_token(&secret::hash(token)).await? {
            let grant = self.store.grant(&refresh.grant).await?;
            if let Some(grant) = grant.filter(|grant| grant.client == client.id) {
                self.revoke_grants(Revoke::Grant(&grant.id), now).await?;
                let event = AuditEvent::new("token.revoked").subject(grant.subject).client(grant.client);
                self.store.record(event.object(grant.id));
            }
            return Ok(());
        }
        let Ok(verified) = self.verifier.verify::<AccessClaims>(&self.keys(), token, now) else { return Ok(()) };
        if let (true, Some(id)) = (verified.claims().client_id == client.id, verified.id()) {
            let until = verified.expires_at().saturating_add(self.verifier.leeway()).unwrap_or(Timestamp::MAX);
            self.store.revoke_token(id, now, until).await?;
            self.revocations.learn([Revoked::Token(id.to_owned())], until);
            let event = AuditEvent::new("token.revoked").subject(verified.subject()).client(client.id);
            self.store.record(event.object(id));
        }
        Ok(())
    }
}
