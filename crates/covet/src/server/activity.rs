//! What happens on a connection, as its parts tell it, and what the watchdog makes of that.
//!
//! A connection is judged by ticks, a few in each time-out, so that a request costs no timer: an idle connection is one
//! on which no request began and none was at work for so many ticks, and a stalled one has bytes to send of which its
//! peer took next to nothing for so many. PINGs, SETTINGS and window updates of single bytes count for neither.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// How many ticks the shorter time-out has.
const TICKS: u32 = 4;

/// What a peer has to take within a tick of what is there for it, in bytes.
const LEAST_PROGRESS: u64 = 256;

/// Requests that a peer may take back before they are answered, beyond those that it lets be answered.
const MOST_CANCELLED: u64 = 200;

/// What a peer may send without making a request of it while none is at work, in bytes.
const MOST_NOISE: u64 = 1 << 20;

/// What the transport, the requests and the watchdog of one connection share.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    answered: AtomicU64,
    cancelled: AtomicU64,
    at_work: AtomicUsize,
    /// Bytes read since a request began last.
    noise: AtomicU64,
    /// Whether the peer has said that it sends nothing more.
    pub(super) half_closed: AtomicBool,
    /// What the transport sends.
    pub(super) sending: Flow,
    /// What the streams of HTTP/2 send, each under a flow control of its own.
    streams: Mutex<Vec<Weak<Flow>>>,
}

/// Bytes on their way to the peer.
#[derive(Debug, Default)]
pub(super) struct Flow {
    waiting: AtomicU64,
    taken: AtomicU64,
    /// How many bytes had been taken when the peer was last seen to move, and how many ticks ago that was.
    seen: AtomicU64,
    still: AtomicU32,
}

impl Flow {
    /// Bytes wait for the peer.
    pub(super) fn wait(&self, bytes: u64) {
        self.waiting.fetch_add(bytes, Relaxed);
    }

    /// Bytes do not wait any more, as they were taken or given up.
    pub(super) fn done(&self, bytes: u64) {
        self.waiting.fetch_sub(bytes, Relaxed);
    }

    /// Whether any bytes wait; for a sender that only knows that.
    pub(super) fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting.into(), Relaxed);
    }

    fn has_waiting(&self) -> bool {
        self.waiting.load(Relaxed) > 0
    }

    /// The peer took bytes.
    pub(super) fn took(&self, bytes: u64) {
        self.taken.fetch_add(bytes, Relaxed);
    }

    /// Whether the peer has not moved for so many ticks. Called once in each.
    fn is_stalled(&self, ticks: u32) -> bool {
        let taken = self.taken.load(Relaxed);
        if self.waiting.load(Relaxed) == 0 || taken - self.seen.load(Relaxed) >= LEAST_PROGRESS {
            self.seen.store(taken, Relaxed);
            self.still.store(0, Relaxed);
            return false;
        }
        self.still.fetch_add(1, Relaxed).saturating_add(1) >= ticks
    }
}

/// A request at work, from its head to the last byte of its answer.
#[derive(Debug)]
pub(super) struct Work {
    activity: Arc<Activity>,
    answered: bool,
}

impl Work {
    pub(super) fn begin(activity: &Arc<Activity>) -> Self {
        activity.begun.fetch_add(1, Relaxed);
        activity.at_work.fetch_add(1, Relaxed);
        activity.noise.store(0, Relaxed);
        Work { activity: activity.clone(), answered: false }
    }

    /// The head of the answer is there.
    pub(super) fn answered(&mut self) {
        self.answered = true;
        self.activity.answered.fetch_add(1, Relaxed);
    }

    pub(super) fn activity(&self) -> &Activity {
        &self.activity
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.activity.at_work.fetch_sub(1, Relaxed);
        self.activity.noise.store(0, Relaxed);
        if !self.answered {
            self.activity.cancelled.fetch_add(1, Relaxed);
        }
    }
}

impl Activity {
    /// The flow of a stream of HTTP/2.
    pub(super) fn stream(&self) -> Arc<Flow> {
        let flow = Arc::<Flow>::default();
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.len() == streams.capacity() {
            streams.retain(|stream| stream.strong_count() > 0);
        }
        streams.push(Arc::downgrade(&flow));
        flow
    }

    /// Bytes were read.
    pub(super) fn read(&self, bytes: u64) {
        self.noise.fetch_add(bytes, Relaxed);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Relaxed) > 0
    }

    pub(super) fn is_at_work(&self) -> bool {
        self.at_work.load(Relaxed) > 0
    }

    /// Whether bytes wait for the peer, of requests that are not at work any more as well.
    fn is_sending(&self) -> bool {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        self.sending.has_waiting() || streams.iter().filter_map(Weak::upgrade).any(|stream| stream.has_waiting())
    }

    fn is_stalled(&self, ticks: u32) -> bool {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|stream| stream.strong_count() > 0);
        // Each is looked at, since looking is what counts its ticks.
        let stalled = streams.iter().filter_map(Weak::upgrade).filter(|stream| stream.is_stalled(ticks)).count();
        self.sending.is_stalled(ticks) || stalled > 0
    }
}

/// Why a connection is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No request began for the time that a connection may be idle.
    Idle,
    /// The peer does not take what it has asked for.
    Stalled,
    /// The peer takes back more requests than it lets be answered.
    Cancelling,
    /// The peer sends much, and nothing of it is a request.
    Noise,
}

