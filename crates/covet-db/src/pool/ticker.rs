//! A timer that does nothing, for who sets one for each call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it expires. A runtime's thread that sleeps is woken to learn of a timer which is due before all others, and each
/// call sets one for its time-out; with this one before it, that takes no more than a lock.
const TICK: Duration = Duration::from_millis(100);

/// Runs for as long as what it belongs to is used.
#[derive(Debug, Default)]
pub(crate) struct Ticker(Arc<State>);

#[derive(Debug, Default)]
struct State {
    runs: AtomicBool,
    /// Since the last tick.
    is_used: AtomicBool,
}

impl Ticker {
    /// To be called at each use, within a runtime.
    pub(crate) fn used(&self) {
        if !self.0.is_used.load(Ordering::Relaxed) {
            self.0.is_used.store(true, Ordering::Relaxed);
        }
        if !self.0.runs.load(Ordering::Relaxed) && !self.0.runs.swap(true, Ordering::Relaxed) {
            self.run();
        }
    }

    fn run(&self) {
        let state = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TICK).await;
                let Some(state) = state.upgrade() else { return };
                if !state.is_used.swap(false, Ordering::Relaxed) {
                    state.runs.store(false, Ordering::Relaxed);
                    return;
                }
            }
        });
    }
}
