//! The authorization server's state: settings, keys, and who keeps the rest.

use super::error::{Failure, OAuthError, OAuthErrorCode};
use super::revocation::Revocations;
use super::secret;
use super::settings::Settings;
use super::store::{Grant, Revoke, Store};
use super::throttle::Throttle;
use crate::error::Result;
use crate::jose::{Algorithm, Claims, KeySet, SigningKey, TokenType, Verifier};
use crate::keys::{self, KeyEncryptionKey, KeyRing, KeyState, StoredKey};
use crate::rbac::RoleId;
use crate::{AuditEvent, Scope};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// An authorization server (RFC 6749 as RFC 9700 restricts it) and OpenID provider, without HTTP.
///
/// Every endpoint is a method, one for each file of this module.
pub struct Server<S> {
    pub(crate) settings: Settings,
    pub(crate) store: S,
    pub(crate) ring: KeyRing,
    seal: Option<KeyEncryptionKey>,
    pub(crate) verifier: Verifier,
    pub(crate) revocations: Arc<Revocations>,
    pub(super) throttle: Throttle,
}

/// The claims of an access token beside the registered ones (RFC 9068, section 2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccessClaims {
    /// The client that holds the token.
    pub client_id: String,
    /// What it was issued for, where that is anything.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The grant that it comes from; none where a client acts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The user's roles; none where a client acts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<RoleId>>,
    /// The key that its holder must prove to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// The key that a token is bound to (RFC 9449, section 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Confirmation {
    /// Its thumbprint.
    pub jkt: String,
}

impl<S: Store> Server<S> {
    /// Opens a server on what a store has, and makes keys where it has none.
    ///
    /// # Errors
    /// Those of the store, and of [`KeyRing::new`].
    pub async fn open(
        settings: Settings,
        store: S,
        seal: Option<KeyEncryptionKey>,
        now: Timestamp,
    ) -> Result<Server<S>> {
        let mut kept = store.keys().await?;
        if !kept.iter().any(|key| key.algorithm.is_symmetric()) {
            let secret = SigningKey::generate(Algorithm::Hs256)?.with_id(format!("secret-{}", secret::id()?));
            store.insert_key(&StoredKey::wrap(&secret, now, seal.as_ref())?).await?;
        }
        if let Some(from) = keys::due(&kept, now, &settings.rotation) {
            let signing = SigningKey::generate(settings.rotation.algorithm)?;
            store.insert_key(&StoredKey::wrap(&signing, from, seal.as_ref())?).await?;
        }
        kept = store.keys().await?;
        let ring = KeyRing::new(&kept, seal.as_ref(), &settings.rotation, now)?;
        let verifier = Verifier::new(&settings.issuer, &settings.audience);
        let revocations = Arc::new(Revocations::default());
        let throttle = Throttle::default();
        let server = Server { settings, store, ring, seal, verifier, revocations, throttle };
        server.learn_revocations(now).await?;
        Ok(server)
    }

    /// Does what is due: keys follow one another, and what has ended is forgotten. Once a minute is often enough.
    ///
    /// # Errors
    /// Those of the store; the keys then stay as they were.
    pub async fn maintain(&self, now: Timestamp) -> Result<()> {
        let policy = &self.settings.rotation;
        let kept = self.store.keys().await?;
        if let Some(from) = keys::due(&kept, now, policy) {
            self.add_key(&SigningKey::generate(policy.algorithm)?, from).await?;
        }
        for (dropped, state) in keys::states(&kept, now, policy) {
            // It is kept for as long again, so that a process with a slow clock still finds it.
            if state == KeyState::Dropped
                && dropped.active_from.saturating_add(policy.life * 2).is_ok_and(|end| end < now)
            {
                self.store.delete_key(&dropped.id).await?;
            }
        }
        self.ring.replace(&self.store.keys().await?, self.seal.as_ref(), policy, now)?;
        self.store.sweep(now.saturating_sub(Duration::from_secs(3600)).unwrap_or(now)).await?;
        self.revocations.forget(now);
        Ok(())
    }

