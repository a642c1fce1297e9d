//! What a pool of connections to a server needs beside handing them out.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::SemaphorePermit;

use super::{Counted, Idle, Pool};
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

    /// The error of a caller for whom no connection could be opened in time.
    pub(crate) fn opening_timed_out(&self, timeout: Duration) -> Error {
        self.counters.timed_out();
        let mut text = format!("no connection could be opened within {timeout:?}");
        if let Some(failure) = &self.lock().last_failure {
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
    pub(crate) fn retire_idle(&self, mut is_due: impl FnMut(&Idle<C>, usize) -> bool) {
        let mut state = self.lock();
        let mut open = state.idle.len() + state.holders.iter().flatten().count();
        let mut due = Vec::new();
        let mut index = 0;
        while let Some(idle) = state.idle.get(index) {
            if is_due(idle, open) {
                due.push(state.idle.remove(index));
                open -= 1;
            } else {
                index += 1;
            }
        }
        self.counters.closed(due.len());
        drop(state);
        // Closing a connection is not done under the lock.
        drop(due);
    }
}
