//! The right to one connection, for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Idle, Pool, Reason};

/// What is known about a leased connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// Nothing was sent, or all that was sent has been answered and no transaction is open.
    Clean,
    /// Something may be under way.
    Busy,
}

/// A connection out of the pool. Dropped clean it goes back; dropped busy its connection is closed.
#[derive(Debug)]
pub(crate) struct Lease<C> {
    pool: Arc<Pool<C>>,
    connection: Option<C>,
    condition: Condition,
    slot: usize,
    since: Instant,
    /// How long the connection had been idle.
    idle: Duration,
}

impl<C> Lease<C> {
    pub(super) fn new(pool: Arc<Pool<C>>, idle: Option<Idle<C>>, slot: usize, since: Instant) -> Self {
        let mut lease = Self { pool, connection: None, condition: Condition::Clean, slot, since, idle: Duration::ZERO };
        lease.take(idle);
        lease
    }

    fn take(&mut self, idle: Option<Idle<C>>) {
        self.idle = idle.as_ref().map(|idle| self.since.saturating_duration_since(idle.since)).unwrap_or_default();
        self.connection = idle.map(|idle| idle.connection);
    }

    /// How long the connection had been idle when it was leased.
    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// Closes the connection and takes the next idle one, if there is one.
    pub(crate) fn retire(&mut self, reason: Reason) {
        if self.connection.take().is_some() {
            self.pool.counters.closed(1, reason);
        }
        self.condition = Condition::Clean;
        let next = self.pool.lock().idle.pop();
        self.take(next);
    }

    pub(crate) fn connection(&self) -> Option<&C> {
        self.connection.as_ref()
    }

    pub(crate) fn pool(&self) -> &Arc<Pool<C>> {
        &self.pool
    }

    /// Puts a connection that its holder has opened into the lease.
    pub(crate) fn fill(&mut self, connection: C) {
        self.pool.opened();
        self.connection = Some(connection);
    }

    /// To be called before the first byte of anything goes out.
    pub(crate) fn mark_busy(&mut self) {
        self.condition = Condition::Busy;
    }

    /// To be called only by who has seen that nothing is under way and no transaction is open.
    pub(crate) fn mark_clean(&mut self) {
        self.condition = Condition::Clean;
    }
}

impl<C> Drop for Lease<C> {
    fn drop(&mut self) {
        let connection = self.connection.take();
        let now = Instant::now();
        self.pool.counters.released(now.saturating_duration_since(self.since));
        let unproved = {
            let mut state = self.pool.lock();
            if let Some(holder) = state.holders.get_mut(self.slot) {
                *holder = None;
            }
            match (connection, self.condition) {
                (Some(connection), Condition::Clean) if !self.pool.permits.is_closed() => {
                    state.idle.push(Idle { connection, since: now });
                    None
                }
                (connection, _) => connection,
            }
        };
        if unproved.is_some() {
            let shutdown = self.condition == Condition::Clean;
            self.pool.counters.closed(1, if shutdown { Reason::Shutdown } else { Reason::Unproved });
        }
        // The connection is closed before its place is given away, so that there are never more than the pool's size.
        drop(unproved);
        self.pool.permits.add_permits(1);
        if self.pool.opening.load(std::sync::atomic::Ordering::Relaxed) > 0 {
            self.pool.returned.notify_one();
        }
    }
}
