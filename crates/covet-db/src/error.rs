//! The one error of this crate.
//!
//! It is opaque, so that what an adapter knows may grow without breaking callers. What callers branch on is
//! [`ErrorKind`] and the predicates; what people read is the text, which never contains a bound value or a password.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// The result of a database call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong.
///
/// ```
/// # use covet_db::{Db, ErrorKind};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("sqlite::memory:").await?;
/// let error = db.execute("SELEKT 1").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Syntax);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A row with the same value of a unique column or key exists.
    UniqueViolation,
    /// A foreign key points nowhere, or is still pointed at.
    ForeignKeyViolation,
    /// A column that must have a value got none.
    NotNullViolation,
    /// A value breaks a CHECK constraint or the type of a strict column.
    CheckViolation,
    /// The transaction cannot be ordered among concurrent ones; run it again.
    Serialization,
    /// Two transactions waited for each other; run it again.
    Deadlock,
    /// A lock held by another connection was not released in time.
    LockTimeout,
    /// The call did not finish within its time-out.
    Timeout,
    /// No connection became free within the acquire time-out.
    PoolTimeout,
    /// The connection broke.
    ConnectionLost,
    /// A write was sent to a read-only transaction or database.
    ReadOnly,
    /// The statement is not valid: its text, or a table or column that it names.
    Syntax,
    /// A query that must give a row gave none.
    RowNotFound,
    /// A column is missing, or its value is not of the asked type.
    Decode,
    /// A value cannot be sent to this database.
    Encode,
    /// The database could not be opened or reached.
    Connect,
    /// The URL or an option is wrong.
    Configuration,
    /// A migration is missing, was edited, is out of order or failed.
    Migration,
    /// The connection broke during COMMIT: the transaction may or may not have happened.
    CommitUnknown,
    /// The database handle or the transaction has been closed.
    Closed,
    /// The call makes no sense where it was made, such as BEGIN outside `begin`.
    Misuse,
    /// The disk is full, or another limit of the database was reached.
    Limit,
    /// The database file or the data in it is damaged.
    Corrupt,
    /// Anything else.
    Other,
}

