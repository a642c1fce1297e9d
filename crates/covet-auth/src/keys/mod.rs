//! The server's own keys: how they follow one another, how they rest, and the keys of others.
//!
//! A key is stored once and never changed: all that it has is the instant from which it signs. From the keys in their order
//! follow the states. One that does not sign yet is *pending*: published, so that whoever caches the set has it before the first
//! token. The last one whose time has come is *active*. Those before it are *retired*: they verify until the last token that
//! they signed has expired, and are then *dropped*. So processes that share a store agree without talking to each other.

mod remote;
mod ring;
mod seal;

pub use remote::RemoteKeys;
pub use ring::{KeyRing, KeyState, RotationPolicy};
pub(crate) use ring::{due, states};
pub use seal::KeyEncryptionKey;

use crate::error::{Result, key};
use crate::jose::{Algorithm, SigningKey};
use jiff::Timestamp;
use std::fmt;
use zeroize::Zeroizing;

/// A key as it is kept.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoredKey {
    /// The key's id, as it stands in `kid`.
    pub id: String,
    /// What it signs with. The one with HMAC is the server's own secret, and signs no token.
    pub algorithm: Algorithm,
    /// From when on it signs.
    pub active_from: Timestamp,
    /// The private key: PEM, or what a [`KeyEncryptionKey`] made of it.
    pub private: Zeroizing<String>,
}

impl StoredKey {
    /// A key as it was read back from where it is kept.
    pub fn new(id: String, algorithm: Algorithm, active_from: Timestamp, private: String) -> StoredKey {
        StoredKey { id, algorithm, active_from, private: Zeroizing::new(private) }
    }

    /// Prepares a key for being kept, sealed where there is a key for that.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`](crate::ErrorKind::Key) where the cryptographic library fails.
    pub fn wrap(signing: &SigningKey, active_from: Timestamp, seal: Option<&KeyEncryptionKey>) -> Result<StoredKey> {
        let plain = match signing.to_secret() {
            Some(secret) => seal::encode_secret(&secret),
            None => signing.to_pem()?,
        };
        let private = match seal {
            Some(seal) => Zeroizing::new(seal.seal(signing.id(), plain.as_bytes())?),
            None => plain,
        };
        Ok(StoredKey { id: signing.id().to_owned(), algorithm: signing.algorithm(), active_from, private })
    }

    /// The key that signs.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Sealed`](crate::ErrorKind::Sealed) where the key is sealed and this is not the key for it, or there is none; of
    /// kind [`ErrorKind::Key`](crate::ErrorKind::Key) where what is kept is no key.
    pub fn unwrap(&self, seal: Option<&KeyEncryptionKey>) -> Result<SigningKey> {
        let plain = seal::open(&self.id, &self.private, seal)?;
        let signing = if self.algorithm.is_symmetric() {
            let secret = seal::decode_secret(&plain).ok_or_else(|| key("the stored secret is malformed"))?;
            SigningKey::from_secret(self.algorithm, &secret)?
        } else {
            SigningKey::from_pem(self.algorithm, &plain)?
        };
        Ok(signing.with_id(&self.id))
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StoredKey { id, algorithm, active_from, .. } = self;
        f.debug_struct("StoredKey")
            .field("id", id)
            .field("algorithm", algorithm)
            .field("active_from", active_from)
            .finish_non_exhaustive()
    }
}
