//! What MySQL's and MariaDB's error numbers mean.

use std::io;

use mysql_async::{DriverError, IoError, ServerError};

use super::keyword;
use crate::{Error, ErrorKind};

/// Our error for one of the driver's. The driver's own is not kept as the source: what servers say quotes values.
pub(super) fn classify(error: &mysql_async::Error) -> Error {
    match error {
        mysql_async::Error::Server(error) => told_by_server(error.code, &error.message, &error.state),
        mysql_async::Error::Io(error) => {
            Error::new(ErrorKind::ConnectionLost, format!("the connection to MySQL broke: {}", io_text(error)))
        }
        mysql_async::Error::Driver(error) => match error {
            DriverError::ConnectionClosed => lost(),
            DriverError::PacketTooLarge => Error::new(
                ErrorKind::ConnectionLost,
                "a packet is larger than `max_allowed_packet` in the database URL allows, and the connection was closed",
            ),
            DriverError::LocalInfile(_) => Error::new(
                ErrorKind::ConnectionLost,
                "the server asked for a file of this machine, which it does not get, and the connection was closed",
            ),
            other => {
                Error::new(ErrorKind::ConnectionLost, format!("the connection to MySQL broke: {}", driver_text(other)))
            }
        },
        _ => Error::new(ErrorKind::ConnectionLost, "the connection to MySQL broke"),
    }
}

/// With the statement: what it was about, where the server does not say so.
pub(super) fn classify_of(error: &mysql_async::Error, text: &str) -> Error {
    let told = classify(error);
    let named =
        matches!(told.kind(), ErrorKind::UniqueViolation | ErrorKind::NotNullViolation) && told.table().is_none();
    match keyword::target(text) {
        Some(table) if named => told.with_table(table),
        _ => told,
    }
}

pub(super) fn told_by_server(code: u16, message: &str, state: &str) -> Error {
    let mut told = Error::new(kind(code, state), safe(code, message, state)).with_code(code.to_string());
    let quoted = |text: &str, quote: char| -> Option<String> {
        let (_, rest) = text.split_once(quote)?;
        rest.split_once(quote).map(|(name, _)| name.to_owned())
    };
    match code {
        // … for key 'books.title'; what stands before it is the value.
        1062 | 1586 => {
            let name = message.rsplit_once("key '").map(|(_, name)| name.trim_end_matches('\'')).unwrap_or_default();
            match name.rsplit_once('.') {
                Some((table, key)) => told = told.with_table(table).with_constraint(key),
                None if !name.is_empty() => told = told.with_constraint(name),
                None => {}
            }
        }
        1451 | 1452 | 1216 | 1217 => {
            if let Some(constraint) = message.split_once("CONSTRAINT `").and_then(|(_, name)| name.split_once('`')) {
                told = told.with_constraint(constraint.0);
            }
            let path = message.split_once("(`").and_then(|(_, path)| path.split_once("`,"));
            if let Some(table) = path.and_then(|(path, _)| path.split_once("`.`")) {
                told = told.with_table(table.1);
            }
        }
        // CONSTRAINT `price_is_positive` failed for `shop`.`books`
        4025 => {
            if let Some(constraint) = quoted(message, '`') {
                told = told.with_constraint(constraint);
            }
            if let Some(table) = message.rsplit_once("`.`").map(|(_, table)| table.trim_end_matches('`')) {
                told = told.with_table(table);
            }
        }
        // Check constraint 'price_is_positive' is violated.
        3819 | 3820 => {
            if let Some(constraint) = quoted(message, '\'') {
                told = told.with_constraint(constraint);
            }
        }
        _ => {}
    }
    told
}