/// Why a database call failed.
///
/// ```
/// # use covet_db::{sql, Db};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("sqlite::memory:").await?;
/// db.execute("CREATE TABLE users (email TEXT UNIQUE)").await?;
/// let email = "ada@example.org";
/// db.execute(sql!("INSERT INTO users VALUES ({email})")).await?;
/// let error = db.execute(sql!("INSERT INTO users VALUES ({email})")).await.unwrap_err();
/// assert!(error.is_unique_violation());
/// assert_eq!(error.table(), Some("users"));
/// assert!(!error.to_string().contains(email));
/// # Ok(()) }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    statement: Option<Box<str>>,
    code: Option<Box<str>>,
    constraint: Option<Box<str>>,
    table: Option<Box<str>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            statement: None,
            code: None,
            constraint: None,
            table: None,
            source: None,
        }))
    }

    /// The error of a statement that has another number of values than places for them.
    pub(crate) fn unbound(places: usize, bound: usize) -> Self {
        let message = format!("the statement has places for {places} values, and {bound} are bound");
        Self::new(ErrorKind::Syntax, message)
    }

    /// The error of a statement that the database's transactions are not begun and ended by.
    pub(crate) fn by_hand() -> Self {
        Self::new(
            ErrorKind::Misuse,
            "BEGIN, COMMIT, ROLLBACK, SAVEPOINT and ATTACH are not sent as statements; use `transaction` or `begin`",
        )
    }

    pub(crate) fn with_statement(mut self, text: &str) -> Self {
        self.0.statement.get_or_insert_with(|| text.into());
        self
    }

    pub(crate) fn with_code(mut self, code: impl Into<Box<str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    pub(crate) fn with_constraint(mut self, constraint: impl Into<Box<str>>) -> Self {
        self.0.constraint = Some(constraint.into());
        self
    }

    pub(crate) fn with_table(mut self, table: impl Into<Box<str>>) -> Self {
        self.0.table = Some(table.into());
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// A value that the caller's own type could not be made of; for hand-written [`Decode`](crate::Decode) and
    /// [`FromRow`](crate::FromRow) implementations.
    ///
    /// ```
    /// let error = covet_db::Error::decode("the colour must be red or blue");
    /// assert_eq!(error.kind(), covet_db::ErrorKind::Decode);
    /// ```
    pub fn decode(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Decode, message)
    }

    /// What kind of failure this is.
    ///
    /// ```
    /// # let error = covet_db::Error::decode("no");
    /// match error.kind() {
    ///     covet_db::ErrorKind::RowNotFound => println!("no such row"),
    ///     other => println!("{other:?}"),
    /// }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether a unique column or key already has this value.
    ///
    /// ```
    /// # let error = covet_db::Error::decode("no");
    /// assert!(!error.is_unique_violation());
    /// ```
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        self.0.kind == ErrorKind::UniqueViolation
    }

    /// Whether a foreign key points nowhere or is still pointed at.
    ///
    /// ```
    /// # let error = covet_db::Error::decode("no");
    /// assert!(!error.is_foreign_key_violation());
    /// ```
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        self.0.kind == ErrorKind::ForeignKeyViolation
    }

    /// Whether the same transaction, run again from its start, may succeed.
    ///
    /// ```
    /// # let error = covet_db::Error::decode("no");
    /// assert!(!error.is_retryable());
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Serialization | ErrorKind::Deadlock | ErrorKind::LockTimeout)
    }

    /// The database's own code: the SQLSTATE, or as a decimal number the error number of MySQL and the extended result code
    /// of SQLite.
    ///
    /// ```
    /// # let error = covet_db::Error::decode("no");
    /// assert_eq!(error.code(), None);
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The constraint that was violated, as far as the database names it: SQLite names CHECK constraints, and the
    /// columns of a unique key as `table.column, table.column`.
    ///
    /// ```
    /// # let error = covet_db::Error::decode("no");
    /// assert_eq!(error.constraint(), None);
    /// ```
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.0.constraint.as_deref()
    }

    /// The table whose constraint was violated, as far as the database names it.
    ///
    /// ```
    /// # let error = covet_db::Error::decode("no");
    /// assert_eq!(error.table(), None);
    /// ```
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.0.table.as_deref()
    }

    /// The statement that failed, with placeholders where its values were.
    ///
    /// ```
    /// # let error = covet_db::Error::decode("no");
    /// assert_eq!(error.statement(), None);
    /// ```
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match self.0.statement.as_deref() {
            Some(statement) => write!(f, " in `{}`", Excerpt(statement)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Error");
        output.field("kind", &self.0.kind).field("message", &self.0.message);
        for (name, value) in [
            ("code", &self.0.code),
            ("constraint", &self.0.constraint),
            ("table", &self.0.table),
            ("statement", &self.0.statement),
        ] {
            if let Some(value) = value {
                output.field(name, value);
            }
        }
        if let Some(source) = &self.0.source {
            output.field("source", source);
        }
        output.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// A statement on one line and of bounded length: an error is read in a log, and a padded list of 1,024 placeholders
/// tells nobody anything.
struct Excerpt<'a>(&'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 300;
        let mut length = 0;
        for (index, word) in self.0.split_whitespace().enumerate() {
            length += word.chars().count() + 1;
            if length > LONGEST {
                return f.write_str(" …");
            }
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_one_bounded_line() {
        let long = format!("SELECT\n  {}", "?, ".repeat(1000));
        let text = Error::new(ErrorKind::Syntax, "no such table: t").with_statement(&long).to_string();
        assert!(text.starts_with("no such table: t in `SELECT ?, ?,"), "{text}");
        assert!(text.len() < 400 && !text.contains('\n'), "{text}");
    }

    #[test]
    fn the_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
