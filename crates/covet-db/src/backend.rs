//! The adapters behind one type. An enum and not a trait object: calls are direct, and their futures stand in their callers'.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

#[cfg(not(feature = "mysql"))]
use crate::absent as mysql;
#[cfg(not(feature = "postgres"))]
use crate::absent as postgres;
#[cfg(not(feature = "sqlite"))]
use crate::absent as sqlite;
use crate::batch::{Asked, Reply};
#[cfg(feature = "mysql")]
use crate::mysql;
use crate::pool::{Place, PoolStats};
#[cfg(feature = "postgres")]
use crate::postgres;
use crate::row::Batch;
use crate::sql::{Rendered, Text};
#[cfg(feature = "sqlite")]
use crate::sqlite;
use crate::url::Source;
use crate::{ConnectOptions, Dialect, Error, ErrorKind, Executed, Param, Result, TransactionOptions};

/// How many rows of a result are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    One,
    All,
}

/// How a statement went on a connection that it shares with others.
pub(crate) enum Shared {
    /// The server's answer.
    Answered(Result<Vec<Batch>>),
    /// It is to run on a connection of its own, after so much time.
    NotYet(Duration),
}

/// A connected database.
#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
    Mysql(mysql::Mysql),
}

/// SQLite's introspection, for the calls that ask it.
pub(crate) use sqlite::introspection as sqlite_introspection;

/// PostgreSQL's.
pub(crate) use postgres::introspection as postgres_introspection;

/// MySQL's.
pub(crate) use mysql::introspection as mysql_introspection;

/// A lease on a connection of a database.
#[derive(Debug)]
pub(crate) enum Lease {
    Sqlite(crate::pool::Lease<sqlite::Connection>),
    Postgres(crate::pool::Lease<postgres::Connection>),
    Mysql(crate::pool::Lease<mysql::Connection>),
}

/// The batches of a stream.
pub(crate) enum Batches {
    Sqlite(sqlite::Batches),
    Postgres(postgres::Batches),
    Mysql(mysql::Batches),
}

/// A statement for a stream.
pub(crate) enum PreparedStream {
    Sqlite(sqlite::PreparedStream),
    Postgres(postgres::PreparedStream),
    Mysql(mysql::PreparedStream),
}

/// Rows of values, in the form in which the adapter sends them.
pub(crate) enum Rows {
    Sqlite(sqlite::Rows),
    Postgres(postgres::Rows),
    Mysql(mysql::Rows),
}

