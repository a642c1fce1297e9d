//! CPU time of this thread.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of this thread on a CPU.
fn now() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// The shortest time of one run in µs, over batches: the one that was disturbed least.
pub(crate) fn fastest(batches: u32, count: u32, mut run: impl FnMut() -> usize) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..batches {
        let start = now();
        for _ in 0..count {
            black_box(run());
        }
        best = best.min((now() - start) / f64::from(count));
    }
    best / 1000.0
}