/// What the server said without the values in it. Those of statements that are wrong are names, and their text is ours.
fn safe(code: u16, message: &str, state: &str) -> String {
    let names_only = state.starts_with("42")
        || matches!(code, 1048 | 1264 | 1290 | 1364 | 1406 | 1792 | 1836 | 1451 | 1452 | 3819 | 4025);
    if names_only {
        return message.to_owned();
    }
    if matches!(code, 1062 | 1586) {
        let key = message.rsplit_once("key '").map(|(_, name)| name.trim_end_matches('\'')).unwrap_or_default();
        return format!("a duplicate entry for the key `{key}`");
    }
    // A value may have quotes of its own in it, so that all from the first to the last of them goes.
    match (message.find('\''), message.rfind('\'')) {
        (Some(first), Some(last)) if first < last => {
            format!("{}`…`{}", &message[..first], &message[last + 1..])
        }
        (Some(first), _) => format!("{}`…`", &message[..first]),
        _ => message.to_owned(),
    }
}

fn io_text(error: &IoError) -> String {
    match error {
        IoError::Io(error) => error.to_string(),
        #[cfg(feature = "tls")]
        IoError::Tls(error) => error.to_string(),
    }
}

/// The driver's words, without the bytes that some of its errors carry.
fn driver_text(error: &DriverError) -> String {
    match error {
        DriverError::UnexpectedPacket { .. } => "it sent what nobody waited for".into(),
        DriverError::FromValue { .. } | DriverError::FromRow { .. } => "it sent a value of another type".into(),
        other => other.to_string().trim_end_matches('.').to_owned(),
    }
}

/// An error of opening a connection. Its source is the system's word where the reason may pass.
pub(super) fn unreachable(error: &mysql_async::Error) -> Error {
    match error {
        mysql_async::Error::Server(ServerError { code, message, .. }) => {
            Error::new(ErrorKind::Connect, format!("MySQL refused the connection: {message}"))
                .with_code(code.to_string())
        }
        mysql_async::Error::Io(IoError::Io(error)) => {
            let unreachable = Error::new(ErrorKind::Connect, format!("MySQL cannot be reached: {error}"));
            match error.kind() {
                // What is wrong with a certificate is wrong the next time too.
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => unreachable,
                kind => unreachable.with_source(io::Error::from(kind)),
            }
        }
        #[cfg(feature = "tls")]
        mysql_async::Error::Io(error) => {
            Error::new(ErrorKind::Connect, format!("MySQL cannot be reached: {}", io_text(error)))
        }
        mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer) => Error::new(
            ErrorKind::Connect,
            "MySQL cannot be reached: the server does not support TLS; on a network that nobody else can read, `sslmode=disable` in the database URL does without it",
        ),
        mysql_async::Error::Driver(error) => {
            Error::new(ErrorKind::Connect, format!("MySQL cannot be reached: {}", driver_text(error)))
        }
        _ => Error::new(ErrorKind::Connect, "MySQL cannot be reached"),
    }
}

/// The error of a server that does not answer.
pub(super) fn silent(timeout: std::time::Duration) -> Error {
    Error::new(ErrorKind::Connect, format!("MySQL did not answer within {timeout:?}"))
        .with_source(io::Error::from(io::ErrorKind::TimedOut))
}

pub(super) fn lost() -> Error {
    Error::new(ErrorKind::ConnectionLost, "the connection to MySQL was closed")
}

/// Whether opening failed for a reason that may pass: no server there yet, one that starts or stops, or too many connections.
pub(crate) fn passes(error: &Error) -> bool {
    let system = || std::error::Error::source(error).is_some_and(|source| source.is::<io::Error>());
    error.kind() == ErrorKind::Connect
        && error
            .code()
            .map_or_else(system, |code| matches!(code, "1040" | "1053" | "1077" | "1079" | "1080" | "1203" | "1226"))
}

/// Whether the statement is not known any more, or was prepared for something that has changed since.
pub(super) fn is_stale(error: &mysql_async::Error) -> bool {
    matches!(error, mysql_async::Error::Server(error) if matches!(error.code, 1243 | 1615))
}

/// Whether it is one of the few statements that cannot be prepared.
pub(super) fn is_unpreparable(error: &mysql_async::Error) -> bool {
    matches!(error, mysql_async::Error::Server(error) if error.code == 1295)
}

/// Whether the server forbids loading rows from the client.
pub(super) fn forbids_loading(error: &mysql_async::Error) -> bool {
    matches!(error, mysql_async::Error::Server(error) if matches!(error.code, 1148 | 3948 | 4166))
}