impl Backend {
    /// Connects, trying again when the failure may pass.
    pub(crate) async fn connect(options: &Arc<ConnectOptions>) -> Result<Self> {
        match options.source {
            Source::Sqlite { .. } => {
                let connect = || sqlite::Sqlite::connect(options);
                trying_again(options.attempts, sqlite::passes, connect).await.map(Self::Sqlite)
            }
            Source::Postgres(_) => {
                let connect = || postgres::Postgres::connect(options);
                trying_again(options.attempts, postgres::passes, connect).await.map(Self::Postgres)
            }
            Source::Mysql(_) => {
                let connect = || mysql::Mysql::connect(options);
                trying_again(options.attempts, mysql::passes, connect).await.map(Self::Mysql)
            }
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        match self {
            Self::Sqlite(sqlite) => sqlite.stats(),
            Self::Postgres(postgres) => postgres.stats(),
            Self::Mysql(mysql) => mysql.stats(),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(postgres) => postgres.close().await,
            Self::Mysql(mysql) => mysql.close().await,
        }
    }

    /// Runs a statement outside of transactions on a connection that many share, where there is one that has time for it. It
    /// minds the time-out itself.
    pub(crate) async fn fetch_shared(&self, rendered: &Rendered<'_>, wanted: Wanted, timeout: Duration) -> Shared {
        match self {
            Self::Postgres(postgres) => postgres.fetch_shared(rendered, wanted, timeout).await,
            Self::Sqlite(_) | Self::Mysql(_) => Shared::NotYet(Duration::ZERO),
        }
    }

    pub(crate) async fn fetch(
        &self,
        within: Option<&Lease>,
        rendered: Rendered<'_>,
        wanted: Wanted,
        place: Place,
    ) -> Result<Vec<Batch>> {
        match self {
            Self::Sqlite(sqlite) => sqlite.fetch(within.and_then(Lease::sqlite), rendered, wanted, place).await,
            // In a box, because most that only look have been answered on a lane before, and their callers' futures are to be
            // small.
            Self::Postgres(postgres) => {
                Box::pin(postgres.fetch(within.and_then(Lease::postgres), rendered, wanted, place)).await
            }
            Self::Mysql(mysql) => mysql.fetch(within.and_then(Lease::mysql), rendered, wanted, place).await,
        }
    }

    pub(crate) async fn execute(
        &self,
        within: Option<&Lease>,
        rendered: Rendered<'_>,
        place: Place,
    ) -> Result<Executed> {
        match self {
            Self::Sqlite(sqlite) => sqlite.execute(within.and_then(Lease::sqlite), rendered, place).await,
            Self::Postgres(postgres) => postgres.execute(within.and_then(Lease::postgres), rendered, place).await,
            Self::Mysql(mysql) => mysql.execute(within.and_then(Lease::mysql), rendered, place).await,
        }
    }

    /// Several statements in order; see [`Executor::batch`](crate::Executor::batch).
    pub(crate) async fn batch(
        &self,
        within: Option<&Lease>,
        asked: Vec<Asked<'_>>,
        place: Place,
    ) -> Result<Vec<Reply>> {
        if let Self::Postgres(postgres) = self {
            return postgres.batch(within.and_then(Lease::postgres), asked, place).await;
        }
        Box::pin(self.one_by_one(within, asked, place)).await
    }

    /// The statements of a batch, each after the answer to the one before it.
    async fn one_by_one(&self, within: Option<&Lease>, asked: Vec<Asked<'_>>, place: Place) -> Result<Vec<Reply>> {
        let mut replies = Vec::with_capacity(asked.len());
        for Asked { rendered, wanted } in asked {
            let reply = match wanted {
                Some(wanted) => self.fetch(within, rendered, wanted, place).await.map(Reply::Rows),
                None => self.execute(within, rendered, place).await.map(Reply::Executed),
            };
            if within.is_some() && reply.is_err() {
                return reply.map(|reply| vec![reply]);
            }
            replies.push(reply);
        }
        replies.into_iter().collect()
    }

    pub(crate) fn prepare_stream(&self, rendered: Rendered<'_>) -> Result<PreparedStream> {
        match self {
            Self::Sqlite(_) => sqlite::PreparedStream::new(rendered).map(PreparedStream::Sqlite),
            Self::Postgres(_) => postgres::PreparedStream::new(rendered).map(PreparedStream::Postgres),
            Self::Mysql(_) => mysql::PreparedStream::new(rendered).map(PreparedStream::Mysql),
        }
    }

    pub(crate) async fn stream(
        &self,
        within: Option<&Lease>,
        statement: PreparedStream,
        place: Place,
    ) -> Result<Batches> {
        match (self, statement) {
            (Self::Sqlite(sqlite), PreparedStream::Sqlite(statement)) => {
                sqlite.stream(within.and_then(Lease::sqlite), statement, place).await.map(Batches::Sqlite)
            }
            (Self::Postgres(postgres), PreparedStream::Postgres(statement)) => {
                postgres.stream(within.and_then(Lease::postgres), statement, place).await.map(Batches::Postgres)
            }
            (Self::Mysql(mysql), PreparedStream::Mysql(statement)) => {
                mysql.stream(within.and_then(Lease::mysql), statement, place).await.map(Batches::Mysql)
            }
            _ => Err(elsewhere()),
        }
    }

    /// The lease on which a transaction will run.
    pub(crate) async fn lease(&self, options: &TransactionOptions, place: Place) -> Result<Lease> {
        match self {
            Self::Sqlite(sqlite) => sqlite.lease_for(options, place).await.map(Lease::Sqlite),
            Self::Postgres(postgres) => postgres.lease_for(options, place).await.map(Lease::Postgres),
            Self::Mysql(mysql) => mysql.lease_for(options, place).await.map(Lease::Mysql),
        }
    }
}

impl Lease {
    fn sqlite(&self) -> Option<&crate::pool::Lease<sqlite::Connection>> {
        match self {
            Self::Sqlite(lease) => Some(lease),
            Self::Postgres(_) | Self::Mysql(_) => None,
        }
    }

    pub(crate) fn postgres(&self) -> Option<&crate::pool::Lease<postgres::Connection>> {
        match self {
            Self::Postgres(lease) => Some(lease),
            Self::Sqlite(_) | Self::Mysql(_) => None,
        }
    }

    pub(crate) fn mysql(&self) -> Option<&crate::pool::Lease<mysql::Connection>> {
        match self {
            Self::Mysql(lease) => Some(lease),
            Self::Sqlite(_) | Self::Postgres(_) => None,
        }
    }

    /// An empty list of rows for a statement. For a load into a table, `columns` is a query of the columns alone.
    pub(crate) async fn rows(&self, text: &Text, columns: Option<&Text>) -> Result<Rows> {
        match self {
            Self::Sqlite(lease) => sqlite::rows(lease, text, columns).await.map(Rows::Sqlite),
            Self::Postgres(lease) => postgres::rows(lease, text, columns).await.map(Rows::Postgres),
            Self::Mysql(lease) => mysql::rows(lease, text, columns).await.map(Rows::Mysql),
        }
    }

