//! Lanes: connections that short statements share.
//!
//! A statement on a lane is sent behind others without waiting for their answers, which saves most of the system calls of a
//! lease. What goes there must not be able to hurt a neighbour, so that only texts do which are [harmless] to look at and
//! were [fast](text) before; the session refuses to write, and the server stops whatever runs for longer than [`PATIENCE`].
//! A call that is not answered within that time leaves the lane, and like one that was stopped it runs again on a lease,
//! once. Nothing is ever cancelled on a lane: the next answer may be a neighbour's.
//!
//! Lanes count within the pool's size: those of a pool of 20 on two cores leave it 18 leases. Behind a pooler, and for a pool
//! too small to spare any, there are none.

mod harmless;
mod session;
mod text;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::connection::Failure;
use super::open::{self, Pace};
use super::{Shared, error};
use crate::backend::{Shared as Outcome, Wanted};
use crate::observe::timed_out;
use crate::pool::LaneStats;
use crate::sql::{Rendered, Text};
use crate::{ConnectOptions, PreparedStatements, Result};
use session::{Lane, Turn};
pub(super) use text::Record;
use text::Records;

/// How long the server works on a statement of a lane, and how long a call waits there.
const PATIENCE: Duration = Duration::from_millis(250);

/// A pool spares no more than one connection of this many.
const SHARE: usize = 8;

/// How long after a lane could not be opened it is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The lanes of a pool.
pub(super) struct Lanes {
    slots: Box<[Slot]>,
    records: Records,
    shared: Arc<Shared>,
    closed: AtomicBool,
    calls: AtomicU64,
    again: AtomicU64,
    opened: AtomicU64,
    ended: AtomicU64,
}

/// The place of a lane, which is opened when it is first wanted.
#[derive(Default)]
struct Slot {
    lane: RwLock<Option<Arc<Lane>>>,
    opening: AtomicBool,
}

impl Slot {
    fn get(&self) -> Option<Arc<Lane>> {
        self.lane.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, lane: Option<Arc<Lane>>) -> Option<Arc<Lane>> {
        let mut slot = self.lane.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *slot, lane)
    }
}

/// How many of a pool's connections are lanes.
pub(super) fn count(options: &ConnectOptions) -> usize {
    if options.postgres.prepared == PreparedStatements::Never {
        return 0;
    }
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    options.postgres.lanes.unwrap_or_else(cores).min(options.pool.max / SHARE)
}

impl Lanes {
    pub(super) fn new(shared: &Arc<Shared>) -> Arc<Self> {
        Arc::new(Self {
            slots: (0..count(&shared.options)).map(|_| Slot::default()).collect(),
            records: Records::new(),
            shared: Arc::clone(shared),
            closed: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            again: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        })
    }

    /// What is known about a text that may go on a lane one day; none of any other.
    pub(super) fn record(&self, text: &Text) -> Option<Arc<Record>> {
        match text {
            Text::Static(text) if !self.slots.is_empty() && !self.shared.is_behind_pooler() => self.records.get(text),
            Text::Static(_) | Text::Shared(_) => None,
        }
    }

    /// Runs a statement on a lane, if its text was fast before and a lane has time for it.
    pub(super) async fn fetch(
        self: &Arc<Self>,
        record: &Record,
        rendered: &Rendered<'_>,
        wanted: Wanted,
        timeout: Duration,
    ) -> Outcome {
        let Some(turn) = record.cost().and_then(|cost| self.turn(cost)) else {
            return Outcome::NotYet(Duration::ZERO);
        };
        let Ok(answer) = tokio::time::timeout(PATIENCE.min(timeout), turn.lane.fetch(rendered, wanted)).await else {
            if timeout <= PATIENCE {
                return Outcome::Answered(Err(timed_out(timeout)));
            }
            turn.lane.stall();
            return self.again(&turn);
        };
        match answer {
            Ok(Some(batches)) => {
                turn.answered(record);
                self.count(1);
                Outcome::Answered(Ok(batches))
            }
            Ok(None) => {
                record.refuse();
                self.again(&turn)
            }
            Err(failure) => self.failed(record, &turn, failure),
        }
    }

    /// The errors that the lane is the reason of are not the caller's.
    fn failed(&self, record: &Record, turn: &Turn, failure: Failure) -> Outcome {
        if let Failure::Driver(error) = &failure {
            if is_refusal(error) {
                record.refuse();
                return self.again(turn);
            }
            match error.code().map(tokio_postgres::error::SqlState::code) {
                // The lane has gone, and with it what had been sent. It reads only, so that nothing happens twice.
                None => return self.again(turn),
                Some(code) if code.starts_with("57P") || code.starts_with("08") => return self.again(turn),
                Some(_) if self.note_stale(error) => return self.again(turn),
                Some(_) => {}
            }
        }
        self.count(1);
        Outcome::Answered(Err(failure.into_error()))
    }

