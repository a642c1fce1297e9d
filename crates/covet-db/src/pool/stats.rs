//! What a pool has done.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::histogram::{Histogram, Recorder};

/// The state of a pool at one moment, and its counts since it was opened. On SQLite it adds up the writer and the readers.
///
/// ```
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// let stats = db.pool_stats();
/// assert_eq!(stats.in_use, 0);
/// assert!(stats.size >= 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// How many connections there can be.
    pub size: usize,
    /// How many connections are leased.
    pub in_use: usize,
    /// How many open connections wait for work.
    pub idle: usize,
    /// How many connections are being opened.
    pub opening: usize,
    /// How many callers wait for a connection.
    pub waiting: usize,
    /// How many leases were given.
    pub acquired: u64,
    /// How many callers gave up waiting.
    pub timeouts: u64,
    /// How many connections were opened.
    pub opened: u64,
    /// How many connections were closed.
    pub closed: u64,
    /// Why they were.
    pub closed_by: ClosedStats,
    /// How many calls were cancelled while the database worked on them.
    pub cancelled: u64,
    /// How many runs of transactions were repeated, because the database could not order them among others.
    pub retried: u64,
    /// How statements found themselves prepared, by call; on lanes too.
    pub statements: StatementStats,
    /// How long callers waited for a lease.
    pub wait: Histogram,
    /// How long leases were held.
    pub hold: Histogram,
    /// The connections that short statements share; the numbers of connections and leases are without them.
    pub lanes: LaneStats,
}

/// How many connections of a pool were closed, by reason.
///
/// ```
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// assert_eq!(db.pool_stats().closed_by.broken, 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClosedStats {
    /// The pool was closed.
    pub shutdown: u64,
    /// They were idle for too long, and more were open than the least that stay.
    pub idle: u64,
    /// They were too old.
    pub expired: u64,
    /// The server had said that it goes, or that it is none to write to, so that all its connections were given up.
    pub failover: u64,
    /// They were lost, or did not answer.
    pub broken: u64,
    /// They came back with something under way that could not be put in order.
    pub unproved: u64,
}

impl ClosedStats {
    fn total(&self) -> u64 {
        self.shutdown + self.idle + self.expired + self.failover + self.broken + self.unproved
    }
}

/// How often a connection had a call's statement prepared already, and how often it had to prepare it. Calls that prepare
/// nothing count as neither.
///
/// ```
/// # use covet_db::{sql, Db};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// for number in 0..4 {
///     let _same: i64 = db.fetch_value(sql!("SELECT {number}")).await?;
/// }
/// let statements = db.pool_stats().statements;
/// assert_eq!((statements.found, statements.prepared), (3, 1));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatementStats {
    /// How many were prepared before.
    pub found: u64,
    /// How many had to be prepared.
    pub prepared: u64,
}

/// The state of a pool's lanes at one moment, and their counts. Only PostgreSQL has lanes.
///
/// ```
/// # use covet_db::{Db, LaneStats};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// assert_eq!(db.pool_stats().lanes, LaneStats::default());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneStats {
    /// How many lanes there can be.
    pub size: usize,
    /// How many are open.
    pub open: usize,
    /// How many calls wait for an answer.
    pub in_flight: usize,
    /// How many calls were answered.
    pub calls: u64,
    /// How many calls left their lane for a lease, because they were slow there, gave too much or lost their lane.
    pub again: u64,
    /// How many lanes were opened.
    pub opened: u64,
    /// How many lanes were closed.
    pub closed: u64,
}

impl PoolStats {
    /// Adds another pool's numbers to this one's.
    pub(crate) fn add(mut self, other: &Self) -> Self {
        self.size += other.size;
        self.in_use += other.in_use;
        self.idle += other.idle;
        self.opening += other.opening;
        self.waiting += other.waiting;
        self.acquired += other.acquired;
        self.timeouts += other.timeouts;
        self.opened += other.opened;
        self.closed += other.closed;
        self.closed_by.shutdown += other.closed_by.shutdown;
        self.closed_by.idle += other.closed_by.idle;
        self.closed_by.expired += other.closed_by.expired;
        self.closed_by.failover += other.closed_by.failover;
        self.closed_by.broken += other.closed_by.broken;
        self.closed_by.unproved += other.closed_by.unproved;
        self.cancelled += other.cancelled;
        self.wait.add(&other.wait);
        self.hold.add(&other.hold);
        self
    }
}

/// Why a connection is closed; [`ClosedStats`] says what the words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Shutdown,
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    Idle,
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    Expired,
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    Failover,
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    Broken,
    Unproved,
}

/// What the connections of a database count together: how their calls' statements were found.
#[derive(Debug, Default)]
pub(crate) struct Lookups {
    found: AtomicU64,
    prepared: AtomicU64,
}

impl Lookups {
    pub(crate) fn count(&self, was_found: bool) {
        let counter = if was_found { &self.found } else { &self.prepared };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> StatementStats {
        StatementStats { found: self.found.load(Ordering::Relaxed), prepared: self.prepared.load(Ordering::Relaxed) }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    timeouts: AtomicU64,
    opened: AtomicU64,
    closed: Mutex<ClosedStats>,
    cancelled: AtomicU64,
    wait: Recorder,
    hold: Recorder,
}

impl Counters {
    pub(super) fn acquired(&self, waited: Duration) {
        self.wait.record(waited);
    }

    pub(super) fn released(&self, held: Duration) {
        self.hold.record(held);
    }

    pub(super) fn timed_out(&self) {
        self.timeouts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn closed(&self, connections: usize, reason: Reason) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let count = match reason {
            Reason::Shutdown => &mut closed.shutdown,
            #[cfg(any(feature = "mysql", feature = "postgres"))]
            Reason::Idle => &mut closed.idle,
            #[cfg(any(feature = "mysql", feature = "postgres"))]
            Reason::Expired => &mut closed.expired,
            #[cfg(any(feature = "mysql", feature = "postgres"))]
            Reason::Failover => &mut closed.failover,
            #[cfg(any(feature = "mysql", feature = "postgres"))]
            Reason::Broken => &mut closed.broken,
            Reason::Unproved => &mut closed.unproved,
        };
        *count += connections as u64;
    }

    pub(super) fn cancelled(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(
        &self,
        size: usize,
        in_use: usize,
        idle: usize,
        opening: usize,
        waiting: usize,
    ) -> PoolStats {
        let wait = self.wait.snapshot();
        let closed_by = *self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        PoolStats {
            size,
            in_use,
            idle,
            opening,
            waiting,
            acquired: wait.count(),
            timeouts: self.timeouts.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
            closed: closed_by.total(),
            closed_by,
            cancelled: self.cancelled.load(Ordering::Relaxed),
            // Others than the pool know these.
            retried: 0,
            statements: StatementStats::default(),
            wait,
            hold: self.hold.snapshot(),
            lanes: LaneStats::default(),
        }
    }
}
