//! Tokens that were verified, so that the same token again costs a hash instead of a signature.
//!
//! Only verified tokens get in, so that no flood of others fills or empties it. A cache belongs to one verifier and
//! one kind of result, and its entries are found by SHA-256 over the whole token: what another verifier would refuse
//! cannot be found here. What a hit still checks is what may have changed: the time, the key, and whatever the caller asks.

use super::jwt::{Verified, Verifier};
use super::key_set::KeySet;
use crate::error::Result;
use aws_lc_rs::digest;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// How many locks there are, so that cores seldom meet.
const SHARDS: usize = 16;

type Digest = [u8; 32];

/// A [`Verifier`] that remembers up to so many tokens.
pub struct CachedVerifier<C> {
    verifier: Verifier,
    shards: [Mutex<HashMap<Digest, Arc<Verified<C>>>>; SHARDS],
    capacity: usize,
}

impl<C: DeserializeOwned> CachedVerifier<C> {
    /// A verifier that remembers about so many tokens.
    pub fn new(verifier: Verifier, capacity: usize) -> CachedVerifier<C> {
        let shards = std::array::from_fn(|_| Mutex::default());
        CachedVerifier { verifier, shards, capacity: capacity.div_ceil(SHARDS) }
    }

    /// The verifier without memory.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// As [`Verifier::verify`]. A remembered token is good for as long as its key is in the set and its time has not
    /// passed; whether it was revoked is for the caller to ask, each time.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify(&self, keys: &KeySet, token: &str, now: Timestamp) -> Result<Arc<Verified<C>>> {
        // A hash over what is too long to be a token would be work for nothing.
        if token.len() > super::jws::TOKEN_LIMIT {
            return self.verifier.verify(keys, token, now).map(Arc::new);
        }
        let mut key = [0; 32];
        key.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        let shard = &self.shards[usize::from(key[0]) % SHARDS];
        let known = shard.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known
            && keys.find(known.key_id()).is_some()
            && now.as_second() < known.expires_at().as_second() + self.verifier.leeway_seconds()
        {
            return Ok(known);
        }
        let verified = self.verifier.verify(keys, token, now);
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let verified = match verified {
            Ok(verified) => Arc::new(verified),
            Err(error) => {
                shard.remove(&key);
                return Err(error);
            }
        };
        if shard.len() >= self.capacity {
            shard.retain(|_, known| known.expires_at() > now);
        }
        if shard.len() >= self.capacity {
            // Which one goes does not matter much: it costs one verification.
            let any = shard.keys().next().copied();
            any.map(|any| shard.remove(&any));
        }
        shard.insert(key, verified.clone());
        Ok(verified)
    }

    /// How many tokens are remembered.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Whether no token is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<C> fmt::Debug for CachedVerifier<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedVerifier").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
