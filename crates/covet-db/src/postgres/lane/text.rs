//! What is known about texts: whether they are harmless, and how fast they were.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::harmless::is_harmless;
use super::session::LARGEST;
use crate::quick_hash::QuickHash;
use crate::row::Batch;

/// A statement that takes longer on a lease does not come to a lane.
const FAST: Duration = Duration::from_millis(50);

/// How long a text that was too slow or gave too much stays away from lanes, the first time; twice as long each further time,
/// up to a minute.
const AWAY: Duration = Duration::from_secs(1);
const LONGEST_DOUBLING: u32 = 6;

/// Most texts that are looked at; a program has no more places that make them.
const MOST: usize = 10_000;

/// So many measurements make a period, of which the shortest counts. What a statement takes beyond it is mostly the machine's.
const PERIOD: u32 = 32;

/// The least that a statement is taken to cost.
const LEAST: u64 = 20_000;

/// The address and the length of a static text.
type Place = (usize, usize);

/// The records of all texts.
pub(super) struct Records {
    /// By where the text stands, because static text never moves. None for those that are not harmless.
    by_place: RwLock<HashMap<Place, Option<Arc<Record>>, QuickHash>>,
    clock: Arc<Clock>,
}

/// What the records have in common.
struct Clock {
    since: Instant,
    /// The shortest time, in nanoseconds, in which anything was answered: the way there and back.
    way: AtomicU64,
}

impl Clock {
    fn milliseconds(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Records {
    pub(super) fn new() -> Self {
        let clock = Clock { since: Instant::now(), way: AtomicU64::new(u64::MAX) };
        Self { by_place: RwLock::default(), clock: Arc::new(clock) }
    }

    pub(super) fn get(&self, text: &'static str) -> Option<Arc<Record>> {
        let place = (text.as_ptr().addr(), text.len());
        if let Some(known) = self.by_place.read().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return known.clone();
        }
        let record = is_harmless(text).then(|| Arc::new(Record::new(Arc::clone(&self.clock))));
        let mut by_place = self.by_place.write().unwrap_or_else(PoisonError::into_inner);
        if by_place.len() >= MOST {
            return None;
        }
        by_place.entry(place).or_insert(record).clone()
    }
}

/// How a text has done so far; durations are in nanoseconds.
pub(crate) struct Record {
    clock: Arc<Clock>,
    /// The shortest time that it took lately; 0 before it was seen.
    took: AtomicU64,
    /// The shortest time of the period that is under way.
    period: AtomicU64,
    measured: AtomicU32,
    /// When it may go on a lane again, in milliseconds.
    away_until: AtomicU64,
    refusals: AtomicU32,
}

impl Record {
    fn new(clock: Arc<Clock>) -> Self {
        Self {
            clock,
            took: AtomicU64::new(0),
            period: AtomicU64::new(u64::MAX),
            measured: AtomicU32::new(0),
            away_until: AtomicU64::new(0),
            refusals: AtomicU32::new(0),
        }
    }

    /// How long the server works on it, about; none where it must not go on a lane.
    pub(super) fn cost(&self) -> Option<u64> {
        let took = self.took.load(Ordering::Relaxed);
        let away_until = self.away_until.load(Ordering::Relaxed);
        let may = took > 0 && (away_until == 0 || self.clock.milliseconds() >= away_until);
        may.then(|| took.saturating_sub(self.clock.way.load(Ordering::Relaxed)).max(LEAST))
    }

    /// Learns from a run on a lease.
    pub(crate) fn ran_alone(&self, took: Duration, batches: &[Batch]) {
        let bytes: usize = batches.iter().map(Batch::size).sum();
        if took <= FAST && bytes <= LARGEST / 4 {
            self.measured(took);
        }
    }

    /// Learns from a run that had nothing before it to wait for.
    pub(super) fn measured(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
        self.clock.way.fetch_min(took, Ordering::Relaxed);
        let least = self.period.fetch_min(took, Ordering::Relaxed).min(took);
        let known = self.took.load(Ordering::Relaxed);
        let is_over = self.measured.fetch_add(1, Ordering::Relaxed) % PERIOD == PERIOD - 1;
        if is_over {
            self.period.store(u64::MAX, Ordering::Relaxed);
            self.refusals.store(0, Ordering::Relaxed);
        }
        if is_over || known == 0 || least < known {
            self.took.store(least, Ordering::Relaxed);
        }
    }

    /// Keeps the text away from lanes for a while; then it must be seen to be fast again.
    pub(super) fn refuse(&self) {
        let doublings = self.refusals.fetch_add(1, Ordering::Relaxed).min(LONGEST_DOUBLING);
        let away = u64::try_from(AWAY.as_millis()).unwrap_or(u64::MAX) << doublings;
        self.away_until.store(self.clock.milliseconds().saturating_add(away), Ordering::Relaxed);
        self.took.store(0, Ordering::Relaxed);
    }
}
