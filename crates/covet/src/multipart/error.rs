//! Why a form cannot be read.

use std::borrow::Cow;
use std::fmt;

use crate::problem::{CONTENT_TOO_LARGE, MALFORMED_REQUEST};
use crate::validation::{Code, Fault};
use crate::{BodyError, Problem, ProblemDetails, Problems};

/// Why a [`Multipart`](crate::Multipart) body cannot be read. As an answer it is the problem 400, 408 or 413.
#[derive(Debug)]
#[non_exhaustive]
pub enum MultipartError {
    /// The bytes are not `multipart/form-data`.
    Malformed(Cow<'static, str>),
    /// There are more parts than are taken.
    TooManyParts {
        /// How many are taken.
        limit: usize,
    },
    /// A part, or its headers, are longer than they may be.
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How many bytes it may have.
        limit: usize,
    },
    /// The body cannot be read.
    Body(BodyError),
}

impl fmt::Display for MultipartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "must be multipart/form-data, but {what}"),
            Self::TooManyParts { limit } => write!(f, "there are more than {limit} parts"),
            Self::TooLong { what, limit } => write!(f, "{what} has more than {limit} bytes"),
            Self::Body(_) => f.write_str("the body cannot be read"),
        }
    }
}

impl std::error::Error for MultipartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Body(error) => Some(error),
            _ => None,
        }
    }
}

impl From<BodyError> for MultipartError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl Problem for MultipartError {
    fn describe(problems: &mut Problems) {
        BodyError::describe(problems);
        problems.add(&MALFORMED_REQUEST);
    }

    fn into_details(self) -> ProblemDetails {
        let text = self.to_string();
        match self {
            Self::Malformed(_) => {
                let fault = Fault::new(Code::Syntax, text.clone());
                ProblemDetails::new(&MALFORMED_REQUEST).detail(text).errors(fault.into())
            }
            Self::TooManyParts { limit } | Self::TooLong { limit, .. } => {
                ProblemDetails::new(&CONTENT_TOO_LARGE).detail(text).with("limit", limit)
            }
            Self::Body(error) => error.into_details(),
        }
    }
}
