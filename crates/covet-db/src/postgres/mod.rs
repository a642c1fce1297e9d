//! PostgreSQL: the bare driver `tokio-postgres` under this crate's pool, statement cache, cancellation and transactions.
//!
//! A connection is leased for one call or one transaction. Nothing is sent when a lease comes back clean, and nothing when
//! it is given out again within a second. What a dropped call leaves behind is stopped on the server and proved to be gone
//! by a task of its own, which alone gives the lease back.

mod advisory;
mod batch;
mod call;
mod connection;
mod control;
mod copy;
mod decode;
mod encode;
mod endpoint;
mod error;
mod handle;
pub(crate) mod introspection;
mod keyword;
mod lane;
mod limit;
mod listen;
mod load;
mod numeric;
mod open;
mod password_file;
mod statement_cache;
mod stream;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls/absent.rs"]
mod tls;
mod untyped;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use advisory::{AdvisoryLock, LockKey};
pub(crate) use connection::Connection;
pub use copy::{CopyFormat, CopyOut};
pub(crate) use error::passes;
pub use handle::Handle;
pub use listen::{Event, Listener, Notification};
pub(crate) use load::Rows;
pub(crate) use stream::{Batches, PreparedStream};

use crate::backend::{self, Wanted};
use crate::pool::{Lease, Lookups, Opener, PING_PATIENCE, Place, Pool, PoolStats, Reason};
use crate::row::{Batch, Columns};
use crate::sql::{Rendered, Text};
use crate::url::{Server, Source};
use crate::{ConnectOptions, Error, ErrorKind, Executed, PreparedStatements, Result, TransactionOptions};
use call::Call;
use connection::{Failure, Running, Session, lost};
use limit::Limit;
use open::Pace;

/// How large a batch of a fetched result grows.
const FETCHED_BATCH: usize = 1 << 20;

/// How much later than the client's time-out the server's is.
const BACKSTOP: Duration = Duration::from_secs(1);

/// How often a statement is prepared anew for one call: the schema may change again between preparing and running it.
const HEALINGS: usize = 3;

/// A database on a server.
#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Arc<Pool<Connection>>,
    shared: Arc<Shared>,
    lanes: Arc<lane::Lanes>,
}

/// What the connections of a pool have in common.
#[derive(Debug)]
struct Shared {
    options: Arc<ConnectOptions>,
    server: Server,
    tls: tls::Tls,
    /// How long the server lets a statement run, as a last resort: for when the client is gone or out of reach.
    statement_timeout: Duration,
    /// A pooler stands in between that takes no settings for a session.
    pooler: AtomicBool,
    runtime: tokio::runtime::Handle,
    /// Counts the times that statements were found to be older than the schema.
    generation: AtomicU64,
    /// Counts the times that the server was found to be going, or to be none to write to.
    epoch: AtomicU64,
    lookups: Lookups,
}

impl Shared {
    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Whether what is left in a session is there for its next statement.
    fn has_sessions(&self) -> bool {
        self.options.postgres.prepared != PreparedStatements::Never && !self.is_behind_pooler()
    }

    fn is_behind_pooler(&self) -> bool {
        self.pooler.load(Ordering::Relaxed)
    }

    /// Every connection that is open now retires when it comes back.
    fn next_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }
}

impl Opener for Shared {
    type Connection = Connection;

    fn options(&self) -> &ConnectOptions {
        &self.options
    }

    fn passes(error: &Error) -> bool {
        passes(error)
    }

    async fn open(self: Arc<Self>) -> Result<Connection> {
        open::open(&self, Pace::Alone).await
    }

    fn unusable(connection: &Connection, now: Instant) -> Option<Reason> {
        connection.session.unusable(now)
    }

    async fn answers(connection: &Connection) -> bool {
        let session = &connection.session;
        let answer = tokio::time::timeout(PING_PATIENCE, session.client.check_connection()).await;
        let answers = matches!(answer, Ok(Ok(())));
        if !answers {
            session.standing.break_off();
        }
        answers
    }
}

impl Postgres {
    pub(crate) async fn connect(options: &Arc<ConnectOptions>) -> Result<Self> {
        let Source::Postgres(server) = &options.source else {
            return Err(Error::new(ErrorKind::Configuration, "the URL names no PostgreSQL server"));
        };
        let shared = Arc::new(Shared {
            options: Arc::clone(options),
            server: server.clone(),
            tls: tls::Tls::default(),
            statement_timeout: options.command_timeout.max(options.query_timeout).saturating_add(BACKSTOP),
            pooler: AtomicBool::new(false),
            runtime: tokio::runtime::Handle::current(),
            generation: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            lookups: Lookups::default(),
        });
        let leases = options.pool.max.saturating_sub(lane::count(options)).max(1);
        let lanes = lane::Lanes::new(&shared);
        let database = Self { pool: Pool::new(leases, &options.pool), shared, lanes };
        let first = open::open(&database.shared, Pace::Alone).await?;
        if let Some(vacancy) = database.pool.vacancy(1) {
            vacancy.fill(first);
        }
        database.pool.keep(&database.shared);
        Ok(database)
    }

