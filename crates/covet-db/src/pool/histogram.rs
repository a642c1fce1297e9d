//! Counts of durations in fixed buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the buckets in microseconds; one more bucket takes what is longer.
const BOUNDS: [u64; 11] = [10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 1_000_000, 10_000_000];

/// How often durations fell between bounds.
///
/// ```
/// # use covet_db::Db;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// db.execute("SELECT 1").await?;
/// let waits = db.pool_stats().wait;
/// assert_eq!(waits.count(), waits.buckets().map(|(_, count)| count).sum::<u64>());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; BOUNDS.len() + 1],
    total: Duration,
}

impl Histogram {
    /// Each bucket's upper bound, none for the last, and how many durations fell into it.
    ///
    /// ```
    /// assert_eq!(covet_db::Histogram::default().buckets().count(), 12);
    /// ```
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = BOUNDS.iter().map(|bound| Some(Duration::from_micros(*bound)));
        bounds.chain([None]).zip(self.counts)
    }

    /// How many durations there were.
    ///
    /// ```
    /// assert_eq!(covet_db::Histogram::default().count(), 0);
    /// ```
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All durations together.
    ///
    /// ```
    /// assert!(covet_db::Histogram::default().total().is_zero());
    /// ```
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.total += other.total;
    }
}

/// A histogram that many threads fill.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    counts: [AtomicU64; BOUNDS.len() + 1],
    total_nanoseconds: AtomicU64,
}

impl Recorder {
    pub(super) fn record(&self, duration: Duration) {
        let microseconds = duration.as_micros();
        let bucket = BOUNDS.partition_point(|bound| u128::from(*bound) < microseconds);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.total_nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> Histogram {
        Histogram {
            counts: std::array::from_fn(|index| self.counts[index].load(Ordering::Relaxed)),
            total: Duration::from_nanos(self.total_nanoseconds.load(Ordering::Relaxed)),
        }
    }
}
