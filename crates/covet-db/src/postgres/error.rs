//! What PostgreSQL's SQLSTATEs mean.

use std::io;

use tokio_postgres::error::{DbError, SqlState};

use crate::{Error, ErrorKind};

/// Our error for one of the driver's. The driver's own is not kept as the source: its details quote values.
pub(super) fn classify(error: &tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(error) => told_by_server(error),
        None => lost(error),
    }
}

fn told_by_server(error: &DbError) -> Error {
    let code = error.code().code();
    let mut told = Error::new(kind(code), message(code, error.message())).with_code(code);
    if let Some(constraint) = error.constraint() {
        told = told.with_constraint(constraint);
    }
    if let Some(table) = error.table() {
        told = told.with_table(table);
    }
    told
}

/// The driver's texts of this kind name what it was doing and what the system said, and no value.
fn lost(error: &tokio_postgres::Error) -> Error {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    Error::new(ErrorKind::ConnectionLost, format!("the connection to PostgreSQL broke: {error}{source}"))
}

/// An error of opening a connection. Its source is the system's word where the reason may pass.
pub(super) fn unreachable(error: &tokio_postgres::Error) -> Error {
    if let Some(told) = error.as_db_error() {
        let code = told.code().code();
        return Error::new(ErrorKind::Connect, format!("PostgreSQL refused the connection: {}", told.message()))
            .with_code(code);
    }
    let cause = std::error::Error::source(error);
    let mut message = format!("PostgreSQL cannot be reached: {error}");
    if let Some(cause) = cause {
        message.push_str(&format!(": {cause}"));
    }
    if message.contains("server does not support TLS") {
        message.push_str(
            "; on a network that nobody else can read, `sslmode=disable` in the database URL does without it",
        );
    }
    let unreachable = Error::new(ErrorKind::Connect, message);
    let system = cause.and_then(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    match system.or(error.is_closed().then_some(io::ErrorKind::UnexpectedEof)) {
        // What is wrong with a certificate is wrong the next time too.
        None | Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other) => unreachable,
        Some(kind) => unreachable.with_source(io::Error::from(kind)),
    }
}

/// The error of a server that does not answer.
pub(super) fn silent(timeout: std::time::Duration) -> Error {
    Error::new(ErrorKind::Connect, format!("PostgreSQL did not answer within {timeout:?}"))
        .with_source(io::Error::from(io::ErrorKind::TimedOut))
}

/// Whether opening failed for a reason that may pass: no server there yet, one that starts or stops, or too many connections.
pub(crate) fn passes(error: &Error) -> bool {
    let system = || std::error::Error::source(error).is_some_and(|source| source.is::<io::Error>());
    error.kind() == ErrorKind::Connect
        && error
            .code()
            .map_or_else(system, |code| code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "53300"))
}

/// Whether it was a pooler that takes no settings for a session. What it says is in no other language.
pub(super) fn refuses_options(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| error.message().contains("unsupported startup parameter"))
}

/// Whether the statement was prepared for something that has changed since. The text of the first is in the server's
/// language, so that its routine tells.
pub(super) fn is_stale(error: &tokio_postgres::Error) -> bool {
    let Some(error) = error.as_db_error() else {
        return false;
    };
    *error.code() == SqlState::INVALID_SQL_STATEMENT_NAME
        || (*error.code() == SqlState::FEATURE_NOT_SUPPORTED && error.routine() == Some("RevalidateCachedQuery"))
}

/// Whether the server could not tell the types of a statement's places, or took them for text to no good.
pub(super) fn lacks_types(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| {
        [SqlState::INDETERMINATE_DATATYPE, SqlState::UNDEFINED_FUNCTION, SqlState::DATATYPE_MISMATCH]
            .contains(error.code())
    })
}

/// The place, counted from none, whose type the server could not tell. Its name stands in the text in every language.
pub(super) fn undetermined(error: &tokio_postgres::Error) -> Option<usize> {
    let error = error.as_db_error().filter(|error| *error.code() == SqlState::INDETERMINATE_DATATYPE)?;
    let (_, rest) = error.message().split_once('$')?;
    let digits = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse::<usize>().ok()?.checked_sub(1)
}

/// Whether the server is going, or is not the one that may be written to any more.
pub(super) fn ends_epoch(error: &Error, within_transaction: bool) -> bool {
    match error.code() {
        Some("57P01" | "57P02") => true,
        Some("25006") => !within_transaction,
        _ => false,
    }
}

/// Messages of data exceptions quote the data.
fn message(code: &str, message: &str) -> String {
    if !code.starts_with("22") {
        return message.to_owned();
    }
    let parts = message.split('"').enumerate();
    parts.map(|(index, part)| if index % 2 == 0 { part } else { "`…`" }).collect()
}

fn kind(code: &str) -> ErrorKind {
    match code {
        "23505" => ErrorKind::UniqueViolation,
        "23503" => ErrorKind::ForeignKeyViolation,
        "23502" => ErrorKind::NotNullViolation,
        "23514" | "23P01" => ErrorKind::CheckViolation,
        "40001" => ErrorKind::Serialization,
        "40P01" => ErrorKind::Deadlock,
        "55P03" => ErrorKind::LockTimeout,
        "57014" => ErrorKind::Timeout,
        "25006" => ErrorKind::ReadOnly,
        "25P02" => ErrorKind::Closed,
        "26000" => ErrorKind::Other,
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "57" => ErrorKind::ConnectionLost,
            "22" => ErrorKind::CheckViolation,
            "28" | "3D" => ErrorKind::Connect,
            "3F" | "42" => ErrorKind::Syntax,
            "53" | "54" => ErrorKind::Limit,
            "XX" => ErrorKind::Corrupt,
            _ => ErrorKind::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_not_repeated() {
        assert_eq!(
            message("22P02", "invalid input syntax for type integer: \"hunter2\""),
            "invalid input syntax for type integer: `…`"
        );
        assert_eq!(message("22003", "value \"hunter2"), "value `…`");
        assert_eq!(message("42P01", "relation \"t\" does not exist"), "relation \"t\" does not exist");
    }

    #[test]
    fn every_code_has_a_kind() {
        for (code, expected) in [
            ("42P01", ErrorKind::Syntax),
            ("57P01", ErrorKind::ConnectionLost),
            ("", ErrorKind::Other),
            ("é", ErrorKind::Other),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }
}
