//! Private keys at rest, encrypted with AES-256-GCM under a key that is kept elsewhere.

use crate::error::{Error, ErrorKind, Result};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::fmt;
use zeroize::Zeroizing;

/// What sealed text begins with.
const PREFIX: &str = "sealed:1:";

/// What a shared secret begins with that is not sealed.
const SECRET: &str = "secret:";

/// A key of 256 bits that seals private keys, so that a copy of the database has none of them.
///
/// ```
/// use covet_auth::keys::KeyEncryptionKey;
///
/// let seal = KeyEncryptionKey::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")?;
/// assert!(KeyEncryptionKey::parse("too short").is_err());
/// # Ok::<(), covet_auth::Error>(())
/// ```
pub struct KeyEncryptionKey(RandomizedNonceKey);

impl KeyEncryptionKey {
    /// Reads 32 bytes in base64, such as `openssl rand -base64 32` prints.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Configuration`] for anything else.
    pub fn parse(text: &str) -> Result<KeyEncryptionKey> {
        let wrong = || Error::new(ErrorKind::Configuration, "the key-encryption key must be 32 bytes in base64");
        let text = text.trim();
        let bytes = STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| wrong())?;
        RandomizedNonceKey::new(&AES_256_GCM, &bytes).map(KeyEncryptionKey).map_err(|_| wrong())
    }

    /// Seals bytes under a name, so that they open under no other.
    pub(crate) fn seal(&self, name: &str, plain: &[u8]) -> Result<String> {
        let mut sealed = Zeroizing::new(plain.to_vec());
        let nonce = self.0.seal_in_place_append_tag(Aad::from(name), &mut *sealed);
        let nonce = nonce.map_err(|_| Error::new(ErrorKind::Key, "the private key cannot be sealed"))?;
        let whole = [nonce.as_ref().as_slice(), &sealed].concat();
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(whole)))
    }
}

/// What was kept, opened if it is sealed.
pub(super) fn open(name: &str, kept: &str, seal: Option<&KeyEncryptionKey>) -> Result<Zeroizing<String>> {
    let fault = |detail: &'static str| Error::new(ErrorKind::Sealed, detail);
    let Some(sealed) = kept.strip_prefix(PREFIX) else { return Ok(Zeroizing::new(kept.to_owned())) };
    let seal = seal.ok_or_else(|| fault("the private key is sealed, and no key-encryption key is given"))?;
    let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| fault("the sealed private key is malformed"))?;
    let (nonce, rest) =
        bytes.split_at_checked(NONCE_LEN).ok_or_else(|| fault("the sealed private key is malformed"))?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| fault("the sealed private key is malformed"))?;
    let mut rest = Zeroizing::new(rest.to_vec());
    let plain = seal.0.open_in_place(nonce, Aad::from(name), &mut rest);
    let plain = plain.map_err(|_| fault("the private key was sealed with another key-encryption key"))?;
    let plain = std::str::from_utf8(plain).map_err(|_| fault("the sealed private key is malformed"))?;
    Ok(Zeroizing::new(plain.to_owned()))
}

pub(super) fn encode_secret(secret: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(format!("{SECRET}{}", URL_SAFE_NO_PAD.encode(secret)))
}

pub(super) fn decode_secret(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE_NO_PAD.decode(text.strip_prefix(SECRET)?).ok().map(Zeroizing::new)
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey([redacted])")
    }
}
