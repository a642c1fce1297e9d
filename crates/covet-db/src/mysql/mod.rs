//! MySQL and MariaDB: the bare driver `mysql_async` under this crate's pool, statement cache, cancellation and transactions.
//!
//! A connection is leased for one call or one transaction. Nothing is sent when a lease comes back clean, so that statements
//! stay prepared; a session that a statement has changed is reset. A call that is dropped goes on in a task of its own, which
//! stops its statement from beside and gives the lease back once the connection is at its end.

mod call;
mod connection;
mod control;
mod decode;
mod encode;
mod endpoint;
mod error;
mod fetch;
mod handle;
pub(crate) mod introspection;
mod keyword;
mod limit;
mod load;
mod local;
#[cfg(not(feature = "tls"))]
mod no_tls;
mod open;
mod stream;
#[cfg(feature = "tls")]
mod tls;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;

pub(crate) use connection::Connection;
pub(crate) use error::passes;
pub use handle::{FullColumn, Handle, TableMessage};
pub(crate) use load::{Rows, repeat, rows};
#[cfg(not(feature = "tls"))]
use no_tls::Tls;
pub(crate) use stream::{Batches, PreparedStream};
#[cfg(feature = "tls")]
use tls::Tls;

use crate::backend::Wanted;
use crate::pool::{Lease, Lookups, Opener, PING_PATIENCE, Place, Pool, PoolStats, Reason};
use crate::row::Batch;
use crate::sql::{Rendered, Text};
use crate::url::{Server, Source};
use crate::{ConnectOptions, Error, ErrorKind, Executed, Result, SslMode, TransactionOptions};
use call::Call;
use connection::{Failure, Session, Work, ended};
use error::lost;
use fetch::{Fetched, Ignored};
use limit::Limit;
use stream::Outlet;

/// How much later than the client's time-out the server's is.
const BACKSTOP: Duration = Duration::from_secs(1);

/// How often a statement is prepared anew for one call: the schema may change again between preparing and running it.
const HEALINGS: usize = 3;

/// How long a connection is quiet before its network is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A database on a server.
#[derive(Debug)]
pub(crate) struct Mysql {
    pool: Arc<Pool<Connection>>,
    shared: Arc<Shared>,
}

/// What the connections of a pool have in common.
#[derive(Debug)]
struct Shared {
    options: Arc<ConnectOptions>,
    server: Server,
    tls: Tls,
    /// The server offers no TLS, and the mode is one that does without.
    has_no_tls: AtomicBool,
    /// How long the server lets a statement run, as a last resort: for when the client is gone or out of reach.
    statement_timeout: Duration,
    runtime: tokio::runtime::Handle,
    /// Whether the server lets rows be loaded from here, once it was asked.
    loads: OnceLock<AtomicBool>,
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

    fn next_generation(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Every connection that is open now retires when it comes back.
    fn next_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }

    fn set_loads(&self, loads: bool) {
        self.loads.get_or_init(|| AtomicBool::new(loads)).store(loads, Ordering::Relaxed);
    }

    fn ssl_mode(&self) -> SslMode {
        self.options.mysql.ssl_mode.unwrap_or_else(|| SslMode::for_host(&self.server.host))
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
        open::open(&self).await
    }

    fn unusable(connection: &Connection, now: Instant) -> Option<Reason> {
        connection.session.unusable(now)
    }

    async fn answers(connection: &Connection) -> bool {
        let session = &connection.session;
        let asked = async {
            let mut wire = session.wire().await?;
            wire.conn.ping().await.map_err(|error| error::classify(&error))
        };
        let answers = matches!(tokio::time::timeout(PING_PATIENCE, asked).await, Ok(Ok(())));
        if !answers {
            session.standing.break_off();
        }
        answers
    }
}

