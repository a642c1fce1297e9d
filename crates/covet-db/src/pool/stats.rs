//! What a pool has done.

use std::sync::atomic::{AtomicU64, Ordering};
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
    /// How many calls were cancelled while the database worked on them.
    pub cancelled: u64,
    /// How long callers waited for a lease.
    pub wait: Histogram,
    /// How long leases were held.
    pub hold: Histogram,
    /// The connections that short statements share; all other numbers are without them.
    pub lanes: LaneStats,
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
        self.cancelled += other.cancelled;
        self.wait.add(&other.wait);
        self.hold.add(&other.hold);
        self
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    timeouts: AtomicU64,
    opened: AtomicU64,
    closed: AtomicU64,
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

    pub(super) fn closed(&self, connections: usize) {
        self.closed.fetch_add(connections as u64, Ordering::Relaxed);
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
        PoolStats {
            size,
            in_use,
            idle,
            opening,
            waiting,
            acquired: wait.count(),
            timeouts: self.timeouts.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
            closed: self.closed.load(Ordering::Relaxed),
            cancelled: self.cancelled.load(Ordering::Relaxed),
            wait,
            hold: self.hold.snapshot(),
            lanes: LaneStats::default(),
        }
    }
}
