//! The right to one connection, for a while.

use std::sync::Arc;
use std::time::Instant;

use super::Pool;

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
}

impl<C> Lease<C> {
    pub(super) fn new(pool: Arc<Pool<C>>, connection: Option<C>, slot: usize, since: Instant) -> Self {
        Self { pool, connection, condition: Condition::Clean, slot, since }
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
        self.pool.counters.released(self.since.elapsed());
        let unproved = {
            let mut state = self.pool.lock();
            if let Some(holder) = state.holders.get_mut(self.slot) {
                *holder = None;
            }
            match (connection, self.condition) {
                (Some(connection), Condition::Clean) if !self.pool.permits.is_closed() => {
                    state.idle.push(connection);
                    None
                }
                (connection, _) => connection,
            }
        };
        if unproved.is_some() {
            self.pool.counters.closed(1);
        }
        // The connection is closed before its place is given away, so that there are never more than the pool's size.
        drop(unproved);
        self.pool.permits.add_permits(1);
    }
}
