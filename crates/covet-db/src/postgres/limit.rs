//! How long the server lets a statement run, for when the client that would stop it is gone or out of reach.
//!
//! A session starts with the longest of the pool's time-outs and a second. A call that may take longer, and a stream, which
//! may take any time, change that on their way: the change goes out together with the statement, so that it costs no round
//! trip, and the next statement changes it back in the same way. A pooler hands each transaction to another session, so
//! that there the client's time-out is the only one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::connection::{Failure, Running, Session};
use crate::Param;

/// How long a statement may run.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// As long as a call with this time-out of its own, or else with the pool's.
    Call(Option<Duration>),
    /// Any time.
    Endless,
}

/// What the session has in force, in milliseconds.
#[derive(Debug)]
pub(super) struct InForce(AtomicU64);

impl InForce {
    const UNKNOWN: u64 = u64::MAX;

    pub(super) fn new(usual: Duration) -> Self {
        Self(AtomicU64::new(milliseconds(usual)))
    }

    /// To be called where a transaction or savepoint may have taken a change back.
    pub(super) fn forget(&self) {
        self.0.store(Self::UNKNOWN, Ordering::Relaxed);
    }

    pub(super) fn set(&self, limit: Duration) {
        self.0.store(milliseconds(limit), Ordering::Relaxed);
    }
}

fn milliseconds(limit: Duration) -> u64 {
    // The server's own maximum is that of 31 bits.
    limit.as_millis().min(i32::MAX as u128) as u64
}

impl Session {
    /// What changes the limit; nothing where it is in force.
    pub(super) fn change(&self, limit: Limit) -> Option<(String, u64)> {
        let usual = self.shared.statement_timeout;
        let wanted = milliseconds(match limit {
            Limit::Call(None) => usual,
            Limit::Call(Some(own)) => usual.max(own.saturating_add(super::BACKSTOP)),
            Limit::Endless => Duration::ZERO,
        });
        if self.limit.0.load(Ordering::Relaxed) == wanted || !self.shared.has_sessions() {
            return None;
        }
        let local = if self.standing.is_in_transaction() { "LOCAL " } else { "" };
        Some((format!("SET {local}statement_timeout = {wanted}"), wanted))
    }

    /// Sets the limit where that changes, and waits for it.
    pub(super) async fn limit_to(&self, limit: Limit) -> Result<(), Failure> {
        if let Some((change, wanted)) = self.change(limit) {
            self.limit.forget();
            self.client.batch_execute(&change).await?;
            self.limit.0.store(wanted, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sends a statement with its values, and the limit before it where that changes.
    pub(super) async fn start_within(
        &self,
        limit: Limit,
        text: &str,
        params: &[Param<'_>],
    ) -> Result<Running, Failure> {
        let Some((change, wanted)) = self.change(limit) else {
            return self.start(text, params).await;
        };
        Box::pin(async {
            self.limit.forget();
            let (changed, running) =
                futures_util::future::join(self.client.batch_execute(&change), self.start(text, params)).await;
            if changed.is_ok() {
                self.limit.0.store(wanted, Ordering::Relaxed);
            }
            running
        })
        .await
    }
}