    /// Whether a statement was prepared for a schema that is gone, which then all connections learn.
    fn note_stale(&self, error: &tokio_postgres::Error) -> bool {
        let is_stale = error::is_stale(error);
        if is_stale {
            self.shared.generation.fetch_add(1, Ordering::Relaxed);
        }
        is_stale
    }

    fn count(&self, statements: usize) {
        self.calls.fetch_add(statements as u64, Ordering::Relaxed);
    }

    fn again(&self, turn: &Turn) -> Outcome {
        self.again.fetch_add(1, Ordering::Relaxed);
        Outcome::NotYet(turn.since().elapsed())
    }

    /// A turn on this thread's lane, or else on the next one that has time.
    fn turn(self: &Arc<Self>, cost: u64) -> Option<Turn> {
        if self.closed.load(Ordering::Relaxed) {
            return None;
        }
        let now = Instant::now();
        let own = thread_number();
        for offset in 0..self.slots.len() {
            let number = (own + offset) % self.slots.len();
            let slot = self.slots.get(number)?;
            match slot.get() {
                Some(lane) if lane.session().is_usable(now) => {
                    if let Some(turn) = lane.enter(cost, now) {
                        return Some(turn);
                    }
                }
                _ => self.open(slot, number),
            }
        }
        None
    }

    /// Opens a lane on the runtime of its first user, unless someone does already.
    fn open(self: &Arc<Self>, slot: &Slot, number: usize) {
        if slot.opening.swap(true, Ordering::Relaxed) {
            return;
        }
        if slot.set(None).is_some() {
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
        let lanes = Arc::downgrade(self);
        let shared = Arc::clone(&self.shared);
        let runtime = Handle::try_current().unwrap_or_else(|_| shared.runtime.clone());
        let guard = Opening { lanes: Weak::clone(&lanes), number };
        runtime.spawn(async move {
            let _guard = guard;
            match open_lane(&shared).await {
                Ok(lane) => {
                    if let Some((lanes, slot)) = lanes.upgrade().as_ref().and_then(|l| Some((l, l.slots.get(number)?)))
                        && !lanes.closed.load(Ordering::Relaxed)
                    {
                        slot.set(Some(Arc::new(lane)));
                        lanes.opened.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "a lane could not be opened");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        });
    }

    /// Gives no more turns, and waits for those that were given, for as long as they may take.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let lanes: Vec<_> = self.slots.iter().filter_map(|slot| slot.set(None)).collect();
        self.ended.fetch_add(lanes.len() as u64, Ordering::Relaxed);
        let deadline = Instant::now() + PATIENCE;
        while lanes.iter().any(|lane| lane.in_flight() > 0) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(super) fn stats(&self) -> LaneStats {
        let lanes: Vec<_> = self.slots.iter().filter_map(Slot::get).collect();
        LaneStats {
            size: self.slots.len(),
            open: lanes.iter().filter(|lane| !lane.session().client.is_closed()).count(),
            in_flight: lanes.iter().map(|lane| lane.in_flight()).sum(),
            calls: self.calls.load(Ordering::Relaxed),
            again: self.again.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
            closed: self.ended.load(Ordering::Relaxed),
        }
    }
}

/// Lets others try to open the lane once its task has ended, however it did.
struct Opening {
    lanes: Weak<Lanes>,
    number: usize,
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(lanes) = self.lanes.upgrade()
            && let Some(slot) = lanes.slots.get(self.number)
        {
            slot.opening.store(false, Ordering::Relaxed);
        }
    }
}

/// Whether the server stopped a statement as too slow, or because there was something to write: in a function of a view, for one.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    matches!(error.code().map(tokio_postgres::error::SqlState::code), Some("57014" | "25006"))
}

async fn open_lane(shared: &Arc<Shared>) -> Result<Lane> {
    let in_flight = Arc::default();
    let connection = open::open(shared, Pace::Together(Arc::clone(&in_flight))).await?;
    let name = shared.options.postgres.application_name.replace('\'', "''");
    let settings = format!(
        "SET statement_timeout = {}; SET default_transaction_read_only = on; SET application_name = '{name} lane'",
        PATIENCE.as_millis(),
    );
    let set = connection.session.client.batch_execute(&settings).await;
    set.map_err(|error| error::classify(&error))?;
    Ok(Lane::new(connection, in_flight))
}

/// A number that a thread keeps.
fn thread_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    OWN.with(Cell::get)
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lanes").field(&self.slots.len()).finish()
    }
}

/// Closes the lanes with their pool.
impl Drop for Lanes {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
