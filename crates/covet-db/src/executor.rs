//! The calls that a database and a transaction have in common, in one place.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::backend::{Backend, Rows, Shared, Wanted};
use crate::observe::{limited, observed, told};
use crate::pool::Place;
use crate::replicas::Replicas;
use crate::row::Batch;
use crate::slow::SlowLog;
use crate::sql::{Rendered, Text};
use crate::stream::RowStream;
use crate::transaction::scope::Scope;
use crate::{ConnectOptions, Decode, Dialect, Error, ErrorKind, FromRow, Result, Row, Sql};

/// What runs statements: a [`Db`](crate::Db) or a [`Transaction`](crate::Transaction), both of which dereference to it.
///
/// A function that takes `&Executor` works with either, in its caller's transaction if there is one:
///
/// ```
/// # use covet_db::{sql, Db, Executor, Result};
/// async fn stock(db: &Executor, book: i64) -> Result<i64> {
///     db.fetch_value(sql!("SELECT stock FROM books WHERE id = {book}")).await
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// # db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, stock INTEGER)").await?;
/// # db.execute("INSERT INTO books VALUES (7, 3)").await?;
/// assert_eq!(stock(&db, 7).await?, 3);
/// let left = db.transaction(async |tx| {
///     tx.execute("UPDATE books SET stock = stock - 1 WHERE id = 7").await?;
///     stock(tx, 7).await
/// }).await?;
/// assert_eq!(left, 2);
/// # Ok(()) }
/// ```
pub struct Executor {
    pub(crate) database: Arc<Database>,
    pub(crate) scope: Scope,
}

/// A connected database and how to treat it.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) backend: Backend,
    pub(crate) options: Arc<ConnectOptions>,
    /// How many runs of transactions were repeated.
    pub(crate) retried: AtomicU64,
    /// What took long.
    pub(crate) slow: SlowLog,
    pub(crate) replicas: Arc<Replicas>,
}

impl Database {
    pub(crate) fn new(backend: Backend, options: Arc<ConnectOptions>) -> Arc<Self> {
        let replicas = Replicas::new(&options);
        let slow = SlowLog::new(options.slow_statement);
        Arc::new(Self { backend, options, retried: AtomicU64::new(0), slow, replicas })
    }
}

/// What a statement that gives no rows has done.
///
/// ```
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT)").await?;
/// let done = db.execute("INSERT INTO books (title) VALUES ('Dune'), ('Emma')").await?;
/// assert_eq!(done.rows_affected, 2);
/// assert_eq!(done.last_insert_id, Some(2));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Executed {
    /// How many rows were inserted, updated or deleted.
    pub rows_affected: u64,
    /// The number that the database gave to the last row inserted, where it gives numbers: SQLite and MySQL do.
    pub last_insert_id: Option<i64>,
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("source", &self.database.options.source).field("scope", &self.scope).finish()
    }
}

