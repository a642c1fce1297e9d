//! Why a file cannot be answered.

use std::fmt;
use std::io;

use crate::problem::{INTERNAL, NOT_FOUND};
use crate::{Problem, ProblemDetails, Problems};

/// Why a file cannot be answered. As an answer it is the problem 404 or 500.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// There is no such file, or it must not be seen (404): the answer does not tell which.
    NotFound,
    /// The file cannot be read (500).
    Io(io::Error),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such file"),
            Self::Io(_) => f.write_str("the file cannot be read"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotFound => None,
            Self::Io(error) => Some(error),
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory, NotFound, PermissionDenied};
        match error.kind() {
            NotFound | NotADirectory | IsADirectory | PermissionDenied | InvalidFilename => Self::NotFound,
            _ => Self::Io(error),
        }
    }
}

impl Problem for FileError {
    fn describe(problems: &mut Problems) {
        problems.add(&NOT_FOUND);
    }

    fn into_details(self) -> ProblemDetails {
        match self {
            Self::NotFound => ProblemDetails::new(&NOT_FOUND).detail("there is no such file"),
            Self::Io(error) => ProblemDetails::new(&INTERNAL).cause(error),
        }
    }
}
