//! SQLite: one connection that writes and several that read, each on a thread of its own.
//!
//! SQLite's calls block, and a thread per connection hops half as far as a thread pool does. Reads go to the readers. What
//! is a read is SQLite's word, not ours: a statement that looks like one is sent to a reader, which prepares it, asks
//! SQLite, and sends it back if it writes. Readers are opened read-only, so that a mistake here could not write.

mod connection;
mod control;
mod encode;
mod error;
pub(crate) mod introspection;
mod open;
mod statement_cache;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use tokio::sync::mpsc;

pub(crate) use connection::Connection;

use crate::backend::Wanted;
use crate::pool::{Lease, Lookups, Place, Pool, PoolStats};
use crate::row::Batch;
use crate::sql::{Rendered, Text};
use crate::url::Source;
use crate::{ConnectOptions, Error, ErrorKind, Executed, Param, Result, SqliteMode, TransactionOptions};
use connection::{Answer, BATCHES_AHEAD, Session, Statement, Work, give_away};
use open::Role;

/// How many rows of a load go to the thread at a time.
const ROWS_AT_A_TIME: usize = 1000;

/// The pools over one file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    options: Arc<ConnectOptions>,
    writer: Arc<Pool<Connection>>,
    readers: Arc<Pool<Connection>>,
    /// In memory there is one connection, and opening another would silently be another, empty database.
    in_memory: bool,
    memory_made: AtomicBool,
    /// What the threads count together; each has a clone.
    threads: Arc<Lookups>,
}

/// The rows of a stream on their way.
pub(crate) struct Batches {
    ready: std::vec::IntoIter<Batch>,
    rest: Option<Rest>,
}

/// What a thread still makes, and what stops it.
struct Rest {
    receiver: mpsc::Receiver<Result<Answer<Batch>>>,
    guard: control::CancelOnDrop,
}

impl Batches {
    pub(crate) async fn next(&mut self) -> Option<Result<Batch>> {
        if let Some(batch) = self.ready.next() {
            return Some(Ok(batch));
        }
        let rest = self.rest.as_mut()?;
        match rest.receiver.recv().await {
            Some(Ok(Answer::Done(batch))) => Some(Ok(batch)),
            Some(Err(error)) => Some(Err(error)),
            Some(Ok(Answer::Writes(_))) | None => {
                rest.guard.answered();
                None
            }
        }
    }
}

impl Sqlite {
    pub(crate) async fn connect(options: &Arc<ConnectOptions>) -> Result<Self> {
        let in_memory = matches!(options.source, Source::Sqlite { path: None });
        let writer = Pool::new(1, &options.pool);
        let readers = options.sqlite.readers.min(options.pool.max);
        let database = Self {
            readers: if in_memory || readers == 0 { Arc::clone(&writer) } else { Pool::new(readers, &options.pool) },
            options: Arc::clone(options),
            writer,
            in_memory,
            memory_made: AtomicBool::new(false),
            threads: Arc::default(),
        };
        // The writer makes the file and its log, which readers cannot.
        let first = if options.sqlite.mode == SqliteMode::Read { &database.readers } else { &database.writer };
        drop(database.lease(first, std::panic::Location::caller()).await?);
        Ok(database)
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let mut stats = self.writer.stats();
        if !Arc::ptr_eq(&self.writer, &self.readers) {
            stats = stats.add(&self.readers.stats());
        }
        PoolStats { statements: self.threads.stats(), ..stats }
    }

    pub(crate) async fn close(&self) {
        self.writer.close();
        self.readers.close();
        self.writer.drained().await;
        self.readers.drained().await;
        self.threads_end().await;
    }

