//! What a failure of the database is to a client. The inner crate knows no status codes, so they stand here.

use covet_db::ErrorKind;

use super::{DATABASE_UNAVAILABLE, INTERNAL, Problem, ProblemDetails, Problems};

impl Problem for covet_db::Error {
    fn describe(problems: &mut Problems) {
        problems.add(&INTERNAL);
        problems.add(&DATABASE_UNAVAILABLE);
    }

    fn into_details(self) -> ProblemDetails {
        details(&self).cause(self)
    }
}

/// The problem of a database error, without its cause.
pub(crate) fn details(error: &covet_db::Error) -> ProblemDetails {
    match error.kind() {
        ErrorKind::PoolTimeout
        | ErrorKind::ConnectionLost
        | ErrorKind::Connect
        | ErrorKind::Timeout
        | ErrorKind::LockTimeout
        | ErrorKind::Serialization
        | ErrorKind::Deadlock
        | ErrorKind::Closed => ProblemDetails::new(&DATABASE_UNAVAILABLE)
            .header(http::header::RETRY_AFTER, http::HeaderValue::from_static("1")),
        _ => ProblemDetails::new(&INTERNAL),
    }
}
