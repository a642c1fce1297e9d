//! Stopping the statement that runs on a connection's thread, and no other.
//!
//! SQLite's interrupt stops whatever runs on the connection at that moment. So that it cannot meet the statement after
//! the one it was meant for, it is sent only under the lock under which the thread changes from one call to the next.
//! An interrupt that comes before the statement's first step is forgotten by SQLite; the flag, which the progress handler
//! and the busy handler look at, is not.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::InterruptHandle;

/// What the callers of one connection share with its thread.
pub(super) struct Control {
    next: AtomicU64,
    calls: Mutex<Calls>,
    cancelled: Arc<AtomicBool>,
    interrupt: InterruptHandle,
}

#[derive(Default)]
struct Calls {
    running: Option<u64>,
    /// Calls given up before the thread came to them.
    abandoned: Vec<u64>,
    finished: u64,
}

impl Control {
    pub(super) fn new(interrupt: InterruptHandle, cancelled: Arc<AtomicBool>) -> Self {
        Self { next: AtomicU64::new(1), calls: Mutex::default(), cancelled, interrupt }
    }

    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Called by the thread before a call; false when nobody waits for it any more.
    pub(super) fn start(&self, call: u64) -> bool {
        let mut calls = self.lock();
        if let Some(index) = calls.abandoned.iter().position(|abandoned| *abandoned == call) {
            calls.abandoned.swap_remove(index);
            calls.finished = call;
            return false;
        }
        calls.running = Some(call);
        self.cancelled.store(false, Ordering::Relaxed);
        true
    }

    /// Called by the thread once the statement of a call has been reset.
    pub(super) fn finish(&self, call: u64) {
        let mut calls = self.lock();
        calls.running = None;
        calls.finished = call;
        self.cancelled.store(false, Ordering::Relaxed);
    }

    /// Whether the call that runs was given up.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Gives a call up, wherever it stands.
    fn cancel(&self, call: u64) {
        let mut calls = self.lock();
        if calls.running == Some(call) {
            self.cancelled.store(true, Ordering::Relaxed);
            self.interrupt.interrupt();
        } else if call > calls.finished {
            calls.abandoned.push(call);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives its call up when it is dropped before the answer has come.
pub(super) struct CancelOnDrop {
    control: Option<Arc<Control>>,
    call: u64,
}

impl CancelOnDrop {
    pub(super) fn new(control: Arc<Control>, call: u64) -> Self {
        Self { control: Some(control), call }
    }

    pub(super) fn answered(&mut self) {
        self.control = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(control) = self.control.take() {
            control.cancel(self.call);
        }
    }
}
