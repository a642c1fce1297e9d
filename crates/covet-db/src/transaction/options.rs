//! How a transaction is to run.

/// How a transaction is to run.
///
/// ```
/// use covet_db::TransactionOptions;
/// let mut options = TransactionOptions::default();
/// options.read_only = true;
/// assert_eq!(options.retries, 3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionOptions {
    /// What it may see of others; the database's default unless told. SQLite is always serializable, which is more than
    /// any level asks.
    pub isolation: Option<Isolation>,
    /// It only reads. SQLite runs it beside the writer, on one snapshot.
    pub read_only: bool,
    /// A serializable, read-only transaction waits until it can run without ever failing; only PostgreSQL can.
    pub deferrable: bool,
    /// How often [`transaction_with`](crate::Db::transaction_with) runs it again; 3 unless told.
    pub retries: u32,
}

impl Default for TransactionOptions {
    fn default() -> Self {
        Self { isolation: None, read_only: false, deferrable: false, retries: 3 }
    }
}

/// The four levels of standard SQL.
///
/// ```
/// use covet_db::{Isolation, TransactionOptions};
/// let mut options = TransactionOptions::default();
/// options.isolation = Some(Isolation::RepeatableRead);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "standard SQL has four levels")]
pub enum Isolation {
    /// Sees what others have not committed, where the database allows it.
    ReadUncommitted,
    /// Sees what others have committed, statement by statement.
    ReadCommitted,
    /// Sees the database as it was at its first statement.
    RepeatableRead,
    /// Runs as if it were alone.
    Serializable,
}
