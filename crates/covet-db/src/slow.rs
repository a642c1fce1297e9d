//! The latest statements that took long, for people who look at a running program.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// How many are remembered.
const REMEMBERED: usize = 50;

/// How much of a statement's text is remembered, in bytes; texts that a program puts together can be of any length.
const LONGEST: usize = 2_000;

/// A statement that took as long as [`ConnectOptions::slow_statement`](crate::ConnectOptions::slow_statement), or longer.
///
/// ```
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("sqlite::memory:?slow_statement=0ms").await?;
/// let _one: i64 = db.fetch_value("SELECT 1").await?;
/// assert_eq!(db.slow_statements()[0].text, "SELECT 1");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowStatement {
    /// When it ended.
    pub at: Timestamp,
    /// Its text with placeholders, of which the first 2,000 bytes; never a value.
    pub text: String,
    /// How long the call took, with the time that it waited for a connection.
    pub elapsed: Duration,
}

/// Remembers them for all clones of a database.
#[derive(Clone, Debug)]
pub(crate) struct SlowLog {
    from: Duration,
    latest: Arc<Mutex<VecDeque<SlowStatement>>>,
}

impl SlowLog {
    /// A log of what takes so long.
    pub(crate) fn new(from: Duration) -> Self {
        SlowLog { from, latest: Arc::default() }
    }

    /// The same log for calls that may take so long without being slow.
    pub(crate) fn at_least(&self, from: Duration) -> Self {
        SlowLog { from: self.from.max(from), latest: Arc::clone(&self.latest) }
    }

    /// Whether a call that took so long was slow, which is remembered.
    pub(crate) fn note(&self, text: &str, elapsed: Duration) -> bool {
        if elapsed < self.from {
            return false;
        }
        let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST).last();
        let text = text[..end.unwrap_or_default()].to_owned();
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.truncate(REMEMBERED - 1);
        latest.push_front(SlowStatement { at: Timestamp::now(), text, elapsed });
        true
    }

    /// The latest, the last first.
    pub(crate) fn latest(&self) -> Vec<SlowStatement> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_the_last_first() {
        let log = SlowLog::new(Duration::from_millis(10));
        assert!(!log.note("quick", Duration::from_millis(9)));
        for number in 0..60 {
            assert!(log.note(&format!("SELECT {number}"), Duration::from_millis(10)));
        }
        assert!(!log.at_least(Duration::from_secs(1)).note("patient", Duration::from_millis(20)));
        let latest = log.latest();
        assert_eq!((latest.len(), &*latest[0].text, &*latest[49].text), (50, "SELECT 59", "SELECT 10"));
        log.note(&"é".repeat(LONGEST), Duration::from_secs(1));
        assert_eq!(log.latest()[0].text.len(), LONGEST);
    }
}
