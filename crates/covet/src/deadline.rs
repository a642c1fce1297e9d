//! A time that something may take.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// What a future yields, or `None` when it takes longer. Most are ready at once, and those cost no timer.
pub(crate) async fn within<F: Future + Unpin>(limit: Duration, mut future: F) -> Option<F::Output> {
    use std::pin::Pin;
    let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx))).await;
    match first {
        Poll::Ready(output) => Some(output),
        Poll::Pending => tokio::time::timeout(limit, future).await.ok(),
    }
}
