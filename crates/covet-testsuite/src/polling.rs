//! Dropping futures halfway.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;

/// How many steps tokio lets a task take in one poll before it must yield.
const BUDGET: usize = 128;

/// Polls a future so many times and drops it if it is not ready then.
///
/// How far a future comes in one poll depends on how fast the other side answers. So that no point where it waits is
/// passed over, each poll leaves it one step of tokio's budget, and the last one none: it takes one answer at most and then
/// waits, even for one that is there.
pub async fn drop_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for poll in 1..=polls {
        if poll > 1 {
            // Long enough for the answer to be there at the next poll.
            tokio::time::sleep(Duration::from_micros(300)).await;
        }
        tokio::task::yield_now().await;
        let polled = poll_fn(|context| {
            let left = usize::from(poll < polls);
            for _ in left..BUDGET {
                let _ = tokio::task::consume_budget().now_or_never();
            }
            Poll::Ready(future.as_mut().poll(context))
        });
        if let Poll::Ready(output) = polled.await {
            return Some(output);
        }
    }
    None
}

/// Makes a future again and again and drops it after one poll, then two and so on, until it is ready before that; after
/// each it runs the check. Gives how many polls it takes.
pub async fn for_every_poll<T, F: Future<Output = T>, C: Future<Output = ()>>(
    mut make: impl FnMut() -> F,
    mut check: impl FnMut(Option<T>) -> C,
) -> usize {
    for polls in 1.. {
        let output = drop_after(polls, make()).await;
        let ready = output.is_some();
        check(output).await;
        if ready {
            return polls;
        }
    }
    unreachable!("a future that is polled for ever")
}
