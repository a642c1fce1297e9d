//! Transactions.
//!
//! Two forms of closure, because a closure that is retried and borrows cannot be `Send` on stable Rust: the one of
//! [`Executor::transaction`] runs once and may borrow, the one of [`Db::transaction_with`] may run again and owns its
//! handle. Either way the transaction is committed when the closure gives `Ok`, and rolled back when it gives `Err`,
//! panics, or is dropped.

mod options;
mod savepoint;
pub(crate) mod scope;

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub use options::{Isolation, TransactionOptions};

use crate::backend::backoff;
use crate::pool::Place;
use crate::{Db, Error, ErrorKind, Executor, Result};
use scope::{Open, Scope};

/// How long the first wait before running a transaction again can be.
const FIRST_WAIT: Duration = Duration::from_millis(10);

/// An open transaction; it has all the calls of [`Executor`]. Dropped without [`commit`](Self::commit), it is rolled back.
///
/// A call that is dropped before its answer came dooms the transaction, since nobody knows whether it happened: from
/// then on it can only be rolled back.
///
/// ```
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// db.execute("CREATE TABLE books (id INTEGER)").await?;
/// let tx = db.begin().await?;
/// tx.execute("INSERT INTO books VALUES (1)").await?;
/// tx.rollback().await?;
/// assert_eq!(db.fetch_value::<i64>("SELECT count(*) FROM books").await?, 0);
/// # Ok(()) }
/// ```
pub struct Transaction {
    executor: Executor,
}

impl Deref for Transaction {
    type Target = Executor;

    fn deref(&self) -> &Executor {
        &self.executor
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transaction").field(&self.executor).finish()
    }
}

impl Transaction {
    fn new(db: &Executor, open: &Arc<Open>, depth: u32) -> Self {
        Self {
            executor: Executor {
                database: Arc::clone(&db.database),
                scope: Scope::Transaction { open: Arc::clone(open), depth },
            },
        }
    }

    fn open(&self) -> Result<&Arc<Open>> {
        match &self.executor.scope {
            Scope::Transaction { open, .. } => Ok(open),
            Scope::Pool => Err(Error::new(ErrorKind::Closed, "the transaction has ended")),
        }
    }

    /// Makes everything in the transaction last. Once sent, the COMMIT is finished even when this call is dropped.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let tx = db.begin().await?;
    /// tx.execute("CREATE TABLE books (id INTEGER)").await?;
    /// tx.commit().await?;
    /// assert!(db.table_exists("books").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the database refuses it, and it is rolled back then; [`ErrorKind::CommitUnknown`] when the connection broke
    /// before the answer came; [`ErrorKind::Closed`] when a call in it was given up or it has already ended.
    pub async fn commit(self) -> Result<()> {
        commit(self.open()?).await
    }

    /// Undoes everything in the transaction. Dropping it does the same without waiting for it.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let tx = db.begin().await?;
    /// tx.execute("CREATE TABLE books (id INTEGER)").await?;
    /// tx.rollback().await?;
    /// assert!(!db.table_exists("books").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the connection broke, which rolls back as well, or when the transaction has already ended.
    pub async fn rollback(self) -> Result<()> {
        self.open()?.take().await?.roll_back().await
    }
}

impl Executor {
    /// Runs a closure in a transaction, once. Within a transaction it makes a savepoint, so that an error of the closure
    /// undoes what the closure did and the rest stays.
    ///
    /// ```
    /// # use covet_db::{sql, Db, Error};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// # db.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER CHECK (balance >= 0))").await?;
    /// # db.execute("INSERT INTO accounts VALUES (1, 10), (2, 0)").await?;
    /// let (from, to, amount) = (1, 2, 25);
    /// let moved = db.transaction(async |tx| {
    ///     tx.execute(sql!("UPDATE accounts SET balance = balance + {amount} WHERE id = {to}")).await?;
    ///     tx.execute(sql!("UPDATE accounts SET balance = balance - {amount} WHERE id = {from}")).await?;
    ///     Ok::<_, Error>(())
    /// }).await;
    /// assert!(moved.is_err());
    /// assert_eq!(db.fetch_value::<i64>("SELECT balance FROM accounts WHERE id = 2").await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The closure's own error, or the database's in its type when the transaction cannot be begun or committed.
    #[track_caller]
    pub fn transaction<T, E: From<Error>>(
        &self,
        closure: impl AsyncFnOnce(&Transaction) -> Result<T, E>,
    ) -> impl Future<Output = Result<T, E>> {
        let place = Location::caller();
        async move {
            if let Scope::Transaction { open, depth } = &self.scope {
                return savepoint::nested(self, open, *depth, closure).await;
            }
            let open = begin(self, &TransactionOptions::default(), place).await?;
            let owner = RollBackOnDrop(Arc::clone(&open));
            let value = match closure(&Transaction::new(self, &open, 0)).await {
                Ok(value) => value,
                Err(error) => {
                    roll_back(&open).await;
                    return Err(error);
                }
            };
            commit(&open).await?;
            drop(owner);
            Ok(value)
        }
    }
}

