//! A password as it came.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A password in Unicode's composed form (NFC), so that the same keys pressed on two machines are the same password.
///
/// It is wiped from memory when it is dropped, and never printed.
///
/// ```
/// use covet_auth::password::{Password, PasswordFault};
///
/// assert!(Password::new("correct horse").is_ok());
/// assert_eq!(Password::new("short").unwrap_err(), PasswordFault::TooShort);
/// ```
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordFault {
    /// Fewer than [`Password::MIN_BYTES`].
    TooShort,
    /// More than [`Password::MAX_BYTES`].
    TooLong,
}

impl Password {
    /// The fewest bytes of UTF-8 that a password has.
    pub const MIN_BYTES: usize = 8;

    /// The most bytes of UTF-8 that a password has. None is ever cut.
    pub const MAX_BYTES: usize = 1024;

    /// Takes a text of 8 to 1,024 bytes. Every character is allowed.
    ///
    /// # Errors
    /// [`PasswordFault`] where it is shorter or longer, before anything is done with it.
    pub fn new(text: &str) -> Result<Password, PasswordFault> {
        match text.len() {
            ..Self::MIN_BYTES => Err(PasswordFault::TooShort),
            Self::MIN_BYTES..=Self::MAX_BYTES => Ok(Password(Zeroizing::new(composed(text)))),
            _ => Err(PasswordFault::TooLong),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The composed form, in one allocation that does not grow: a grown one would leave pieces of the password behind.
fn composed(text: &str) -> String {
    // Composition never makes more than three times the bytes (Unicode Standard Annex 15, section 8).
    let mut composed = String::with_capacity(text.len() * 3);
    composed.extend(text.nfc());
    composed
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for PasswordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordFault::TooShort => write!(f, "a password has at least {} bytes", Password::MIN_BYTES),
            PasswordFault::TooLong => write!(f, "a password has at most {} bytes", Password::MAX_BYTES),
        }
    }
}

impl std::error::Error for PasswordFault {}