    pub(crate) async fn begin(&self, options: &TransactionOptions) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::begin(lease, options).await,
            Self::Postgres(lease) => postgres::begin(lease, options).await,
            Self::Mysql(lease) => mysql::begin(lease, options).await,
        }
    }

    /// Sends a statement of this crate's own, such as SAVEPOINT.
    pub(crate) async fn control(&self, text: Text) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::control(lease, text).await,
            Self::Postgres(lease) => postgres::control(lease, text).await,
            Self::Mysql(lease) => mysql::control(lease, text).await,
        }
    }

    /// Runs one statement with many rows of values and says how many rows of the database it touched.
    pub(crate) async fn repeat(&self, text: Text, rows: Rows) -> Result<u64> {
        match (self, rows) {
            (Self::Sqlite(lease), Rows::Sqlite(rows)) => sqlite::repeat(lease, text, rows).await,
            (Self::Postgres(lease), Rows::Postgres(rows)) => postgres::repeat(lease, text, rows).await,
            (Self::Mysql(lease), Rows::Mysql(rows)) => mysql::repeat(lease, text, rows).await,
            _ => Err(elsewhere()),
        }
    }

    /// Runs the statements of a migration. With an error comes how many of them have been done and cannot be undone.
    pub(crate) async fn script(&self, text: String) -> Result<(), (usize, Error)> {
        match self {
            Self::Sqlite(lease) => sqlite::script(lease, text).await.map_err(|error| (0, error)),
            Self::Postgres(lease) => postgres::script(lease, text).await.map_err(|error| (0, error)),
            Self::Mysql(lease) => mysql::counted_script(lease, text).await,
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::commit(lease).await,
            Self::Postgres(lease) => postgres::commit(lease).await,
            Self::Mysql(lease) => mysql::commit(lease).await,
        }
    }

    pub(crate) async fn roll_back(self) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::roll_back(lease).await,
            Self::Postgres(lease) => postgres::roll_back(lease).await,
            Self::Mysql(lease) => mysql::roll_back(lease).await,
        }
    }

    /// Rolls back without waiting; for destructors.
    pub(crate) fn abandon(self) {
        match self {
            Self::Sqlite(lease) => sqlite::abandon(lease),
            Self::Postgres(lease) => postgres::abandon(lease),
            Self::Mysql(lease) => mysql::abandon(lease),
        }
    }
}

impl Batches {
    pub(crate) async fn next(&mut self) -> Option<Result<Batch>> {
        match self {
            Self::Sqlite(batches) => batches.next().await,
            Self::Postgres(batches) => batches.next().await,
            Self::Mysql(batches) => batches.next().await,
        }
    }
}

impl PreparedStream {
    pub(crate) fn text(&self) -> &Text {
        match self {
            Self::Sqlite(statement) => statement.text(),
            Self::Postgres(statement) => statement.text(),
            Self::Mysql(statement) => statement.text(),
        }
    }
}

impl Rows {
    pub(crate) fn push<'a>(&mut self, params: impl IntoIterator<Item = Param<'a>>) -> Result<()> {
        match self {
            Self::Sqlite(rows) => rows.push(params),
            Self::Postgres(rows) => rows.push(params),
            Self::Mysql(rows) => rows.push(params),
        }
    }

    /// The same without rows.
    pub(crate) fn another(&self) -> Self {
        match self {
            Self::Sqlite(rows) => Self::Sqlite(rows.another()),
            Self::Postgres(rows) => Self::Postgres(rows.another()),
            Self::Mysql(rows) => Self::Mysql(rows.another()),
        }
    }

    /// Whether it is time to send them.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Sqlite(rows) => rows.is_full(),
            Self::Postgres(rows) => rows.is_full(),
            Self::Mysql(rows) => rows.is_full(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Sqlite(rows) => rows.len(),
            Self::Postgres(rows) => rows.len(),
            Self::Mysql(rows) => rows.len(),
        }
    }
}

/// The error of mixing what belongs to two databases, which nothing in this crate does.
fn elsewhere() -> Error {
    Error::new(ErrorKind::Misuse, "the statement was made for another database")
}

/// Opens something, and tries again when the failure may pass, after a wait that doubles and has chance in it.
pub(crate) async fn trying_again<T, F: Future<Output = Result<T>>>(
    attempts: u32,
    passes: impl Fn(&Error) -> bool,
    mut open: impl FnMut() -> F,
) -> Result<T> {
    let mut attempt = 1;
    loop {
        match open().await {
            Err(error) if attempt < attempts && passes(&error) => {
                tracing::warn!(attempt, %error, "connecting failed and is tried again");
                tokio::time::sleep(backoff(attempt, Duration::from_millis(100))).await;
                attempt += 1;
            }
            other => return other,
        }
    }
}

/// A wait anywhere between nothing and a bound that doubles with each attempt, so that those who failed together do not
/// come back together.
pub(crate) fn backoff(attempt: u32, first: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let bound = first.saturating_mul(1 << attempt.saturating_sub(1).min(6));
    let chance = RandomState::new().hash_one(attempt) % 1000;
    bound.mul_f64(chance as f64 / 1000.0)
}