impl Db {
    /// Runs a closure in a transaction with these options, and runs it again when the database says that the transaction
    /// could not be ordered among others, also when it says so at COMMIT. The closure's other effects must bear that.
    ///
    /// ```
    /// # use covet_db::{sql, Db, Error, Isolation, TransactionOptions};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// # db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, stock INTEGER)").await?;
    /// # db.execute("INSERT INTO books VALUES (7, 3)").await?;
    /// # let book = 7;
    /// let mut options = TransactionOptions::default();
    /// options.isolation = Some(Isolation::Serializable);
    /// let left: i64 = db.transaction_with(options, |tx| async move {
    ///     tx.execute(sql!("UPDATE books SET stock = stock - 1 WHERE id = {book}")).await?;
    ///     tx.fetch_value(sql!("SELECT stock FROM books WHERE id = {book}")).await
    /// }).await?;
    /// assert_eq!(left, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The closure's own error, or the database's in its type when the transaction cannot be begun or committed, once
    /// `retries` are used up.
    #[track_caller]
    pub fn transaction_with<T, E: From<Error>, F: Future<Output = Result<T, E>>>(
        &self,
        options: TransactionOptions,
        mut closure: impl FnMut(Transaction) -> F,
    ) -> impl Future<Output = Result<T, E>> {
        let place = Location::caller();
        async move {
            let mut attempt = 0;
            loop {
                let (error, retryable) = match self.attempt(&options, &mut closure, place).await {
                    Ok(value) => return Ok(value),
                    Err(failed) => failed,
                };
                if !retryable || attempt == options.retries {
                    return Err(error);
                }
                attempt += 1;
                self.database.retried.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(attempt, "a transaction is run again");
                tokio::time::sleep(backoff(attempt, FIRST_WAIT)).await;
            }
        }
    }

    /// One run of the closure: its value, or its error and whether another run may do better.
    async fn attempt<T, E: From<Error>, F: Future<Output = Result<T, E>>>(
        &self,
        options: &TransactionOptions,
        closure: &mut impl FnMut(Transaction) -> F,
        place: Place,
    ) -> Result<T, (E, bool)> {
        let from_database = |error: Error| {
            let retryable = error.is_retryable();
            (E::from(error), retryable)
        };
        let open = begin(self, options, place).await.map_err(from_database)?;
        let owner = RollBackOnDrop(Arc::clone(&open));
        let value = match closure(Transaction::new(self, &open, 0)).await {
            Ok(value) => value,
            Err(error) => {
                roll_back(&open).await;
                // The closure's error has a type of its own; what the database said to its calls was noted.
                return Err((error, open.is_retryable()));
            }
        };
        commit(&open).await.map_err(from_database)?;
        drop(owner);
        Ok(value)
    }

    /// Begins a transaction that is ended by hand. The closures of [`transaction`](Executor::transaction) cannot be left
    /// open by mistake; prefer them.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let tx = db.begin().await?;
    /// let one: i64 = tx.fetch_value("SELECT 1").await?;
    /// tx.commit().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When no connection becomes free, or when another process keeps the lock that a writing transaction needs.
    #[track_caller]
    pub fn begin(&self) -> impl Future<Output = Result<Transaction>> + Send {
        self.begin_with(TransactionOptions::default())
    }

    /// Begins a transaction with options, of which `retries` means nothing here.
    ///
    /// ```
    /// # use covet_db::{Db, TransactionOptions};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let mut options = TransactionOptions::default();
    /// options.read_only = true;
    /// let tx = db.begin_with(options).await?;
    /// tx.commit().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    #[track_caller]
    pub fn begin_with(&self, options: TransactionOptions) -> impl Future<Output = Result<Transaction>> + Send {
        let place = Location::caller();
        async move {
            let open = begin(self, &options, place).await?;
            Ok(Transaction::new(self, &open, 0))
        }
    }
}

/// Begins a transaction for a call of this crate's own.
#[cfg(feature = "postgres")]
pub(crate) async fn begin_on(db: &Executor, options: TransactionOptions, place: Place) -> Result<Transaction> {
    let open = begin(db, &options, place).await?;
    Ok(Transaction::new(db, &open, 0))
}

async fn begin(db: &Executor, options: &TransactionOptions, place: Place) -> Result<Arc<Open>> {
    let lease = db.database.backend.lease(options, place).await?;
    // From here on the lease is the transaction's, which ends it in order even when this call is dropped.
    let open = Arc::new(Open::new(lease));
    let scope = Scope::Transaction { open: Arc::clone(&open), depth: 0 };
    if let Some(mut turn) = scope.turn().await? {
        let begun = turn.lease()?.begin(options).await;
        turn.over(&begun);
        begun?;
    }
    Ok(open)
}

async fn commit(open: &Open) -> Result<()> {
    let lease = open.take().await?;
    if open.is_doomed() {
        // The call's error is not better than the reason why it had to come.
        let _ = lease.roll_back().await;
        return Err(scope::doomed());
    }
    lease.commit().await.map_err(|error| match error.kind() {
        ErrorKind::ConnectionLost => {
            Error::new(ErrorKind::CommitUnknown, "the connection broke during COMMIT").with_source(error)
        }
        _ => error,
    })
}

/// Rolls back after an error of the closure, which says more than one of the rollback would.
async fn roll_back(open: &Open) {
    if let Ok(lease) = open.take().await {
        let _ = lease.roll_back().await;
    }
}

/// Ends the transaction when its closure panics or its future is dropped, also when the closure gave its handle away.
struct RollBackOnDrop(Arc<Open>);

impl Drop for RollBackOnDrop {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