    /// Waits until the threads have closed the file, which is when SQLite removes its log.
    async fn threads_end(&self) {
        let deadline = Instant::now() + self.options.pool.acquire_timeout;
        while Arc::strong_count(&self.threads) > 1 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn lease(&self, pool: &Arc<Pool<Connection>>, place: Place) -> Result<Lease<Connection>> {
        let mut lease = pool.acquire(place).await?;
        if lease.connection().is_none() {
            if self.in_memory && self.memory_made.swap(true, Ordering::Relaxed) {
                return Err(Error::new(ErrorKind::ConnectionLost, "the database in memory is gone"));
            }
            let role = if Arc::ptr_eq(pool, &self.writer) { Role::Writer } else { Role::Reader };
            lease.fill(open::open(&self.options, role, Arc::clone(&self.threads)).await?);
        }
        Ok(lease)
    }

    /// Where a statement is tried first. Only a hint: the reader asks SQLite.
    fn first_choice(&self, text: &Text) -> &Arc<Pool<Connection>> {
        let text = text.as_str().trim_start();
        let word = text.split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
        let reads = ["SELECT", "WITH", "VALUES", "EXPLAIN"].iter().any(|first| word.eq_ignore_ascii_case(first));
        if reads { &self.readers } else { &self.writer }
    }

    pub(crate) async fn fetch(
        &self,
        within: Option<&Lease<Connection>>,
        rendered: Rendered<'_>,
        wanted: Wanted,
        place: Place,
    ) -> Result<Vec<Batch>> {
        self.fetch_statement(within, statement(rendered)?, wanted, place).await
    }

    async fn fetch_statement(
        &self,
        within: Option<&Lease<Connection>>,
        statement: Statement,
        wanted: Wanted,
        place: Place,
    ) -> Result<Vec<Batch>> {
        let answer = match within {
            Some(lease) => Session::Within(lease).call(|reply| Work::Fetch(statement, wanted, reply)).await?,
            None => {
                let lease = self.lease(self.first_choice(&statement.text), place).await?;
                Session::Once(lease).call(|reply| Work::Fetch(statement, wanted, reply)).await?
            }
        };
        let Answer::Writes(statement) = answer else {
            return Ok(answer.done().unwrap_or_default());
        };
        let lease = self.lease(&self.writer, place).await?;
        let answer = Session::Once(lease).call(|reply| Work::Fetch(statement, wanted, reply)).await?;
        Ok(answer.done().unwrap_or_default())
    }

    pub(crate) async fn execute(
        &self,
        within: Option<&Lease<Connection>>,
        rendered: Rendered<'_>,
        place: Place,
    ) -> Result<Executed> {
        let statement = statement(rendered)?;
        let answer = match within {
            Some(lease) => Session::Within(lease).call(|reply| Work::Execute(statement, reply)).await?,
            None => {
                let lease = self.lease(self.first_choice(&statement.text), place).await?;
                Session::Once(lease).call(|reply| Work::Execute(statement, reply)).await?
            }
        };
        let Answer::Writes(statement) = answer else {
            return Ok(answer.done().unwrap_or_default());
        };
        let lease = self.lease(&self.writer, place).await?;
        let answer = Session::Once(lease).call(|reply| Work::Execute(statement, reply)).await?;
        Ok(answer.done().unwrap_or_default())
    }

    pub(crate) async fn stream(
        &self,
        within: Option<&Lease<Connection>>,
        statement: PreparedStream,
        place: Place,
    ) -> Result<Batches> {
        let PreparedStream(statement) = statement;
        if self.in_memory {
            // There is no second connection, so that a stream that waited for its reader would stop everything.
            let batches = self.fetch_statement(within, statement, Wanted::All, place).await?;
            return Ok(Batches { ready: batches.into_iter(), rest: None });
        }
        let session = match within {
            Some(lease) => Session::Within(lease),
            None => Session::Once(self.lease(self.first_choice(&statement.text), place).await?),
        };
        match stream_on(session, statement).await? {
            Answer::Done(batches) => Ok(batches),
            Answer::Writes(statement) => {
                let session = Session::Once(self.lease(&self.writer, place).await?);
                match stream_on(session, statement).await? {
                    Answer::Done(batches) => Ok(batches),
                    Answer::Writes(_) => Err(connection::lost()),
                }
            }
        }
    }

    /// The lease on which a transaction will run; BEGIN has not been sent.
    pub(crate) async fn lease_for(&self, options: &TransactionOptions, place: Place) -> Result<Lease<Connection>> {
        let pool = if options.read_only { &self.readers } else { &self.writer };
        let mut lease = self.lease(pool, place).await?;
        lease.mark_busy();
        Ok(lease)
    }
}

/// Waits for the first batch, because only then is it known whether the statement reads.
async fn stream_on(session: Session<'_>, statement: Statement) -> Result<Answer<Batches>> {
    let (batches, mut receiver) = mpsc::channel(BATCHES_AHEAD);
    let mut guard = session.send(Work::Stream(statement, batches))?;
    let first = match receiver.recv().await {
        Some(Ok(Answer::Writes(statement))) => {
            guard.answered();
            return Ok(Answer::Writes(statement));
        }
        Some(Ok(Answer::Done(batch))) => vec![batch],
        Some(Err(error)) => return Err(error),
        None => Vec::new(),
    };
    Ok(Answer::Done(Batches { ready: first.into_iter(), rest: Some(Rest { receiver, guard }) }))
}

impl<T> Answer<T> {
    fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Writes(_) => None,
        }
    }
}