/// Whether the server is going, or is not the one that may be written to any more.
pub(super) fn ends_epoch(error: &Error, within_transaction: bool) -> bool {
    match error.code() {
        Some("1053" | "1290" | "1836") => true,
        Some("1792") => !within_transaction,
        _ => false,
    }
}

fn kind(code: u16, state: &str) -> ErrorKind {
    match code {
        1022 | 1062 | 1169 | 1586 => ErrorKind::UniqueViolation,
        1216 | 1217 | 1451 | 1452 | 1761 | 1762 => ErrorKind::ForeignKeyViolation,
        1048 | 1121 | 1364 | 1263 => ErrorKind::NotNullViolation,
        3819 | 4025 => ErrorKind::CheckViolation,
        1213 => ErrorKind::Deadlock,
        // MariaDB's word for a row that somebody else has changed since the snapshot.
        1020 => ErrorKind::Serialization,
        1205 | 3572 | 1637 => ErrorKind::LockTimeout,
        1317 | 1969 | 3024 => ErrorKind::Timeout,
        1290 | 1792 | 1836 | 3100 => ErrorKind::ReadOnly,
        1053 | 1152 | 1154..=1161 | 1184 | 1927 => ErrorKind::ConnectionLost,
        1037 | 1038 | 1040 | 1041 | 1114 | 1153 | 1203 | 1206 | 1226 | 1390 | 1436 | 1461 | 3636 => ErrorKind::Limit,
        1034 | 1035 | 1194 | 1195 | 1712 => ErrorKind::Corrupt,
        // What a value is not: too long, out of range, of another type.
        1264 | 1265 | 1292 | 1365 | 1366 | 1367 | 1406 | 1411 | 1416 | 1441 | 1690 | 3140 | 3141 | 3156 | 3751
        | 4078 => ErrorKind::CheckViolation,
        _ => match state.get(..2).unwrap_or_default() {
            "08" => ErrorKind::ConnectionLost,
            "22" | "23" => ErrorKind::CheckViolation,
            "28" => ErrorKind::Connect,
            "40" => ErrorKind::Serialization,
            "3D" | "42" => ErrorKind::Syntax,
            _ if (1054..=1146).contains(&code) => ErrorKind::Syntax,
            _ => ErrorKind::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: u16, state: &str, message: &str, expected: (ErrorKind, Option<&str>, Option<&str>)) {
        let told = told_by_server(code, message, state);
        assert_eq!((told.kind(), told.table(), told.constraint()), expected, "{message}");
        assert!(!format!("{told} {told:?}").contains("hunter2"), "{told:?}");
    }

    #[test]
    fn constraints_are_named_and_values_are_not() {
        use ErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation};
        let mariadb = "Duplicate entry 'hunter2' for key 'title'";
        check(1062, "23000", mariadb, (UniqueViolation, None, Some("title")));
        let mysql = "Duplicate entry 'it's key 'hunter2' for key 'books.title'";
        check(1062, "23000", mysql, (UniqueViolation, Some("books"), Some("title")));
        let foreign = "Cannot delete or update a parent row: a foreign key constraint fails (`shop`.`copies`, CONSTRAINT `copies_ibfk_1` FOREIGN KEY (`book`) REFERENCES `books` (`id`))";
        check(1451, "23000", foreign, (ForeignKeyViolation, Some("copies"), Some("copies_ibfk_1")));
        let failed = "CONSTRAINT `price_is_positive` failed for `shop`.`books`";
        check(4025, "23000", failed, (CheckViolation, Some("books"), Some("price_is_positive")));
        let violated = "Check constraint 'price_is_positive' is violated.";
        check(3819, "HY000", violated, (CheckViolation, None, Some("price_is_positive")));
        check(1048, "23000", "Column 'title' cannot be null", (NotNullViolation, None, None));
        let wrong = "Incorrect integer value: 'hunter2' for column `shop`.`books`.`price` at row 1";
        check(1366, "22007", wrong, (CheckViolation, None, None));
        check(1292, "22007", "Truncated incorrect DOUBLE value: 'hunter2'", (CheckViolation, None, None));
    }
}
