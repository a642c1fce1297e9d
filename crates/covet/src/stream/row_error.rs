//! Why the next value of a body of lines cannot be had.

use std::fmt;

use crate::problem::{CONTENT_TOO_LARGE, INTERNAL, INVALID_REQUEST, MALFORMED_REQUEST};
use crate::validation::{Fault, Faults};
use crate::{BodyError, BoxError, Problem, ProblemDetails, Problems};

/// Why a value of an [`NdJson`](crate::NdJson) or [`Rows`](crate::Rows) body cannot be had. As an answer it is the problem 400, 422, 413 or 408.
///
/// Behind a line that is malformed or invalid the reading can go on, with the next line; behind the others it has ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowError {
    /// The line is not JSON, or a row's quotes are wrong (400).
    Malformed {
        /// The number of the line, counted from 1.
        line: u64,
        /// What is wrong; each fault has the line as its member `line`.
        faults: Faults,
    },
    /// The line holds a value, but not one of the type (422).
    Invalid {
        /// The number of the line, counted from 1.
        line: u64,
        /// What is wrong; each fault has the line as its member `line`.
        faults: Faults,
    },
    /// The first line of a table does not name the columns that it should (422).
    Header {
        /// What is wrong; each fault has the line as its member `line`.
        faults: Faults,
    },
    /// The line is too long (413).
    TooLong {
        /// The number of the line, counted from 1.
        line: u64,
        /// How many bytes a line may have.
        limit: usize,
    },
    /// The body cannot be read.
    Body(BodyError),
    /// The program's own stream failed (500).
    Source(BoxError),
}

impl RowError {
    /// The number of the line that is wrong, counted from 1; `None` where it is not about a line.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Malformed { line, .. } | Self::Invalid { line, .. } | Self::TooLong { line, .. } => Some(*line),
            Self::Header { faults } => faults.first()?.members().find(|(name, _)| *name == "line")?.1.as_u64(),
            Self::Body(_) | Self::Source(_) => None,
        }
    }

    /// What is wrong with the line or the line of names; nothing where it is about something else.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Malformed { faults, .. } | Self::Invalid { faults, .. } | Self::Header { faults } => faults,
            Self::TooLong { .. } | Self::Body(_) | Self::Source(_) => &[],
        }
    }

    /// Whether the next line can still be read.
    pub fn is_of_one_line(&self) -> bool {
        matches!(self, Self::Malformed { .. } | Self::Invalid { .. })
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { line, faults } | Self::Invalid { line, faults } => write!(f, "line {line}: {faults}"),
            Self::Header { faults } => write!(f, "the line of names: {faults}"),
            Self::TooLong { line, limit } => write!(f, "line {line} is longer than {limit} bytes"),
            Self::Body(_) => f.write_str("the body cannot be read"),
            Self::Source(_) => f.write_str("the source of the values failed"),
        }
    }
}

impl std::error::Error for RowError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Body(error) => Some(error),
            Self::Source(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl Problem for RowError {
    fn describe(problems: &mut Problems) {
        BodyError::describe(problems);
        problems.add(&MALFORMED_REQUEST);
        problems.add(&INVALID_REQUEST);
    }

    fn into_details(self) -> ProblemDetails {
        let text = self.to_string();
        match self {
            Self::Malformed { faults, .. } => ProblemDetails::new(&MALFORMED_REQUEST).detail(text).errors(faults),
            Self::Invalid { faults, .. } | Self::Header { faults } => {
                ProblemDetails::new(&INVALID_REQUEST).detail(text).errors(faults)
            }
            Self::TooLong { limit, .. } => ProblemDetails::new(&CONTENT_TOO_LARGE).detail(text).with("limit", limit),
            Self::Body(error) => error.into_details(),
            Self::Source(error) => ProblemDetails::new(&INTERNAL).cause(error),
        }
    }
}