    pub(crate) fn stats(&self) -> PoolStats {
        PoolStats { lanes: self.lanes.stats(), statements: self.shared.lookups.stats(), ..self.pool.stats() }
    }

    pub(crate) async fn close(&self) {
        self.pool.close();
        self.lanes.close().await;
        self.pool.drained().await;
    }

    async fn lease(&self, place: Place) -> Result<Lease<Connection>> {
        self.pool.lease(&self.shared, place).await
    }

    async fn call(&self, within: Option<&Lease<Connection>>, place: Place) -> Result<Call> {
        match within {
            Some(lease) => Call::within(lease).await,
            None => Call::once(self.lease(place).await?),
        }
    }

    /// Whether a statement that failed is run again: it was prepared for a schema that is gone, and nothing has happened.
    fn heals(&self, call: &Call, failure: &Failure) -> bool {
        let Failure::Driver(error) = failure else {
            return false;
        };
        if !error::is_stale(error) {
            return false;
        }
        self.shared.generation.fetch_add(1, Ordering::Relaxed);
        call.session.client.clear_type_cache();
        !call.is_within_transaction()
    }

    /// Runs a statement on a lane, if it may go there.
    pub(crate) async fn fetch_shared(
        &self,
        rendered: &Rendered<'_>,
        wanted: Wanted,
        timeout: Duration,
    ) -> backend::Shared {
        let Some(record) = self.lanes.record(&rendered.text) else {
            return backend::Shared::NotYet(Duration::ZERO);
        };
        match self.lanes.fetch(&record, rendered, wanted, timeout).await {
            backend::Shared::Answered(result) => {
                backend::Shared::Answered(result.map_err(|error| error.with_statement(rendered.text.as_str())))
            }
            again => again,
        }
    }

    pub(crate) async fn fetch(
        &self,
        within: Option<&Lease<Connection>>,
        rendered: Rendered<'_>,
        wanted: Wanted,
        place: Place,
    ) -> Result<Vec<Batch>> {
        let record = if within.is_none() { self.lanes.record(&rendered.text) } else { None };
        let call = self.call(within, place).await?;
        let since = record.as_ref().map(|_| Instant::now());
        let mut result = fetch(&call.session, &rendered, wanted).await;
        for _ in 0..HEALINGS {
            if !result.as_ref().is_err_and(|failure| self.heals(&call, failure)) {
                break;
            }
            result = fetch(&call.session, &rendered, wanted).await;
        }
        if let (Some(record), Some(since), Ok(batches)) = (&record, since, &result) {
            record.ran_alone(since.elapsed(), batches);
        }
        call.over(result).map_err(|error| error.with_statement(rendered.text.as_str()))
    }

    pub(crate) async fn execute(
        &self,
        within: Option<&Lease<Connection>>,
        rendered: Rendered<'_>,
        place: Place,
    ) -> Result<Executed> {
        let call = self.call(within, place).await?;
        let mut result = execute(&call.session, &rendered).await;
        for _ in 0..HEALINGS {
            if !result.as_ref().is_err_and(|failure| self.heals(&call, failure)) {
                break;
            }
            result = execute(&call.session, &rendered).await;
        }
        call.over(result).map_err(|error| error.with_statement(rendered.text.as_str()))
    }

    pub(crate) async fn stream(
        &self,
        within: Option<&Lease<Connection>>,
        statement: PreparedStream,
        place: Place,
    ) -> Result<Batches> {
        let mut call = self.call(within, place).await?;
        if call.is_within_transaction() {
            // Stopping a statement undoes all that its transaction has done since its last savepoint.
            call.has_savepoint = true;
            if let Err(error) = call.session.enter_stream().await {
                call.has_savepoint = false;
                return call.over(Err(Failure::Unsent(error)));
            }
        }
        let start = || call.session.start_within(Limit::Endless, statement.text().as_str(), statement.params());
        let mut result = start().await;
        for _ in 0..HEALINGS {
            if !result.as_ref().is_err_and(|failure| self.heals(&call, failure)) {
                break;
            }
            result = start().await;
        }
        match result {
            Ok(running) => Ok(Batches::new(call, running)),
            Err(failure) => call.over(Err(failure)).map_err(|error| error.with_statement(statement.text().as_str())),
        }
    }

