//! Values of JSON, one on each line.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt;
use http::{HeaderValue, header};

use super::NdJsonError;
use super::lines::{Failure, Lines};
use crate::extract::body;
use crate::openapi::Operation;
use crate::problem::{Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::json::{self, ReadError};
use crate::validation::{Faults, Input, Output};
use crate::{Body, BoxError, FromRequest, Rejection, Request, Responder, Responding, Response};

/// What is usually written; the format has no registered media type.
const MEDIA_TYPE: &str = "application/x-ndjson";

/// How many bytes a line may have unless the program says otherwise.
const LINE_LIMIT: usize = 1 << 20;

/// How many bytes are gathered before they are sent, while values are there to be had.
const CHUNK: usize = 16 << 10;

/// Values of JSON, one on each line (NDJSON, also called JSON Lines), of which one at a time is in memory.
///
/// As an argument it is the body: [`next`](Self::next) reads, checks and answers one value after the other. A fault says
/// its line, and does not keep from reading the next. The body as a whole is held to the route's
/// [`body_limit`](crate::Routes::body_limit), a line to a mebibyte. As a result it sends what a stream yields.
///
/// ```
/// use covet::{post, NdJson, NdJsonError};
/// use futures_util::{stream, StreamExt};
///
/// /// A reading of a meter.
/// #[covet::model]
/// struct Reading {
///     #[check(range(min = 0))]
///     watts: i64,
/// }
///
/// /// Add up.
/// #[post("/readings")]
/// async fn add_up(mut readings: NdJson<Reading>) -> Result<String, NdJsonError> {
///     let mut total = 0;
///     while let Some(reading) = readings.next().await? {
///         total += reading.watts;
///     }
///     Ok(total.to_string())
/// }
///
/// /// Count for ever.
/// #[covet::get("/count")]
/// async fn count() -> NdJson<i64> {
///     NdJson::new(stream::iter(0..).map(Ok::<_, covet::BoxError>))
/// }
/// # let _ = covet::routes![add_up, count];
/// ```
pub struct NdJson<T>(Source<T>);

enum Source<T> {
    Body(Lines),
    Stream(Pin<Box<dyn Stream<Item = Result<T, BoxError>> + Send>>),
}

impl<T> NdJson<T> {
    /// The values that a stream yields. Where it yields an error the connection is cut off, so that the client sees that
    /// the answer is not whole; the error is logged.
    pub fn new<S, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        NdJson(Source::Stream(Box::pin(stream.map(|item| item.map_err(Into::into)))))
    }

    /// The same values, with another limit for the bytes of a line that is read.
    pub fn line_limit(mut self, bytes: usize) -> Self {
        if let Source::Body(lines) = &mut self.0 {
            lines.set_limit(bytes);
        }
        self
    }
}

impl<T: Input> NdJson<T> {
    /// The next value, or `None` at the end.
    ///
    /// # Errors
    /// That the line is no such value, with which the reading can go on, or that the body cannot be read.
    pub async fn next(&mut self) -> Result<Option<T>, NdJsonError> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }
}

/// Nothing in it is pinned in place: the stream is behind a pointer.
impl<T> Unpin for NdJson<T> {}

impl<T: Input> Stream for NdJson<T> {
    type Item = Result<T, NdJsonError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = match &mut self.0 {
            Source::Body(lines) => ready!(lines.poll_line(cx)).map(|line| match line {
                Ok((number, bytes)) => read(number, &bytes),
                Err(Failure::TooLong { line, limit }) => Err(NdJsonError::TooLong { line, limit }),
                Err(Failure::Body(error)) => Err(NdJsonError::Body(error)),
            }),
            Source::Stream(stream) => ready!(stream.as_mut().poll_next(cx)).map(|one| one.map_err(NdJsonError::Source)),
        };
        Poll::Ready(item)
    }
}

fn read<T: Input>(line: u64, bytes: &[u8]) -> Result<T, NdJsonError> {
    let on_line = |faults: Faults| faults.map(|fault| fault.on_line(line));
    json::read(bytes).map_err(|error| match error {
        ReadError::Malformed(fault) => NdJsonError::Malformed { line, faults: on_line((*fault).into()) },
        ReadError::Invalid(faults) => NdJsonError::Invalid { line, faults: on_line(faults) },
    })
}

impl<T: Input> FromRequest for NdJson<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_items::<T>(MEDIA_TYPE);
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
        NdJsonError::describe(&mut operation.problems);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        body::check_media_type(request, MEDIA_TYPE, is_ndjson)?;
        Ok(NdJson(Source::Body(Lines::new(request.take_body(), LINE_LIMIT))))
    }
}

fn is_ndjson(media_type: &str) -> bool {
    let names = ["x-ndjson", "ndjson", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines"];
    media_type.strip_prefix("application/").is_some_and(|subtype| names.contains(&subtype))
}

impl<T: Output> Responder for NdJson<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_items::<T>(200, "Values, one on each line", MEDIA_TYPE);
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let body = match self.0 {
            Source::Stream(values) => {
                let id = to.id();
                let log = move |error: &BoxError| {
                    tracing::error!(request.id = %id, error = %crate::problem::Chain(error.as_ref()), "an answer is cut off");
                };
                Body::stream(Written { values, failed: None }.inspect(move |item| {
                    item.as_ref().err().iter().for_each(|error| log(error));
                }))
            }
            // What was read is sent back unread.
            Source::Body(lines) => lines.into_body(),
        };
        let mut response = Response::new(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    }
}

/// The bytes of values: those that are there at once share a chunk.
struct Written<T> {
    values: Pin<Box<dyn Stream<Item = Result<T, BoxError>> + Send>>,
    failed: Option<BoxError>,
}

impl<T> Unpin for Written<T> {}

impl<T: Output> Stream for Written<T> {
    type Item = Result<bytes::Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK {
            let value = match self.values.as_mut().poll_next(cx) {
                Poll::Ready(Some(value)) => value,
                Poll::Ready(None) if chunk.is_empty() => return Poll::Ready(None),
                Poll::Pending if chunk.is_empty() => return Poll::Pending,
                Poll::Ready(None) | Poll::Pending => break,
            };
            let start = chunk.len();
            match value.and_then(|value| Ok(serde_json::to_writer(&mut chunk, &value)?)) {
                Ok(()) => chunk.push(b'\n'),
                Err(error) => {
                    chunk.truncate(start);
                    if chunk.is_empty() {
                        return Poll::Ready(Some(Err(error)));
                    }
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Poll::Ready(Some(Ok(chunk.into())))
    }
}

impl<T> fmt::Debug for NdJson<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NdJson").finish_non_exhaustive()
    }
}
