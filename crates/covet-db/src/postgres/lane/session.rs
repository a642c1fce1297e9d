//! One lane: a connection with many statements on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::text::Record;
use crate::backend::Wanted;
use crate::pool::Ticker;
use crate::postgres::connection::{Connection, Failure, Session};
use crate::postgres::read;
use crate::row::Batch;
use crate::sql::Rendered;

/// How much work, in nanoseconds of the server, waits on a lane before calls take a lease instead: lanes must not take from
/// statements what parallel connections would give them.
const BACKLOG: u64 = 5_000_000;

/// The largest result, in bytes, that a lane carries.
pub(super) const LARGEST: usize = 64 << 10;

/// How long a lane whose statements were not answered in time has to answer anything.
const REVIVAL: Duration = Duration::from_secs(5);

pub(super) struct Lane {
    connection: Connection,
    backlog: AtomicU64,
    in_flight: Arc<AtomicUsize>,
    /// It did not answer in time, and nothing has shown since that it is well again.
    stalled: AtomicBool,
    ticker: Ticker,
}

impl Lane {
    pub(super) fn new(connection: Connection, in_flight: Arc<AtomicUsize>) -> Self {
        Self {
            connection,
            backlog: AtomicU64::new(0),
            in_flight,
            stalled: AtomicBool::new(false),
            ticker: Ticker::default(),
        }
    }

    pub(super) fn session(&self) -> &Arc<Session> {
        &self.connection.session
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A turn for a statement of this cost, unless so much waits already that a lease is better.
    pub(super) fn enter(self: Arc<Self>, cost: u64, now: Instant) -> Option<Turn> {
        if self.stalled.load(Ordering::Relaxed) {
            return None;
        }
        let waiting = self.backlog.fetch_add(cost, Ordering::Relaxed);
        if waiting > 0 && waiting + cost > BACKLOG {
            self.backlog.fetch_sub(cost, Ordering::Relaxed);
            return None;
        }
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.ticker.used();
        Some(Turn { lane: self, cost, since: now, is_alone: waiting == 0 })
    }

    /// Sends a statement at once, behind those that are on their way; none is a result too large for a lane.
    pub(super) async fn fetch(&self, rendered: &Rendered<'_>, wanted: Wanted) -> Result<Option<Vec<Batch>>, Failure> {
        let mut running = self.session().start(rendered.text.as_str(), &rendered.params).await?;
        read(&mut running, wanted, LARGEST).await
    }

    /// Gives no more turns until the lane has answered a question without content.
    pub(super) fn stall(self: &Arc<Self>) {
        if self.stalled.swap(true, Ordering::Relaxed) {
            return;
        }
        let lane = Arc::clone(self);
        tokio::spawn(async move {
            match tokio::time::timeout(REVIVAL, lane.session().client.check_connection()).await {
                Ok(Ok(())) => lane.stalled.store(false, Ordering::Relaxed),
                _ => lane.session().standing.break_off(),
            }
        });
    }
}

/// A statement's place on a lane.
pub(super) struct Turn {
    pub(super) lane: Arc<Lane>,
    cost: u64,
    since: Instant,
    /// Whether nothing was before it to wait for.
    is_alone: bool,
}

impl Turn {
    /// When it was given.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// Learns from an answer what the text costs.
    pub(super) fn answered(&self, record: &Record) {
        if self.is_alone {
            record.measured(self.since.elapsed());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.lane.backlog.fetch_sub(self.cost, Ordering::Relaxed);
        self.lane.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
