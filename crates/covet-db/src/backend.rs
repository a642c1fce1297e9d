//! The adapters behind one type. An enum and not a trait object: calls are direct, and their futures stand in their callers'.

use std::sync::Arc;
use std::time::Duration;

#[cfg(not(feature = "sqlite"))]
use crate::absent as sqlite;
use crate::pool::{Place, PoolStats};
use crate::row::Batch;
use crate::sql::{Rendered, Text};
#[cfg(feature = "sqlite")]
use crate::sqlite;
use crate::url::Source;
use crate::{ConnectOptions, Dialect, Executed, Param, Result, TransactionOptions};

/// How many rows of a result are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    One,
    All,
}

/// A connected database.
#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(sqlite::Sqlite),
}

/// SQLite's introspection, for the calls that ask it.
pub(crate) use sqlite::introspection as sqlite_introspection;

/// A lease on a connection of a database.
#[derive(Debug)]
pub(crate) enum Lease {
    Sqlite(crate::pool::Lease<sqlite::Connection>),
}

/// The batches of a stream.
pub(crate) enum Batches {
    Sqlite(sqlite::Batches),
}

/// A statement for a stream.
pub(crate) enum PreparedStream {
    Sqlite(sqlite::PreparedStream),
}

/// Rows of values, in the form in which the adapter sends them.
pub(crate) enum Rows {
    Sqlite(sqlite::Rows),
}

impl Backend {
    /// Connects, trying again when the failure may pass, after a wait that doubles and has chance in it.
    pub(crate) async fn connect(options: &Arc<ConnectOptions>) -> Result<Self> {
        let mut attempt = 1;
        loop {
            let result = match options.source {
                Source::Sqlite { .. } => sqlite::Sqlite::connect(options).await.map(Self::Sqlite),
            };
            match result {
                Err(error) if attempt < options.attempts && sqlite::passes(&error) => {
                    tracing::warn!(attempt, %error, "connecting failed and is tried again");
                    tokio::time::sleep(backoff(attempt, Duration::from_millis(100))).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        match self {
            Self::Sqlite(sqlite) => sqlite.stats(),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
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
            Self::Sqlite(sqlite) => sqlite.fetch(within.map(Lease::sqlite), rendered, wanted, place).await,
        }
    }

    pub(crate) async fn execute(
        &self,
        within: Option<&Lease>,
        rendered: Rendered<'_>,
        place: Place,
    ) -> Result<Executed> {
        match self {
            Self::Sqlite(sqlite) => sqlite.execute(within.map(Lease::sqlite), rendered, place).await,
        }
    }

    pub(crate) fn prepare_stream(&self, rendered: Rendered<'_>) -> Result<PreparedStream> {
        match self {
            Self::Sqlite(_) => sqlite::PreparedStream::new(rendered).map(PreparedStream::Sqlite),
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
                sqlite.stream(within.map(Lease::sqlite), statement, place).await.map(Batches::Sqlite)
            }
        }
    }

    /// The lease on which a transaction will run.
    pub(crate) async fn lease(&self, options: &TransactionOptions, place: Place) -> Result<Lease> {
        match self {
            Self::Sqlite(sqlite) => sqlite.lease_for(options, place).await.map(Lease::Sqlite),
        }
    }

    pub(crate) fn rows(&self) -> Rows {
        match self {
            Self::Sqlite(_) => Rows::Sqlite(sqlite::Rows::default()),
        }
    }
}

impl Lease {
    fn sqlite(&self) -> &crate::pool::Lease<sqlite::Connection> {
        match self {
            Self::Sqlite(lease) => lease,
        }
    }

    pub(crate) async fn begin(&self, options: &TransactionOptions) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::begin(lease, options).await,
        }
    }

    /// Sends a statement of this crate's own, such as SAVEPOINT.
    pub(crate) async fn control(&self, text: Text) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::control(lease, text).await,
        }
    }

    /// Runs one statement with many rows of values and says how many rows of the database it touched.
    pub(crate) async fn repeat(&self, text: Text, rows: Rows) -> Result<u64> {
        match (self, rows) {
            (Self::Sqlite(lease), Rows::Sqlite(rows)) => sqlite::repeat(lease, text, rows).await,
        }
    }

    /// Runs the statements of a migration.
    pub(crate) async fn script(&self, text: String) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::script(lease, text).await,
        }
    }

    pub(crate) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::commit(lease).await,
        }
    }

    pub(crate) async fn roll_back(self) -> Result<()> {
        match self {
            Self::Sqlite(lease) => sqlite::roll_back(lease).await,
        }
    }

    /// Rolls back without waiting; for destructors.
    pub(crate) fn abandon(self) {
        match self {
            Self::Sqlite(lease) => sqlite::abandon(lease),
        }
    }
}

impl Batches {
    pub(crate) async fn next(&mut self) -> Option<Result<Batch>> {
        match self {
            Self::Sqlite(batches) => batches.next().await,
        }
    }
}

impl PreparedStream {
    pub(crate) fn text(&self) -> &Text {
        match self {
            Self::Sqlite(statement) => statement.text(),
        }
    }
}

impl Rows {
    pub(crate) fn push<'a>(&mut self, params: impl IntoIterator<Item = Param<'a>>) -> Result<()> {
        match self {
            Self::Sqlite(rows) => rows.push(params),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Sqlite(rows) => rows.len(),
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