impl Mysql {
    pub(crate) async fn connect(options: &Arc<ConnectOptions>) -> Result<Self> {
        let Source::Mysql(server) = &options.source else {
            return Err(Error::new(ErrorKind::Configuration, "the URL names no MySQL server"));
        };
        let shared = Arc::new(Shared {
            options: Arc::clone(options),
            server: server.clone(),
            tls: Tls::default(),
            has_no_tls: AtomicBool::new(false),
            statement_timeout: options.command_timeout.max(options.query_timeout).saturating_add(BACKSTOP),
            runtime: tokio::runtime::Handle::current(),
            loads: OnceLock::new(),
            generation: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            lookups: Lookups::default(),
        });
        let database = Self { pool: Pool::new(options.pool.max.max(1), &options.pool), shared };
        let first = open::open(&database.shared).await?;
        if let Some(vacancy) = database.pool.vacancy(1) {
            vacancy.fill(first);
        }
        database.pool.keep(&database.shared);
        Ok(database)
    }

    pub(crate) fn stats(&self) -> PoolStats {
        PoolStats { statements: self.shared.lookups.stats(), ..self.pool.stats() }
    }

    pub(crate) async fn close(&self) {
        self.pool.close();
        self.pool.drained().await;
    }

    async fn call(&self, within: Option<&Lease<Connection>>, place: Place) -> Result<Call> {
        match within {
            Some(lease) => Call::within(lease),
            None => Call::once(self.pool.lease(&self.shared, place).await?),
        }
    }

    pub(crate) async fn fetch(
        &self,
        within: Option<&Lease<Connection>>,
        mut rendered: Rendered<'_>,
        wanted: Wanted,
        place: Place,
    ) -> Result<Vec<Batch>> {
        let values = values(&mut rendered)?;
        let call = self.call(within, place).await?;
        let session = Arc::clone(&call.session);
        let mut wire = session.wire().await?;
        let (text, limit, given_up) =
            (rendered.text.clone(), Limit::Call(rendered.timeout), Arc::clone(&call.given_up));
        let work: Work<Vec<Batch>> = Box::pin(async move {
            let mut answer = Fetched::new(wanted);
            let result = async {
                wire.limit_to(&session, limit).await?;
                wire.run(&session, text.as_str(), values, &given_up, &mut answer).await
            };
            let result = result.await;
            (wire, result.map(|_| answer.into_batches()))
        });
        call.run(&rendered.text, work).await
    }

    pub(crate) async fn execute(
        &self,
        within: Option<&Lease<Connection>>,
        mut rendered: Rendered<'_>,
        place: Place,
    ) -> Result<Executed> {
        let values = values(&mut rendered)?;
        let call = self.call(within, place).await?;
        let session = Arc::clone(&call.session);
        let mut wire = session.wire().await?;
        let (text, limit, given_up) =
            (rendered.text.clone(), Limit::Call(rendered.timeout), Arc::clone(&call.given_up));
        let work = Box::pin(async move {
            let result = async {
                wire.limit_to(&session, limit).await?;
                wire.run(&session, text.as_str(), values, &given_up, &mut Ignored).await
            };
            let result = result.await;
            (wire, result)
        });
        let touched = call.run(&rendered.text, work).await?;
        let last_insert_id = touched.last_insert_id.and_then(|id| i64::try_from(id).ok());
        Ok(Executed { rows_affected: touched.rows, last_insert_id })
    }

    pub(crate) async fn stream(
        &self,
        within: Option<&Lease<Connection>>,
        statement: PreparedStream,
        place: Place,
    ) -> Result<Batches> {
        let call = self.call(within, place).await?;
        let session = Arc::clone(&call.session);
        let mut wire = session.wire().await?;
        let (text, values) = statement.into_parts();
        let (asked, given_up) = (text.clone(), Arc::clone(&call.given_up));
        let (mut outlet, batches) = Outlet::new();
        let work = Box::pin(async move {
            let result = async {
                wire.limit_to(&session, Limit::Endless).await?;
                wire.run(&session, asked.as_str(), values, &given_up, &mut outlet).await
            };
            let result = result.await;
            (wire, result.map(drop))
        });
        Ok(Batches::new(call, text, work, batches))
    }

