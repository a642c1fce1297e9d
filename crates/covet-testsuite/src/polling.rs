//! Dropping futures halfway.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Polls a future so many times, each time it is woken, and drops it if it is not ready then.
pub async fn drop_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polled = 0;
    poll_fn(|context| {
        if polled == polls {
            return Poll::Ready(None);
        }
        polled += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            // Dropped at once, before the other side can have answered.
            Poll::Pending if polled == polls => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
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
