//! How long the server lets a statement run, for when the client that would stop it is gone or out of reach.
//!
//! A session starts with the longest of the pool's time-outs and a second: MariaDB's `max_statement_time` for every statement,
//! MySQL's `max_execution_time` for those that read. A call that may take longer, and a stream, which may take any time,
//! change that before them, and the next statement changes it back.

use std::time::Duration;

use super::connection::{Failure, Session, Wire};

/// How long a statement may run.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// As long as a call with this time-out of its own, or else with the pool's.
    Call(Option<Duration>),
    /// Any time.
    Endless,
}

/// The largest that both servers take.
const LARGEST: u128 = 31_536_000_000;

pub(super) fn milliseconds(limit: Duration) -> u64 {
    u64::try_from(limit.as_millis().min(LARGEST)).unwrap_or(0)
}

/// What sets the limit in a list of SET. Each server passes over the comment that is for the other one.
pub(super) fn setting(milliseconds: u64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    format!(
        "/*M!100101 , max_statement_time = {seconds}.{rest:03} */ /*!50708 , max_execution_time = {milliseconds} */"
    )
}

impl Wire {
    /// Sets the limit where that changes.
    pub(super) async fn limit_to(&mut self, session: &Session, limit: Limit) -> Result<(), Failure> {
        let usual = session.shared.statement_timeout;
        let wanted = milliseconds(match limit {
            Limit::Call(None) => usual,
            Limit::Call(Some(own)) => usual.max(own.saturating_add(super::BACKSTOP)),
            Limit::Endless => Duration::ZERO,
        });
        if self.limit != wanted {
            let change = format!("SET @@session.time_zone = @@session.time_zone {}", setting(wanted));
            self.limit = u64::MAX;
            Box::pin(self.command(&change)).await.map_err(|(_, error)| error)?;
            self.limit = wanted;
        }
        Ok(())
    }
}
