//! The keys that are in use at this moment, and when the next one is due.

use super::{KeyEncryptionKey, StoredKey};
use crate::error::{Result, key};
use crate::jose::{Algorithm, KeySet, SigningKey};
use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// When keys follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RotationPolicy {
    /// What new keys sign with; RS256.
    pub algorithm: Algorithm,
    /// How long a key signs; 90 days.
    pub life: Duration,
    /// How long a key is published before it signs; one day, many times as long as the set is cached.
    pub ahead: Duration,
    /// How long a retired key verifies: the life of the longest token, and the difference of clocks; two hours.
    pub retirement: Duration,
}

impl Default for RotationPolicy {
    fn default() -> RotationPolicy {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        RotationPolicy { algorithm: Algorithm::Rs256, life: hours(90 * 24), ahead: hours(24), retirement: hours(2) }
    }
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// Published, and not used yet.
    Pending,
    /// The one that signs.
    Active,
    /// It verifies what it has signed.
    Retired,
    /// Nothing that it signed is good any more.
    Dropped,
}

/// Keys by the instants from which they sign, with their states at a time. Newest last.
pub(crate) fn states(keys: &[StoredKey], now: Timestamp, policy: &RotationPolicy) -> Vec<(StoredKey, KeyState)> {
    let mut keys: Vec<StoredKey> = keys.iter().filter(|key| !key.algorithm.is_symmetric()).cloned().collect();
    keys.sort_by(|one, other| (one.active_from, &one.id).cmp(&(other.active_from, &other.id)));
    let ends: Vec<Option<Timestamp>> =
        (0..keys.len()).map(|at| keys.get(at + 1).map(|next| next.active_from)).collect();
    let state = |key: &StoredKey, end: Option<Timestamp>| match end {
        _ if key.active_from > now => KeyState::Pending,
        None => KeyState::Active,
        Some(end) if end > now => KeyState::Active,
        Some(end) if end.saturating_add(policy.retirement).is_ok_and(|end| end > now) => KeyState::Retired,
        Some(_) => KeyState::Dropped,
    };
    keys.into_iter().zip(ends).map(|(key, end)| (key.clone(), state(&key, end))).collect()
}

/// From when on the next key must sign, where it is time to publish it: now, if there is none at all.
pub(crate) fn due(keys: &[StoredKey], now: Timestamp, policy: &RotationPolicy) -> Option<Timestamp> {
    let states = states(keys, now, policy);
    let Some((newest, state)) = states.last() else { return Some(now) };
    if *state == KeyState::Pending {
        return None;
    }
    let end = newest.active_from.saturating_add(policy.life).unwrap_or(Timestamp::MAX);
    let publish = end.saturating_sub(policy.ahead).unwrap_or(now);
    // A server that was off for long still publishes before it signs.
    (now >= publish).then(|| end.max(now.saturating_add(policy.ahead.min(Duration::from_secs(600))).unwrap_or(now)))
}

/// The keys in use. Reading is wait-free; what was read stays whole while keys roll.
pub struct KeyRing {
    current: ArcSwap<Current>,
}

struct Current {
    signing: SigningKey,
    verifying: Arc<KeySet>,
    states: Vec<(String, KeyState)>,
    secret: hmac::Key,
}

impl KeyRing {
    /// The ring of kept keys at a time.
    ///
    /// # Errors
    /// As [`StoredKey::unwrap`], and where no key signs or the server's secret is missing.
    pub fn new(
        keys: &[StoredKey],
        seal: Option<&KeyEncryptionKey>,
        policy: &RotationPolicy,
        now: Timestamp,
    ) -> Result<KeyRing> {
        Ok(KeyRing { current: ArcSwap::from_pointee(Current::read(keys, seal, policy, now)?) })
    }

    /// Takes over what is kept now.
    ///
    /// # Errors
    /// As [`KeyRing::new`]; the ring then stays as it was.
    pub fn replace(
        &self,
        keys: &[StoredKey],
        seal: Option<&KeyEncryptionKey>,
        policy: &RotationPolicy,
        now: Timestamp,
    ) -> Result<()> {
        self.current.store(Arc::new(Current::read(keys, seal, policy, now)?));
        Ok(())
    }

    /// The key that signs.
    pub fn signing(&self) -> SigningKey {
        self.current.load().signing.clone()
    }

    /// The keys that verify: pending, active and retired. This is what the JWKS document has.
    pub fn verifying(&self) -> Arc<KeySet> {
        self.current.load().verifying.clone()
    }

    /// The ids of the keys with their states.
    pub fn states(&self) -> Vec<(String, KeyState)> {
        self.current.load().states.clone()
    }

    /// A code for bytes that only servers with this secret can make, for a purpose.
    pub(crate) fn authenticate(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.current.load().secret);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(message);
        let mut code = [0; 32];
        code.copy_from_slice(context.sign().as_ref());
        code
    }
}

impl Current {
    fn read(
        keys: &[StoredKey],
        seal: Option<&KeyEncryptionKey>,
        policy: &RotationPolicy,
        now: Timestamp,
    ) -> Result<Current> {
        let states = states(keys, now, policy);
        let (mut signing, mut verifying) = (None, Vec::new());
        for (stored, state) in states.iter().filter(|(_, state)| *state != KeyState::Dropped) {
            let opened = stored.unwrap(seal)?;
            verifying.push(opened.verifying().clone());
            if *state == KeyState::Active {
                signing = Some(opened);
            }
        }
        // Of several secrets, which two first starts at one time can make, all processes take the same.
        let secret =
            keys.iter().filter(|key| key.algorithm.is_symmetric()).min_by_key(|key| (key.active_from, &key.id));
        let secret = secret.ok_or_else(|| key("the server's secret is missing"))?.unwrap(seal)?.to_secret();
        let secret = secret.ok_or_else(|| key("the server's secret is malformed"))?;
        Ok(Current {
            signing: signing.ok_or_else(|| key("no key of the server signs yet"))?,
            verifying: Arc::new(KeySet::new(verifying)?),
            states: states.into_iter().map(|(key, state)| (key.id, state)).collect(),
            secret: hmac::Key::new(hmac::HMAC_SHA256, &secret),
        })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("states", &self.states()).finish_non_exhaustive()
    }
}
