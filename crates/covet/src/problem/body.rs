//! What a body that could not be read is to a client.

use super::{CONTENT_TOO_LARGE, MALFORMED_REQUEST, OVERLOADED, Problem, ProblemDetails, Problems, REQUEST_TIMEOUT};
use crate::BodyError;
use crate::overload::overloaded;

impl Problem for BodyError {
    fn describe(problems: &mut Problems) {
        problems.add(&MALFORMED_REQUEST);
        problems.add(&REQUEST_TIMEOUT);
        problems.add(&CONTENT_TOO_LARGE);
        problems.add(&OVERLOADED);
    }

    fn into_details(self) -> ProblemDetails {
        match self {
            BodyError::TooLong { limit } => too_large(limit),
            BodyError::Overloaded => overloaded("the bodies of the requests at work are as large as they may be"),
            BodyError::TimedOut => ProblemDetails::new(&REQUEST_TIMEOUT),
            BodyError::Broken(cause) => {
                ProblemDetails::new(&MALFORMED_REQUEST).detail("the body ended before it was whole").cause(cause)
            }
        }
    }
}

/// The problem of a body that is, or is announced to be, longer than `limit` bytes.
pub(crate) fn too_large(limit: u64) -> ProblemDetails {
    ProblemDetails::new(&CONTENT_TOO_LARGE)
        .detail(format!("this operation takes a body of at most {limit} bytes"))
        .with("limit", limit)
}
