//! What SQLite's result codes mean.

use rusqlite::ffi;

use crate::{Error, ErrorKind};

pub(super) fn classify(error: rusqlite::Error) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => failed(failure.extended_code, message),
        rusqlite::Error::SqlInputError { error, msg, .. } => failed(error.extended_code, Some(msg)),
        rusqlite::Error::MultipleStatement => {
            Error::new(ErrorKind::Syntax, "the text has more than one statement; send them one by one")
        }
        rusqlite::Error::Empty => Error::new(ErrorKind::Syntax, "the text has no statement in it"),
        rusqlite::Error::NulError(_) => Error::new(ErrorKind::Syntax, "the text of the statement has a NUL in it"),
        other => Error::new(ErrorKind::Other, "SQLite failed").with_source(other),
    }
}

fn failed(extended: i32, message: Option<String>) -> Error {
    let kind = kind(extended);
    let message = message.unwrap_or_else(|| ffi::code_to_str(extended).to_owned());
    let (message, names) = match kind {
        ErrorKind::Misuse => (
            "BEGIN, COMMIT, ROLLBACK, SAVEPOINT and ATTACH are not sent as statements; use `transaction` or `begin`"
                .to_owned(),
            None,
        ),
        _ => {
            let names = message.split_once(" constraint failed: ").map(|(_, names)| names.to_owned());
            (lower_first(message), names)
        }
    };
    let mut error = Error::new(kind, message).with_code(extended.to_string());
    if let Some(names) = names {
        // UNIQUE and NOT NULL name `table.column, …`, CHECK names the constraint.
        if let (ErrorKind::UniqueViolation | ErrorKind::NotNullViolation, Some((table, _))) =
            (kind, names.split_once('.'))
        {
            error = error.with_table(table);
        }
        error = error.with_constraint(names);
    }
    error
}

fn kind(extended: i32) -> ErrorKind {
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            return ErrorKind::UniqueViolation;
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return ErrorKind::ForeignKeyViolation,
        ffi::SQLITE_CONSTRAINT_NOTNULL => return ErrorKind::NotNullViolation,
        ffi::SQLITE_BUSY_SNAPSHOT => return ErrorKind::Serialization,
        _ => {}
    }
    match extended & 0xff {
        ffi::SQLITE_CONSTRAINT | ffi::SQLITE_MISMATCH => ErrorKind::CheckViolation,
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => ErrorKind::LockTimeout,
        ffi::SQLITE_READONLY => ErrorKind::ReadOnly,
        ffi::SQLITE_INTERRUPT => ErrorKind::Timeout,
        ffi::SQLITE_FULL | ffi::SQLITE_NOMEM | ffi::SQLITE_TOOBIG => ErrorKind::Limit,
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => ErrorKind::Corrupt,
        ffi::SQLITE_CANTOPEN => ErrorKind::Connect,
        ffi::SQLITE_IOERR => ErrorKind::ConnectionLost,
        ffi::SQLITE_AUTH => ErrorKind::Misuse,
        ffi::SQLITE_RANGE => ErrorKind::Encode,
        ffi::SQLITE_ERROR => ErrorKind::Syntax,
        _ => ErrorKind::Other,
    }
}

/// Errors start in lower case here; an abbreviation such as `UNIQUE` stays as it is.
fn lower_first(message: String) -> String {
    let mut characters = message.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(message.chars().skip(1)).collect()
        }
        _ => message,
    }
}
