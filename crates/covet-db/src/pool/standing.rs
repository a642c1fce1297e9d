//! How a session on a server stands: what its adapter knows of it beside the wire.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::Reason;

/// How a session stands.
#[derive(Debug)]
pub(crate) struct Standing {
    epoch: u64,
    retire_at: Instant,
    /// A statement may have left something behind.
    tainted: AtomicBool,
    in_transaction: AtomicBool,
    /// The open transaction is lost: a statement of it has failed where that ends it, or the server has rolled it back. It
    /// can only be ended.
    aborted: AtomicBool,
    /// It could not be put in order.
    broken: AtomicBool,
}

impl Standing {
    /// A session of this epoch, for as long as it may live.
    pub(crate) fn new(epoch: u64, retire_at: Instant) -> Self {
        Self {
            epoch,
            retire_at,
            tainted: AtomicBool::new(false),
            in_transaction: AtomicBool::new(false),
            aborted: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        }
    }

    /// Why it must not be used for another call, as far as is known here. The epoch is the pool's; the wire may know that it is
    /// closed.
    pub(crate) fn unusable(&self, now: Instant, epoch: u64, is_closed: bool) -> Option<Reason> {
        if self.epoch != epoch {
            Some(Reason::Failover)
        } else if is_closed || self.is_broken() {
            Some(Reason::Broken)
        } else if now >= self.retire_at {
            Some(Reason::Expired)
        } else {
            None
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    pub(crate) fn break_off(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_tainted(&self) -> bool {
        self.tainted.load(Ordering::Relaxed)
    }

    pub(crate) fn set_tainted(&self, tainted: bool) {
        self.tainted.store(tainted, Ordering::Relaxed);
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Relaxed)
    }

    pub(crate) fn set_aborted(&self, aborted: bool) {
        self.aborted.store(aborted, Ordering::Relaxed);
    }

    pub(crate) fn is_in_transaction(&self) -> bool {
        self.in_transaction.load(Ordering::Relaxed)
    }

    /// A transaction that begins or ends is not aborted.
    pub(crate) fn set_in_transaction(&self, in_transaction: bool) {
        self.in_transaction.store(in_transaction, Ordering::Relaxed);
        self.set_aborted(false);
    }
}
