//! The pool that the adapters share: who may have a connection, in which order, and what is known about them.
//!
//! A fair semaphore stands in front, a stack of idle connections behind it, so that the connection used last, whose
//! caches are warm, is used next. A lease is busy from before its first statement until its connection has been proved
//! clean; whatever happens to its holder in between, a connection that is not proved is never handed out again.

mod histogram;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod keeper;
mod lease;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod opener;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod standing;
mod stats;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod ticker;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod upkeep;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Semaphore, TryAcquireError};

pub use histogram::Histogram;
pub(crate) use lease::Lease;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use opener::{Opener, PING_PATIENCE};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use standing::Standing;
pub use stats::{ClosedStats, LaneStats, PoolStats, StatementStats};
pub(crate) use stats::{Lookups, Reason};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use ticker::Ticker;

use crate::{Error, ErrorKind, PoolOptions, Result};

/// Where in the caller's code a lease was asked for.
pub(crate) type Place = &'static std::panic::Location<'static>;

/// A pool of connections of type `C`.
#[derive(Debug)]
pub(crate) struct Pool<C> {
    permits: Semaphore,
    size: usize,
    acquire_timeout: std::time::Duration,
    state: Mutex<State<C>>,
    waiting: AtomicUsize,
    opening: AtomicUsize,
    /// Told when a connection comes back while others are being opened.
    returned: tokio::sync::Notify,
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    ticker: Ticker,
    counters: stats::Counters,
}

/// What changes under the lock.
#[derive(Debug)]
struct State<C> {
    idle: Vec<Idle<C>>,
    holders: Vec<Option<Holder>>,
    /// Why the last connection could not be opened; none once one could.
    last_failure: Option<String>,
}

/// A connection that waits for work.
#[derive(Debug)]
pub(crate) struct Idle<C> {
    pub(crate) connection: C,
    pub(crate) since: Instant,
}

/// Who has a lease.
#[derive(Clone, Copy, Debug)]
struct Holder {
    since: Instant,
    place: Place,
}

impl<C> Pool<C> {
    pub(crate) fn new(size: usize, options: &PoolOptions) -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(size),
            size,
            acquire_timeout: options.acquire_timeout,
            state: Mutex::new(State { idle: Vec::with_capacity(size), holders: vec![None; size], last_failure: None }),
            waiting: AtomicUsize::new(0),
            opening: AtomicUsize::new(0),
            returned: tokio::sync::Notify::new(),
            #[cfg(any(feature = "mysql", feature = "postgres"))]
            ticker: Ticker::default(),
            counters: stats::Counters::default(),
        })
    }

    /// A lease, which has a connection if one was idle; otherwise its holder opens one.
    pub(crate) async fn acquire(self: &Arc<Self>, place: Place) -> Result<Lease<C>> {
        let since = Instant::now();
        match self.permits.try_acquire() {
            Ok(permit) => permit.forget(),
            Err(TryAcquireError::NoPermits) => Box::pin(self.wait()).await?,
            Err(TryAcquireError::Closed) => return Err(closed()),
        }
        let now = Instant::now();
        self.counters.acquired(now - since);
        let mut state = self.lock();
        let idle = state.idle.pop();
        let holder = Holder { since: now, place };
        let slot = state.hold(holder);
        drop(state);
        Ok(Lease::new(Arc::clone(self), idle, slot, now))
    }

    async fn wait(&self) -> Result<()> {
        let _waiter = Counted::new(&self.waiting);
        match tokio::time::timeout(self.acquire_timeout, self.permits.acquire()).await {
            Ok(Ok(permit)) => permit.forget(),
            Ok(Err(_)) => return Err(closed()),
            Err(_) => {
                self.counters.timed_out();
                return Err(self.exhausted());
            }
        }
        Ok(())
    }

    /// Says why nothing was to be had, so that the reader of a log need not guess.
    fn exhausted(&self) -> Error {
        let state = self.lock();
        let in_use = state.holders.iter().flatten().count();
        let mut text = format!(
            "no connection became free within {:?}: {in_use} of {} in use, {} idle, {} waiting",
            self.acquire_timeout,
            self.size,
            state.idle.len(),
            self.waiting.load(Ordering::Relaxed),
        );
        if let Some(holder) = state.holders.iter().flatten().min_by_key(|holder| holder.since) {
            text.push_str(&format!("; held longest, for {:.1?}, by {}", holder.since.elapsed(), holder.place));
        }
        let opening = self.opening.load(Ordering::Relaxed);
        if opening > 0 {
            text.push_str(&format!("; {opening} being opened"));
        }
        if let Some(failure) = &state.last_failure {
            text.push_str(&format!("; the last that was to be opened failed: {failure}"));
        }
        Error::new(ErrorKind::PoolTimeout, text)
    }

    /// Lets nobody in any more and closes what is idle; leases close when they come back.
    pub(crate) fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut self.lock().idle);
        self.counters.closed(idle.len(), Reason::Shutdown);
    }

    /// Waits until no lease is out, at most as long as an acquire may wait.
    pub(crate) async fn drained(&self) {
        let deadline = Instant::now() + self.acquire_timeout;
        while self.lock().holders.iter().any(Option::is_some) && Instant::now() < deadline {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    pub(crate) fn opened(&self) {
        self.counters.opened();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }

    pub(crate) fn cancelled(&self) {
        self.counters.cancelled();
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let state = self.lock();
        let in_use = state.holders.iter().flatten().count();
        let idle = state.idle.len();
        // Still under the lock, so that what was counted fits what is there.
        let (opening, waiting) = (self.opening.load(Ordering::Relaxed), self.waiting.load(Ordering::Relaxed));
        self.counters.snapshot(self.size, in_use, idle, opening, waiting)
    }

    /// A panic while the lock is held leaves plain data behind, which stays usable.
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> State<C> {
    /// Notes a holder and gives its place in the list; the semaphore lets in no more than there are places.
    fn hold(&mut self, holder: Holder) -> usize {
        let free = self.holders.iter().position(Option::is_none);
        let slot = free.unwrap_or(self.holders.len());
        match self.holders.get_mut(slot) {
            Some(place) => *place = Some(holder),
            None => self.holders.push(Some(holder)),
        }
        slot
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the database handle has been closed")
}

/// Counts someone for as long as it lives, also when it is cancelled.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