    /// Makes the next key now, as after a leak or for a change of algorithm. It signs once caches have had five minutes to
    /// learn it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn rotate_keys(&self, now: Timestamp) -> Result<()> {
        let from = now.saturating_add(Duration::from_secs(300)).unwrap_or(now);
        self.add_key(&SigningKey::generate(self.settings.rotation.algorithm)?, from).await?;
        self.ring.replace(&self.store.keys().await?, self.seal.as_ref(), &self.settings.rotation, now)
    }

    async fn add_key(&self, signing: &SigningKey, from: Timestamp) -> Result<()> {
        self.store.insert_key(&StoredKey::wrap(signing, from, self.seal.as_ref())?).await?;
        self.store.record(AuditEvent::new("key.added").object(signing.id()));
        Ok(())
    }

    /// Learns what other processes have revoked. Once a second is often enough.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn learn_revocations(&self, now: Timestamp) -> Result<()> {
        // Older ones are of tokens that have expired.
        let since = now.saturating_sub(self.longest_token()).unwrap_or(now);
        let revoked = self.store.revoked_since(since).await?;
        self.revocations.learn(revoked, now.saturating_add(self.longest_token()).unwrap_or(now));
        Ok(())
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Who keeps what must be kept.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The keys with their states.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// The keys that verify our tokens.
    pub fn keys(&self) -> Arc<KeySet> {
        self.ring.verifying()
    }

    /// What resource servers must not believe any more.
    pub fn revocations(&self) -> Arc<Revocations> {
        self.revocations.clone()
    }

    /// Revokes grants, and their access tokens at once in this process. To be called where a session ends, and where a user
    /// is disabled, loses a role, or gets another password.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn revoke_grants(&self, which: Revoke<'_>, now: Timestamp) -> Result<()> {
        let until = now.saturating_add(self.longest_token()).unwrap_or(now);
        let ids = self.store.revoke(which, now).await?;
        self.revocations.learn(ids.into_iter().map(super::store::Revoked::Grant), until);
        Ok(())
    }

    /// For how long an access token can be believed.
    pub(crate) fn longest_token(&self) -> Duration {
        self.settings.access_life + self.verifier.leeway() * 2
    }

    /// Issues an access token of a grant, or of a client for itself.
    pub(crate) async fn access_token(
        &self,
        (client, grant): (&str, Option<&Grant>),
        scope: &Scope,
        dpop_key: Option<&str>,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let (subject, roles, sid) = match grant {
            None => (client, None, None),
            Some(grant) => {
                let subject = self.store.subject(&grant.subject).await?;
                let subject = subject.ok_or_else(|| OAuthError::grant("the user may not log in any more"))?;
                (grant.subject.as_str(), Some(subject.roles), Some(grant.id.clone()))
            }
        };
        let cnf = dpop_key.map(|jkt| Confirmation { jkt: jkt.to_owned() });
        let private = AccessClaims { client_id: client.to_owned(), scope: scope.to_string(), sid, roles, cnf };
        let life = (now, self.settings.access_life);
        let claims = Claims::new(&self.settings.issuer, &self.settings.audience, subject, life, private);
        Ok(self.ring.signing().issue(TokenType::AccessToken, &claims.with_id(secret::id()?))?)
    }

    /// A code for a message that only this server's processes can make, in base64url.
    pub(crate) fn seal_text(&self, purpose: &str, message: &str) -> String {
        crate::jose::base64url::encode(&self.ring.authenticate(purpose, message.as_bytes()))
    }

    /// Whether a code was made by this server for this purpose and message.
    pub(crate) fn is_sealed(&self, purpose: &str, message: &str, code: &str) -> bool {
        secret::equal(&self.seal_text(purpose, message), code)
    }
}

pub(crate) fn parse_scope(text: Option<&str>) -> Result<Option<Scope>, OAuthError> {
    let wrong = |_| OAuthError::new(OAuthErrorCode::InvalidScope, "the scope is malformed");
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

impl<S> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("issuer", &self.settings.issuer)
            .field("keys", &self.ring)
            .finish_non_exhaustive()
    }
}
