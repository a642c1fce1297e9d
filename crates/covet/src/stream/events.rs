//! Server-sent events as an answer.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use http::{HeaderName, HeaderValue, header};
use tokio::sync::watch;

use super::Event;
use crate::openapi::Operation;
use crate::{Body, BoxError, Responder, Responding, Response};

/// How long the stream is silent before a comment shows that it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Server-sent events, until the stream ends, the client leaves, or the server stops: streams of events end by themselves
/// then, so that stopping does not wait for them, and a browser connects to the next instance with the id that it saw last.
///
/// ```
/// use std::time::Duration;
/// use covet::{get, Event, Events, LastEventId};
/// use futures_util::{stream, StreamExt};
///
/// /// Count the seconds.
/// #[get("/seconds")]
/// async fn seconds(last: LastEventId<u64>) -> Events {
///     let first = last.map_or(0, |last| last + 1);
///     Events::new(stream::iter(first..).then(async |second| {
///         tokio::time::sleep(Duration::from_secs(1)).await;
///         Event::new(second.to_string()).id(second.to_string())
///     }))
/// }
/// # let _ = covet::routes![seconds];
/// ```
pub struct Events {
    events: Pin<Box<dyn Stream<Item = Event> + Send>>,
    keep_alive: Duration,
}

impl Events {
    /// The events of a stream.
    pub fn new(events: impl Stream<Item = Event> + Send + 'static) -> Self {
        Events { events: Box::pin(events), keep_alive: KEEP_ALIVE }
    }

    /// With a comment after every silence of this length, in place of 15 seconds: proxies close connections on which
    /// nothing moves, and a client that is gone is only noticed by writing to it.
    pub fn keep_alive(mut self, silence: Duration) -> Self {
        self.keep_alive = silence;
        self
    }

    /// The next piece of the answer; `None` at the end of the events, or when the server stops.
    async fn piece(&mut self, stopping: &mut watch::Receiver<bool>) -> Option<Bytes> {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => None,
            event = self.events.next() => event.map(|event| event.to_string().into()),
            () = tokio::time::sleep(self.keep_alive) => Some(Bytes::from_static(b":\n\n")),
        }
    }
}

impl Responder for Events {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_text(200, "Events", "text/event-stream");
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let state = (self, to.stopping());
        let pieces = stream::unfold(state, async |(mut events, mut stopping)| {
            let piece = events.piece(&mut stopping).await?;
            Some((Ok::<_, BoxError>(piece), (events, stopping)))
        });
        let mut response = Response::new(Body::stream(pieces));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // What nginx calls its switch against gathering an answer before it is passed on.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
        response
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("keep_alive", &self.keep_alive).finish_non_exhaustive()
    }
}
