//! What a pool of connections to a server needs beside handing them out.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::SemaphorePermit;

use super::{Counted, Holder, Idle, Lease, Place, Pool, Reason};
use crate::{Error, ErrorKind, Result};

/// The right to open one more connection for nobody in particular.
#[derive(Debug)]
pub(crate) struct Vacancy<'a, C> {
    pool: &'a Pool<C>,
    _permit: SemaphorePermit<'a>,
}

impl<C> Vacancy<'_, C> {
    /// Puts a connection among the idle ones.
    pub(crate) fn fill(self, connection: C) {
        if self.pool.is_closed() {
            return;
        }
        let mut state = self.pool.lock();
        state.idle.push(Idle { connection, since: Instant::now() });
        self.pool.counters.opened();
    }
}

impl<C> Pool<C> {
    /// Counts an opening for as long as it takes, and keeps what it failed with.
    pub(crate) async fn opening(self: &Arc<Self>, open: impl Future<Output = Result<C>>) -> Result<C> {
        let _opening = Counted::new(&self.opening);
        let result = open.await;
        self.lock().last_failure = result.as_ref().err().map(Error::to_string);
        result
    }

    /// A lease on a connection that comes back, for a caller who waits for one to be opened. Those who wait for a place go
    /// first.
    pub(crate) async fn returned(self: &Arc<Self>, place: Place) -> Lease<C> {
        loop {
            self.returned.notified().await;
            let Ok(permit) = self.permits.try_acquire() else { continue };
            let mut state = self.lock();
            if let Some(idle) = state.idle.pop() {
                permit.forget();
                let now = Instant::now();
                let slot = state.hold(Holder { since: now, place });
                drop(state);
                return Lease::new(Arc::clone(self), Some(idle), slot, now);
            }
        }
    }

    /// The error of a caller for whom no connection could be opened in time.
    pub(crate) fn opening_timed_out(&self, timeout: Duration) -> Error {
        self.counters.timed_out();
        let state = self.lock();
        let mut text = format!(
            "no connection could be opened within {timeout:?}: {} of {} in use, {} being opened",
            state.holders.iter().flatten().count(),
            self.size,
            self.opening.load(Ordering::Relaxed),
        );
        if let Some(failure) = &state.last_failure {
            text.push_str(&format!("; the last one failed: {failure}"));
        }
        Error::new(ErrorKind::PoolTimeout, text)
    }

    /// A place for another connection, when there are fewer than wanted and nobody has to wait for it.
    pub(crate) fn vacancy(&self, wanted: usize) -> Option<Vacancy<'_, C>> {
        let permit = self.permits.try_acquire().ok()?;
        let state = self.lock();
        let open = state.idle.len() + state.holders.iter().flatten().count();
        (open < wanted.min(self.size)).then_some(Vacancy { pool: self, _permit: permit })
    }

    /// Closes idle connections that are due, those that have been idle for longest first.
    pub(crate) fn retire_idle(&self, mut due_for: impl FnMut(&Idle<C>, usize) -> Option<Reason>) {
        let mut state = self.lock();
        let mut open = state.idle.len() + state.holders.iter().flatten().count();
        let mut due = Vec::new();
        let mut index = 0;
        while let Some(idle) = state.idle.get(index) {
            if let Some(reason) = due_for(idle, open) {
                due.push(state.idle.remove(index));
                self.counters.closed(1, reason);
                open -= 1;
            } else {
                index += 1;
            }
        }
        drop(state);
        // Closing a connection is not done under the lock.
        drop(due);
    }
}