impl Verdict {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Verdict::Idle => "a connection without a request was closed",
            Verdict::Stalled => "a connection was cut off: its peer does not take its answers",
            Verdict::Cancelling => "a connection was cut off: its peer takes its requests back",
            Verdict::Noise => "a connection was cut off: its peer sends much that is no request",
        }
    }
}

/// Looks at a connection's activity, once in each tick.
#[derive(Debug)]
pub(super) struct Watchdog {
    pub(super) tick: Duration,
    idle_ticks: u32,
    send_ticks: u32,
    /// How many requests had begun at the last tick, and for how many ticks nothing has happened.
    begun: u64,
    idle: u32,
}

impl Watchdog {
    /// For connections that may be idle for a time, and whose peer may take nothing for another.
    pub(super) fn new(idle: Duration, send: Duration) -> Self {
        let tick = (idle.min(send) / TICKS).max(Duration::from_millis(1));
        let ticks = |time: Duration| u32::try_from(time.as_nanos().div_ceil(tick.as_nanos())).unwrap_or(u32::MAX);
        Watchdog { tick, idle_ticks: ticks(idle), send_ticks: ticks(send), begun: 0, idle: 0 }
    }

    /// To be called at each tick.
    pub(super) fn look(&mut self, activity: &Activity) -> Option<Verdict> {
        if activity.is_stalled(self.send_ticks) {
            return Some(Verdict::Stalled);
        }
        let begun = activity.begun.load(Relaxed);
        if activity.is_at_work() || begun != self.begun || activity.is_sending() {
            self.begun = begun;
            self.idle = 0;
            return None;
        }
        self.idle = self.idle.saturating_add(1);
        (self.idle >= self.idle_ticks).then_some(Verdict::Idle)
    }
}

impl Activity {
    /// To be called each time that the connection has done something.
    pub(super) fn flood(&self) -> Option<Verdict> {
        let cancelled = self.cancelled.load(Relaxed);
        if cancelled > MOST_CANCELLED && cancelled > MOST_CANCELLED + self.answered.load(Relaxed) {
            return Some(Verdict::Cancelling);
        }
        (self.noise.load(Relaxed) > MOST_NOISE && !self.is_at_work()).then_some(Verdict::Noise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_takes_next_to_nothing_has_stalled() {
        let flow = Flow::default();
        for _ in 0..10 {
            assert!(!flow.is_stalled(4), "nothing waits");
        }
        flow.wait(10_000);
        for _ in 0..10 {
            flow.took(LEAST_PROGRESS);
            assert!(!flow.is_stalled(4));
        }
        let ticks: Vec<bool> = (0..4).map(|_| (flow.took(1), flow.is_stalled(4)).1).collect();
        assert_eq!(ticks, [false, false, false, true]);
        flow.done(10_000);
        assert!(!flow.is_stalled(4));
    }

    #[test]
    fn streams_that_ended_are_forgotten() {
        let activity = Activity::default();
        let kept = activity.stream();
        for _ in 0..100_000 {
            activity.stream();
        }
        assert!(activity.streams.lock().unwrap().capacity() < 100);
        kept.wait(1);
        let ticks: Vec<bool> = (0..4).map(|_| activity.is_stalled(4)).collect();
        assert_eq!(ticks, [false, false, false, true]);
    }

    #[test]
    fn only_a_request_keeps_a_connection() {
        let activity = Arc::new(Activity::default());
        let mut watchdog = Watchdog::new(Duration::from_secs(8), Duration::from_secs(4));
        assert_eq!(watchdog.tick, Duration::from_secs(1));
        let work = Work::begin(&activity);
        for _ in 0..20 {
            assert_eq!(watchdog.look(&activity), None);
        }
        drop(work);
        activity.read(1000);
        let ticks: Vec<bool> = (0..8).map(|_| watchdog.look(&activity).is_some()).collect();
        assert_eq!(ticks, [false, false, false, false, false, false, false, true]);
    }

    #[test]
    fn extremes_of_time_do_not_overflow() {
        for (idle, send) in
            [(Duration::ZERO, Duration::MAX), (Duration::MAX, Duration::MAX), (Duration::MAX, Duration::ZERO)]
        {
            assert_eq!(Watchdog::new(idle, send).look(&Activity::default()).is_some(), idle.is_zero(), "{idle:?}");
        }
    }

    #[test]
    fn requests_that_are_taken_back_are_counted_against_those_that_are_answered() {
        let activity = Arc::new(Activity::default());
        for _ in 0..10 * MOST_CANCELLED {
            Work::begin(&activity).answered();
            drop(Work::begin(&activity));
            assert_eq!(activity.flood(), None);
        }
        (0..=MOST_CANCELLED).for_each(|_| drop(Work::begin(&activity)));
        assert_eq!(activity.flood(), Some(Verdict::Cancelling));
    }

    #[test]
    fn bytes_count_only_while_no_request_is_at_work() {
        let activity = Arc::new(Activity::default());
        let work = Work::begin(&activity);
        activity.read(10 * MOST_NOISE);
        assert_eq!(activity.flood(), None);
        drop(work);
        assert_eq!(activity.flood(), None);
        activity.read(MOST_NOISE + 1);
        assert_eq!(activity.flood(), Some(Verdict::Noise));
    }
}
