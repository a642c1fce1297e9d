//! Positions where nothing can be escaped.

use crate::error::{Error, ErrorKind};
use crate::source::{Source, Span};

/// Why a template has no safe meaning.
#[derive(Debug)]
pub(crate) struct Refusal {
    message: &'static str,
    help: &'static str,
}

impl Refusal {
    pub(crate) const fn new(message: &'static str, help: &'static str) -> Self {
        Self { message, help }
    }

    pub(crate) fn at(self, source: &Source, span: Span) -> Error {
        Error::new(ErrorKind::UnsafePosition, self.message).with_help(self.help).at(source, span)
    }
}
