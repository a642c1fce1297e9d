//! The one error of this crate.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// The result of a call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A key is malformed, too weak, or not meant for what it should do.
    Key,
    /// A token is not built as it must be: its parts, base64url, JSON or header.
    Malformed,
    /// No key of ours made this token's signature.
    Signature,
    /// The token's time is over.
    Expired,
    /// A claim is missing, or is not the one that is asked for.
    Claim,
    /// The token was taken back.
    Revoked,
    /// Sealed bytes do not open with this key.
    Sealed,
    /// What keeps keys, codes and families did not answer, or could not be reached.
    Storage,
    /// A setting is wrong.
    Configuration,
}

/// Why a key, a token or a request was refused.
///
/// The text is for logs. A client gets one public answer for all of them, but for [`Error::is_expired`], which may be told.
pub struct Error {
    kind: ErrorKind,
    detail: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind; its text must not have a secret in it.
    pub fn new(kind: ErrorKind, detail: impl Into<Cow<'static, str>>) -> Error {
        Error { kind, detail: detail.into(), source: None }
    }

    /// An error of a kind with what caused it.
    pub fn caused(
        kind: ErrorKind,
        detail: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Error {
        Error { kind, detail: detail.into(), source: Some(source.into()) }
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the token was good until its time was over, so that its owner may be told to get a new one.
    pub fn is_expired(&self) -> bool {
        self.kind == ErrorKind::Expired
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Short ways to the errors of keys and tokens.
pub(crate) fn key(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Key, detail)
}

pub(crate) fn malformed(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Malformed, detail)
}

pub(crate) fn claim(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Claim, detail)
}

pub(crate) fn signature() -> Error {
    Error::new(ErrorKind::Signature, "the signature is not by the key")
}