    /// The lease on which a transaction will run; BEGIN has not been sent.
    pub(crate) async fn lease_for(&self, _: &TransactionOptions, place: Place) -> Result<Lease<Connection>> {
        let mut lease = self.lease(place).await?;
        lease.mark_busy();
        Ok(lease)
    }
}

/// The columns of a statement, or else of its first row.
fn columns(running: &Running, row: &tokio_postgres::Row) -> Arc<Columns> {
    match &running.prepared {
        Some(prepared) => Arc::clone(&prepared.columns),
        None => Arc::new(Columns::new(row.columns().iter().map(tokio_postgres::Column::name))),
    }
}

async fn fetch(session: &Session, rendered: &Rendered<'_>, wanted: Wanted) -> Result<Vec<Batch>, Failure> {
    let limit = Limit::Call(rendered.timeout);
    let mut running = session.start_within(limit, rendered.text.as_str(), &rendered.params).await?;
    Ok(read(&mut running, wanted, usize::MAX).await?.unwrap_or_default())
}

/// The rows of a statement; none where they are larger than wanted. A statement is always read to its end, because only then
/// has it written.
async fn read(running: &mut Running, wanted: Wanted, largest: usize) -> Result<Option<Vec<Batch>>, Failure> {
    let mut batches = Vec::new();
    let mut batch: Option<Batch> = None;
    while let Some(row) = running.next().await? {
        if wanted == Wanted::One && batch.is_some() {
            continue;
        }
        let filling = match &mut batch {
            Some(batch) => batch,
            None => batch.insert(Batch::new(columns(running, &row))),
        };
        decode::push(&row, filling).map_err(Failure::Midway)?;
        if filling.size() >= FETCHED_BATCH {
            batches.extend(batch.take());
        } else if filling.size() > largest {
            return Ok(None);
        }
    }
    batches.extend(batch);
    Ok(Some(batches))
}

async fn execute(session: &Session, rendered: &Rendered<'_>) -> Result<Executed, Failure> {
    let limit = Limit::Call(rendered.timeout);
    let mut running = session.start_within(limit, rendered.text.as_str(), &rendered.params).await?;
    Ok(Executed { rows_affected: running.touched().await?, last_insert_id: None })
}

pub(crate) async fn begin(lease: &Lease<Connection>, options: &TransactionOptions) -> Result<()> {
    let session = session(lease)?;
    // What is changed within a transaction ends with it, so that it begins with what is usual.
    let usual = session.change(Limit::Call(None));
    let begin = control::begin(options);
    match &usual {
        // In a text of its own: one with BEGIN would make it part of the transaction.
        Some((change, _)) => {
            let (changed, begun) =
                futures_util::future::join(session.client.batch_execute(change), session.control(&begin)).await;
            begun?;
            changed.map_err(|error| error::classify(&error))?;
        }
        None => session.control(&begin).await?,
    }
    session.limit.set(session.shared.statement_timeout);
    session.standing.set_in_transaction(true);
    Ok(())
}

pub(crate) async fn control(lease: &Lease<Connection>, text: Text) -> Result<()> {
    session(lease)?.control(text.as_str()).await
}

/// Runs the statements of a migration within its transaction.
pub(crate) async fn script(lease: &Lease<Connection>, text: String) -> Result<()> {
    if keyword::traits(&text).controls_transactions {
        return Err(Error::by_hand());
    }
    let call = Call::within(lease).await?;
    let limit = call.session.change(Limit::Endless).map(|(change, _)| change);
    call.session.limit.forget();
    // A migration takes as long as it takes. The limit is not sent in one text with it, of whose places errors tell.
    let limited = async {
        match &limit {
            Some(change) => call.session.client.batch_execute(change).await,
            None => Ok(()),
        }
    };
    let (limited, result) = futures_util::future::join(limited, call.session.client.batch_execute(&text)).await;
    call.over(limited.and(result).map_err(Failure::from))
}

pub(crate) async fn commit(lease: Lease<Connection>) -> Result<()> {
    let ending = control::Ending::new(lease)?;
    if ending.session.standing.is_aborted() {
        ending.send("ROLLBACK").await?;
        return Err(Error::new(ErrorKind::Closed, "the transaction has been rolled back by an error in it"));
    }
    ending.send("COMMIT").await
}

pub(crate) async fn roll_back(lease: Lease<Connection>) -> Result<()> {
    control::Ending::new(lease)?.send("ROLLBACK").await
}

pub(crate) fn abandon(lease: Lease<Connection>) {
    control::recover(lease, control::Left::Transaction);
}

pub(crate) use load::{repeat, rows};

fn session(lease: &Lease<Connection>) -> Result<&Arc<Session>> {
    lease.connection().map(|connection| &connection.session).ok_or_else(lost)
}
