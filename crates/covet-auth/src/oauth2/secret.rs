//! Codes and tokens that are nothing but random, and how they are kept.

use crate::error::{Error, ErrorKind, Result};
use crate::jose::base64url;
use aws_lc_rs::{constant_time, digest, rand};

/// 256 random bits in base64url: a code or a token that nobody guesses.
pub(crate) fn token() -> Result<String> {
    random::<32>()
}

/// 128 random bits, for names that are not secrets but must not be met twice.
pub(crate) fn id() -> Result<String> {
    random::<16>()
}

fn random<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0; BYTES];
    fill(&mut bytes)?;
    Ok(base64url::encode(&bytes))
}

pub(crate) fn fill(bytes: &mut [u8]) -> Result<()> {
    rand::fill(bytes).map_err(|_| Error::new(ErrorKind::Key, "the system has no random bytes"))
}

/// SHA-256 in base64url: all of a token that is ever kept.
pub(crate) fn hash(token: &str) -> String {
    base64url::encode(digest::digest(&digest::SHA256, token.as_bytes()).as_ref())
}

/// Compares without telling by time how much agrees.
pub(crate) fn equal(one: &str, other: &str) -> bool {
    constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}