impl Executor {
    /// Runs a statement and gives what it has done; rows that it may give are left.
    ///
    /// ```
    /// # use covet_db::{sql, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// # db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, price INTEGER)").await?;
    /// let least = 100;
    /// let done = db.execute(sql!("UPDATE books SET price = {least} WHERE price < {least}")).await?;
    /// assert_eq!(done.rows_affected, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the statement fails, takes longer than `command_timeout`, or no connection becomes free.
    #[track_caller]
    pub fn execute<'a>(&self, sql: impl Into<Sql<'a>>) -> impl Future<Output = Result<Executed>> + Send {
        let sql = sql.into();
        let place = Location::caller();
        async move {
            let rendered = sql.render(self.dialect())?;
            let text = rendered.text.clone();
            let timeout = sql.own_timeout().unwrap_or(self.database.options.command_timeout);
            let call = async move {
                let backend = &self.database.backend;
                let Some(mut turn) = self.scope.turn().await? else {
                    return backend.execute(None, rendered, place).await;
                };
                let result = backend.execute(Some(turn.lease()?), rendered, place).await;
                turn.over(&result);
                result
            };
            self.observe(text.as_str(), timeout, pin!(call)).await
        }
    }

    /// The first row.
    ///
    /// ```
    /// # use covet_db::{sql, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let (id, title): (i64, String) = db.fetch_one("SELECT 1, 'Dune'").await?;
    /// assert_eq!((id, title.as_str()), (1, "Dune"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::RowNotFound`] when there is none, [`ErrorKind::Decode`] when it is not a `T`; and when the statement
    /// fails, takes longer than `query_timeout`, or no connection becomes free.
    #[track_caller]
    pub fn fetch_one<'a, T: FromRow>(&self, sql: impl Into<Sql<'a>>) -> impl Future<Output = Result<T>> + Send {
        let (sql, place) = (sql.into(), Location::caller());
        async move { T::from_row(&self.first_row(sql, place).await??) }
    }

    /// The first row, or none.
    ///
    /// ```
    /// # use covet_db::{sql, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let none: Option<(i64,)> = db.fetch_optional("SELECT 1 WHERE 1 = 0").await?;
    /// assert!(none.is_none());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`fetch_one`](Self::fetch_one), but that no row is no error.
    #[track_caller]
    pub fn fetch_optional<'a, T: FromRow>(
        &self,
        sql: impl Into<Sql<'a>>,
    ) -> impl Future<Output = Result<Option<T>>> + Send {
        let (sql, place) = (sql.into(), Location::caller());
        async move { self.first_row(sql, place).await?.ok().map(|row| T::from_row(&row)).transpose() }
    }

    /// All rows.
    ///
    /// ```
    /// # use covet_db::{sql, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let rows: Vec<(i64,)> = db.fetch_all("VALUES (1), (2), (3)").await?;
    /// assert_eq!(rows.len(), 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`fetch_one`](Self::fetch_one), but that no row is no error.
    #[track_caller]
    pub fn fetch_all<'a, T: FromRow>(&self, sql: impl Into<Sql<'a>>) -> impl Future<Output = Result<Vec<T>>> + Send {
        let sql = sql.into();
        let place = Location::caller();
        async move {
            let rendered = sql.render(self.dialect())?;
            let batches = self.batches(rendered, sql.own_timeout(), Wanted::All, place).await?;
            decode_all(batches)
        }
    }

    /// The first column of the first row.
    ///
    /// ```
    /// # use covet_db::{sql, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let version: String = db.fetch_value("SELECT sqlite_version()").await?;
    /// assert!(version.starts_with("3."));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`fetch_one`](Self::fetch_one).
    #[track_caller]
    pub fn fetch_value<'a, T: Decode>(&self, sql: impl Into<Sql<'a>>) -> impl Future<Output = Result<T>> + Send {
        let (sql, place) = (sql.into(), Location::caller());
        async move { self.first_row(sql, place).await??.get(0) }
    }

    /// The rows one after the other in constant memory; the database goes on only as far as they are taken, and stops
    /// when the stream is dropped. The stream borrows nothing and can be a response's body. (A database in memory holds
    /// its rows anyway, and gives a stream all of them at once.)
    ///
    /// ```
    /// # use covet_db::{sql, Db};
    /// # use futures_util::TryStreamExt;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let mut rows = db.stream::<(i64,)>("VALUES (1), (2), (3)");
    /// let mut sum = 0;
    /// while let Some((number,)) = rows.try_next().await? {
    ///     sum += number;
    /// }
    /// assert_eq!(sum, 6);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The stream's items are errors where [`fetch_all`](Self::fetch_all) would fail; `query_timeout` counts anew for
    /// each batch of rows. Nothing comes after an error.
    #[track_caller]
    pub fn stream<'a, T: FromRow>(&self, sql: impl Into<Sql<'a>>) -> RowStream<T> {
        RowStream::new(self, &sql.into(), Location::caller())
    }

    /// The family of databases that statements are rendered for.
    ///
    /// ```
    /// # use covet_db::{Db, Dialect};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// assert_eq!(db.dialect().to_string(), "SQLite");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.database.backend.dialect()
    }

    /// The first row, or the error to give when there must be one. Not generic, so that it is compiled once.
    async fn first_row(&self, sql: Sql<'_>, place: Place) -> Result<Result<Row>> {
        let rendered = sql.render(self.dialect())?;
        let text = rendered.text.clone();
        let batches = self.batches(rendered, sql.own_timeout(), Wanted::One, place).await?;
        let row = batches.into_iter().next().and_then(Row::first);
        Ok(row.ok_or_else(|| Error::new(ErrorKind::RowNotFound, "no row was found").with_statement(text.as_str())))
    }

    async fn batches(
        &self,
        rendered: Rendered<'_>,
        timeout: Option<Duration>,
        wanted: Wanted,
        place: Place,
    ) -> Result<Vec<Batch>> {
        let text = rendered.text.clone();
        let timeout = timeout.unwrap_or(self.database.options.query_timeout);
        let backend = &self.database.backend;
        let call = async {
            let shared = match self.scope {
                Scope::Pool => backend.fetch_shared(&rendered, wanted, timeout).await,
                Scope::Transaction { .. } => Shared::NotYet(Duration::ZERO),
            };
            let spent = match shared {
                Shared::Answered(result) => return result,
                Shared::NotYet(spent) => spent,
            };
            let alone = async {
                let Some(mut turn) = self.scope.turn().await? else {
                    return backend.fetch(None, rendered, wanted, place).await;
                };
                let result = backend.fetch(Some(turn.lease()?), rendered, wanted, place).await;
                turn.over(&result);
                result
            };
            limited(text.as_str(), timeout, spent, alone).await
        };
        told(self.dialect(), text.as_str(), &self.database.slow, pin!(call)).await
    }

    /// Runs one statement with many rows of values, within a transaction.
    pub(crate) async fn repeat(&self, text: Text, rows: Rows) -> Result<u64> {
        let timeout = self.database.options.command_timeout;
        let statement = text.clone();
        let call = async move {
            let Some(mut turn) = self.scope.turn().await? else {
                return Err(Error::new(ErrorKind::Misuse, "rows are loaded within a transaction"));
            };
            let result = turn.lease()?.repeat(statement, rows).await;
            turn.over(&result);
            result
        };
        self.observe(text.as_str(), timeout, pin!(call)).await
    }

    /// An empty list of rows for a load; see [`Lease::rows`](crate::backend::Lease::rows).
    pub(crate) async fn rows(&self, text: &Text, columns: Option<&Text>) -> Result<Rows> {
        let timeout = self.database.options.command_timeout;
        let call = async move {
            let Some(mut turn) = self.scope.turn().await? else {
                return Err(Error::new(ErrorKind::Misuse, "rows are loaded within a transaction"));
            };
            let result = turn.lease()?.rows(text, columns).await;
            turn.over(&result);
            result
        };
        self.observe(text.as_str(), timeout, pin!(call)).await
    }

    /// Takes the call pinned, because a future that is handed on by value is copied at each step.
    pub(crate) async fn observe<T>(
        &self,
        text: &str,
        timeout: Duration,
        call: Pin<&mut impl Future<Output = Result<T>>>,
    ) -> Result<T> {
        observed(self.dialect(), text, timeout, &self.database.slow, call).await
    }
}

pub(crate) fn decode_all<T: FromRow>(batches: Vec<Batch>) -> Result<Vec<T>> {
    let mut rows = Vec::with_capacity(batches.iter().map(Batch::len).sum());
    for batch in batches {
        Row::visit(batch, |row| {
            rows.push(T::from_row(row)?);
            Ok(())
        })?;
    }
    Ok(rows)
}
