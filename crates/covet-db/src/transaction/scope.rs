//! Where a call runs: on whatever connection is free, or within a transaction.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::backend::Lease;
use crate::{Error, ErrorKind, Result};

/// Where an executor's calls run.
#[derive(Clone)]
pub(crate) enum Scope {
    /// Each call on a lease of its own.
    Pool,
    /// On a transaction's lease, at a depth of savepoints.
    Transaction { open: Arc<Open>, depth: u32 },
}

/// An open transaction. Dropped with its lease still in it, it is rolled back.
pub(crate) struct Open {
    /// Empty once the transaction has ended. The lock lets one call run at a time.
    lease: Arc<Mutex<Option<Lease>>>,
    depth: AtomicU32,
    /// A call was given up halfway, so that nobody can know what the transaction has done.
    doomed: Arc<AtomicBool>,
    streaming: Arc<AtomicBool>,
    /// A call failed in a way that the whole transaction, run again, may not.
    retryable: AtomicBool,
}

impl Open {
    pub(crate) fn new(lease: Lease) -> Self {
        Self {
            lease: Arc::new(Mutex::new(Some(lease))),
            depth: AtomicU32::new(0),
            doomed: Arc::default(),
            streaming: Arc::default(),
            retryable: AtomicBool::new(false),
        }
    }

    /// Takes the lease out to end the transaction; only the first caller gets it. While a stream is open there is nothing
    /// to wait for: it may be the caller's own.
    pub(crate) async fn take(&self) -> Result<Lease> {
        self.refuse_beside_a_stream()?;
        self.lease.lock().await.take().ok_or_else(ended)
    }

    pub(crate) fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Relaxed)
    }

    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_retryable(&self) -> bool {
        self.retryable.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, error: &Error) {
        if error.is_retryable() {
            self.retryable.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn enter(&self, depth: u32) {
        self.depth.store(depth, Ordering::Relaxed);
    }

    /// Rolls back without waiting, when nobody else still works in the transaction.
    pub(crate) fn abandon(&self) {
        self.doom();
        if let Ok(mut lease) = self.lease.try_lock()
            && let Some(lease) = lease.take()
        {
            lease.abandon();
        }
    }

    fn refuse_beside_a_stream(&self) -> Result<()> {
        if self.streaming.load(Ordering::Relaxed) {
            return Err(misuse("a stream of the transaction is still open"));
        }
        Ok(())
    }

    async fn turn(self: &Arc<Self>, depth: u32) -> Result<Turn> {
        self.refuse_beside_a_stream()?;
        let lease = Arc::clone(&self.lease).lock_owned().await;
        if lease.is_none() {
            return Err(ended());
        }
        if self.is_doomed() {
            return Err(doomed());
        }
        if self.depth.load(Ordering::Relaxed) != depth {
            return Err(misuse("the transaction is used while another one is nested in it"));
        }
        Ok(Turn { lease, open: Arc::clone(self), over: false })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // A stream may hold the lock for a moment longer; it then has the last reference to the lease and ends it itself.
        self.abandon();
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pool => f.write_str("Pool"),
            Self::Transaction { depth, .. } => write!(f, "Transaction(depth {depth})"),
        }
    }
}

impl Scope {
    /// The right to make the next call of the transaction; none outside of one.
    pub(crate) async fn turn(&self) -> Result<Option<Turn>> {
        match self {
            Self::Pool => Ok(None),
            Self::Transaction { open, depth } => open.turn(*depth).await.map(Some),
        }
    }
}

/// One call's right to the transaction's connection. Dropped before it is over, it dooms the transaction.
pub(crate) struct Turn {
    lease: OwnedMutexGuard<Option<Lease>>,
    open: Arc<Open>,
    over: bool,
}

impl Turn {
    pub(crate) fn lease(&self) -> Result<&Lease> {
        self.lease.as_ref().ok_or_else(ended)
    }

    /// The call has been answered, and its error is none that running the transaction again may mend.
    pub(crate) fn answered(&mut self) {
        self.over = true;
    }

    /// The call has been answered.
    pub(crate) fn over<T>(&mut self, result: &Result<T>) {
        self.over = true;
        if let Err(error) = result {
            self.open.note(error);
        }
    }

    /// The call streams; others of the transaction are refused meanwhile, because waiting for the stream's end would
    /// often be waiting for oneself.
    pub(crate) fn into_streaming(mut self) -> Streaming {
        self.over = true;
        self.open.streaming.store(true, Ordering::Relaxed);
        Streaming { turn: self }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.over {
            self.open.doom();
        }
    }
}

/// A turn that lasts as long as its stream.
pub(crate) struct Streaming {
    turn: Turn,
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.turn.open.streaming.store(false, Ordering::Relaxed);
    }
}

fn misuse(message: &'static str) -> Error {
    Error::new(ErrorKind::Misuse, message)
}

fn ended() -> Error {
    Error::new(ErrorKind::Closed, "the transaction has ended")
}

pub(crate) fn doomed() -> Error {
    Error::new(ErrorKind::Closed, "a call of the transaction was given up halfway, so that it can only be rolled back")
}
