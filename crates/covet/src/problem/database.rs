//! What a failure of the database is to a client. The inner crate knows no status codes, so they stand here.

use covet_db::ErrorKind;

use super::{DATABASE_UNAVAILABLE, INTERNAL, INVALID_REQUEST, Problem, ProblemDetails, Problems};

impl Problem for covet_db::Error {
    fn describe(problems: &mut Problems) {
        problems.add(&INTERNAL);
        problems.add(&INVALID_REQUEST);
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
        _ if is_unstorable(error) => {
            let detail = "a text has the character U+0000, which the database cannot store";
            ProblemDetails::new(&INVALID_REQUEST).detail(detail)
        }
        _ => ProblemDetails::new(&INTERNAL),
    }
}

/// Whether a text has a character that the database has no place for, which on PostgreSQL is U+0000 alone: it is in no text
/// (22021) and in no value of JSON (22P05). To forbid it in every text would make the document's strings a lie, or each of them a
/// pattern, for the sake of one database.
fn is_unstorable(error: &covet_db::Error) -> bool {
    matches!(error.code(), Some("22021" | "22P05"))
}
