//! A handler at work: its deadline, and what becomes of its panic.
//!
//! One future that is polled directly, in place of nested ones, since each of those would move the answer once more.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Sleep;

use crate::Response;
use crate::problem::{INTERNAL, ProblemDetails, TIMED_OUT};
use crate::routing::HandlerFuture;

/// What answers a request, erased.
type Answering<'a> = Pin<Box<dyn Future<Output = Result<Response, ProblemDetails>> + Send + 'a>>;

/// What answers a request. A panic in it becomes a problem.
pub(crate) enum Handling<'a> {
    /// A handler, until its deadline. Most answer at once, and those cost no timer.
    Handler { future: HandlerFuture, deadline: Duration, timer: Option<Pin<Box<Sleep>>> },
    /// More than the handler, which is held to its deadline in there.
    More(Answering<'a>),
}

impl<'a> Handling<'a> {
    /// A handler that has this much time.
    pub(crate) fn handler(future: HandlerFuture, deadline: Duration) -> Self {
        Handling::Handler { future, deadline, timer: None }
    }

    /// Something around a handler, in a box so that its state costs the other requests nothing.
    #[cfg_attr(
        not(any(feature = "auth", feature = "_db")),
        expect(dead_code, reason = "all that goes around a handler is a feature")
    )]
    pub(crate) fn more(future: impl Future<Output = Result<Response, ProblemDetails>> + Send + 'a) -> Self {
        Handling::More(Box::pin(future))
    }

    fn poll_unguarded(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, ProblemDetails>> {
        match self {
            Handling::Handler { future, deadline, timer } => {
                if let Poll::Ready(response) = future.as_mut().poll(cx) {
                    return Poll::Ready(Ok(response));
                }
                let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(*deadline)));
                ready!(timer.as_mut().poll(cx));
                let detail = format!("the answer was not ready within {deadline:?}");
                Poll::Ready(Err(ProblemDetails::new(&TIMED_OUT).detail(detail)))
            }
            Handling::More(future) => future.as_mut().poll(cx),
        }
    }
}

impl Future for Handling<'_> {
    type Output = Result<Response, ProblemDetails>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = panic::catch_unwind(AssertUnwindSafe(|| self.poll_unguarded(cx)));
        polled.unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
    }
}

/// The result of a closure; a panic in it is a problem.
pub(crate) fn caught<T>(run: impl FnOnce() -> Result<T, ProblemDetails>) -> Result<T, ProblemDetails> {
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// The problem of a handler that panicked.
fn panicked(panic: &(dyn Any + Send)) -> ProblemDetails {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    ProblemDetails::new(&INTERNAL).cause(format!("the handler panicked: {text}"))
}