fn statement(rendered: Rendered<'_>) -> Result<Statement> {
    let values = encode::encode_all(rendered.params).map_err(|error| error.with_statement(rendered.text.as_str()))?;
    Ok(Statement { text: rendered.text, values })
}

/// A statement whose values have been copied, so that its stream borrows nothing.
pub(crate) struct PreparedStream(Statement);

impl PreparedStream {
    pub(crate) fn new(rendered: Rendered<'_>) -> Result<Self> {
        statement(rendered).map(Self)
    }

    pub(crate) fn text(&self) -> &Text {
        &self.0.text
    }
}

/// Rows of values for one statement.
#[derive(Default)]
pub(crate) struct Rows {
    rows: Vec<Vec<Value>>,
}

impl Rows {
    pub(crate) fn push<'a>(&mut self, params: impl IntoIterator<Item = Param<'a>>) -> Result<()> {
        self.rows.push(encode::encode_all(params)?);
        Ok(())
    }

    /// The same without rows.
    pub(crate) fn another(&self) -> Self {
        Self::default()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_AT_A_TIME
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// What a transaction does on its lease.
pub(crate) async fn begin(lease: &Lease<Connection>, options: &TransactionOptions) -> Result<()> {
    // A transaction that starts by reading and writes later would fail at once when another has written in between,
    // whatever the busy time-out, so that every transaction that may write says so from the start.
    let text = if options.read_only { "BEGIN" } else { "BEGIN IMMEDIATE" };
    control(lease, Text::Static(text)).await
}

pub(crate) async fn control(lease: &Lease<Connection>, text: Text) -> Result<()> {
    Session::Within(lease).call(|reply| Work::Control(text, reply)).await
}

/// SQLite takes every value as it is, so that nothing need be asked about columns.
pub(crate) async fn rows(_: &Lease<Connection>, _: &Text, _: Option<&Text>) -> Result<Rows> {
    Ok(Rows::default())
}

pub(crate) async fn repeat(lease: &Lease<Connection>, text: Text, rows: Rows) -> Result<u64> {
    Session::Within(lease).call(|reply| Work::Repeat(text, rows.rows, reply)).await
}

pub(crate) async fn script(lease: &Lease<Connection>, text: String) -> Result<()> {
    Session::Within(lease).call(|reply| Work::Script(text, reply)).await
}

/// COMMIT is not interrupted when its caller goes: it happens, or it is rolled back, and the lease goes back by itself.
pub(crate) async fn commit(lease: Lease<Connection>) -> Result<()> {
    end(lease, Work::Commit).await
}

pub(crate) async fn roll_back(lease: Lease<Connection>) -> Result<()> {
    end(lease, |reply| Work::Rollback(Some(reply))).await
}

async fn end(
    lease: Lease<Connection>,
    work: impl FnOnce(tokio::sync::oneshot::Sender<Result<()>>) -> Work,
) -> Result<()> {
    let (reply, answer) = tokio::sync::oneshot::channel();
    give_away(lease, work(reply))?.answered();
    answer.await.map_err(|_| connection::lost())?
}

/// Rolls back on the connection's thread, after whatever still runs there, and gives the lease back from there.
pub(crate) fn abandon(lease: Lease<Connection>) {
    if let Ok(mut guard) = give_away(lease, Work::Rollback(None)) {
        guard.answered();
    }
}

/// Whether opening failed for a reason that may pass.
pub(crate) fn passes(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    source.is_some_and(|source| source.kind() == ErrorKind::LockTimeout)
}