    /// The lease on which a transaction will run; BEGIN has not been sent.
    pub(crate) async fn lease_for(&self, _: &TransactionOptions, place: Place) -> Result<Lease<Connection>> {
        let mut lease = self.pool.lease(&self.shared, place).await?;
        lease.mark_busy();
        Ok(lease)
    }
}

fn values(rendered: &mut Rendered<'_>) -> Result<Vec<mysql_async::Value>> {
    encode::encode_all(std::mem::take(&mut rendered.params))
        .map_err(|error| error.with_statement(rendered.text.as_str()))
}

pub(crate) async fn begin(lease: &Lease<Connection>, options: &TransactionOptions) -> Result<()> {
    let session = session(lease)?;
    // From here on there is something to roll back, whether or not the answer comes.
    session.standing.set_in_transaction(true);
    session.control(Text::Shared(Arc::from(control::begin(options)))).await
}

pub(crate) async fn control(lease: &Lease<Connection>, text: Text) -> Result<()> {
    session(lease)?.control(text).await
}

/// Runs the statements of a migration, in one text, as the server itself tells them apart.
pub(crate) async fn counted_script(lease: &Lease<Connection>, text: String) -> Result<(), (usize, Error)> {
    let done = Arc::new(AtomicUsize::new(0));
    let ran = script(lease, text, &done).await;
    ran.map_err(|error| (done.load(Ordering::Relaxed), error))
}

async fn script(lease: &Lease<Connection>, text: String, done: &Arc<AtomicUsize>) -> Result<()> {
    if keyword::traits(&text).controls_transactions {
        return Err(Error::by_hand());
    }
    let call = Call::within(lease)?;
    let session = Arc::clone(&call.session);
    let mut wire = session.wire().await?;
    let count = Arc::clone(done);
    let statements = Text::Shared(Arc::from(text));
    let asked = statements.clone();
    let work = Box::pin(async move {
        let result = async {
            // A migration takes as long as it takes.
            wire.limit_to(&session, Limit::Endless).await?;
            let ran = wire.command(asked.as_str()).await;
            ran.map(drop).map_err(|(done, error)| {
                count.store(done, Ordering::Relaxed);
                Failure::from(error)
            })
        };
        let result = result.await;
        (wire, result)
    });
    call.run(&statements, work).await
}

pub(crate) async fn commit(lease: Lease<Connection>) -> Result<()> {
    let ending = control::Ending::new(lease)?;
    if ending.session.standing.is_aborted() {
        ending.send("ROLLBACK").await?;
        return Err(ended());
    }
    ending.send("COMMIT").await
}

pub(crate) async fn roll_back(lease: Lease<Connection>) -> Result<()> {
    control::Ending::new(lease)?.send("ROLLBACK").await
}

pub(crate) fn abandon(lease: Lease<Connection>) {
    control::recover(lease);
}

/// Whether the server lets rows be loaded from here.
async fn loads(lease: &Lease<Connection>) -> Result<bool> {
    let call = Call::within(lease)?;
    let session = Arc::clone(&call.session);
    let shared = Arc::clone(&session.shared);
    if !shared.options.mysql.local_infile {
        return Ok(false);
    }
    if let Some(loads) = shared.loads.get() {
        return Ok(loads.load(Ordering::Relaxed));
    }
    let mut wire = session.wire().await?;
    let question = Text::Static("SELECT @@local_infile");
    let work: Work<Option<bool>> = Box::pin(async move {
        let answer = wire.conn.query_first(question.as_str()).await;
        (wire, answer.map_err(Failure::from))
    });
    let loads = call.run(&Text::Static("SELECT @@local_infile"), work).await?.unwrap_or(false);
    shared.set_loads(loads);
    Ok(loads)
}

fn session(lease: &Lease<Connection>) -> Result<&Arc<Session>> {
    lease.connection().map(|connection| &connection.session).ok_or_else(lost)
}
