//! Values of JSON, one on each line.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::{HeaderValue, header};

use super::RowError;
use super::lines::{Failure, Lines};
use super::written::{self, Values};
use crate::extract::body;
use crate::openapi::Operation;
use crate::problem::{Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::json::{self, ReadError};
use crate::validation::{Faults, Input, Output};
use crate::{Body, BoxError, FromRequest, Rejection, Request, Responder, Responding, Response};

/// What is usually written; the format has no registered media type.
pub(super) const MEDIA_TYPE: &str = "application/x-ndjson";

/// How many bytes a line may have unless the program says otherwise.
pub(super) const LINE_LIMIT: usize = 1 << 20;

/// Values of JSON, one on each line (NDJSON, also called JSON Lines), of which one at a time is in memory.
///
/// As an argument it is the body: [`next`](Self::next) reads, checks and answers one value after the other. A fault says
/// its line, and does not keep from reading the next. The body as a whole is held to the route's
/// [`body_limit`](crate::Routes::body_limit), a line to a mebibyte. As a result it sends what a stream yields.
///
/// ```
/// use covet::{post, NdJson, RowError};
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
/// async fn add_up(mut readings: NdJson<Reading>) -> Result<String, RowError> {
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
    Stream(Values<T>),
}

impl<T> NdJson<T> {
    /// The values that a stream yields. Where it yields an error the connection is cut off, so that the client sees that
    /// the answer is not whole; the error is logged.
    pub fn new<S, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        E: Into<BoxError>,
        T: 'static,
    {
        NdJson(Source::Stream(written::values(stream)))
    }

    /// The lines of a body.
    pub(super) fn of_body(body: Body) -> Self {
        NdJson(Source::Body(Lines::new(body, LINE_LIMIT)))
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
    pub async fn next(&mut self) -> Result<Option<T>, RowError> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }
}

/// Nothing in it is pinned in place: the stream is behind a pointer.
impl<T> Unpin for NdJson<T> {}

impl<T: Input> Stream for NdJson<T> {
    type Item = Result<T, RowError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = match &mut self.0 {
            Source::Body(lines) => ready!(lines.poll_line(cx)).map(|line| match line {
                Ok((number, bytes)) => read(number, &bytes),
                Err(Failure::TooLong { line, limit }) => Err(RowError::TooLong { line, limit }),
                Err(Failure::Body(error)) => Err(RowError::Body(error)),
            }),
            Source::Stream(stream) => ready!(stream.as_mut().poll_next(cx)).map(|one| one.map_err(RowError::Source)),
        };
        Poll::Ready(item)
    }
}

fn read<T: Input>(line: u64, bytes: &[u8]) -> Result<T, RowError> {
    let on_line = |faults: Faults| faults.map(|fault| fault.on_line(line));
    json::read(bytes).map_err(|error| match error {
        ReadError::Malformed(fault) => RowError::Malformed { line, faults: on_line((*fault).into()) },
        ReadError::Invalid(faults) => RowError::Invalid { line, faults: on_line(faults) },
    })
}

impl<T: Input> FromRequest for NdJson<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_items::<T>(MEDIA_TYPE);
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
        RowError::describe(&mut operation.problems);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        body::check_media_type(request, MEDIA_TYPE, is_ndjson)?;
        Ok(NdJson::of_body(request.take_body()))
    }
}

pub(super) fn is_ndjson(media_type: &str) -> bool {
    let names = ["x-ndjson", "ndjson", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines"];
    media_type.strip_prefix("application/").is_some_and(|subtype| names.contains(&subtype))
}

impl<T: Output> Responder for NdJson<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_items::<T>(200, "Values, one on each line", MEDIA_TYPE);
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        match self.0 {
            Source::Stream(values) => respond(values, to),
            // What was read is sent back unread.
            Source::Body(lines) => {
                let mut response = Response::new(lines.into_body());
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
                response
            }
        }
    }
}

/// The answer that sends values, one on each line.
pub(super) fn respond<T: Output>(values: Values<T>, to: &Responding<'_>) -> Response {
    let encode = |value: &T, out: &mut Vec<u8>| {
        serde_json::to_writer(&mut *out, value)?;
        out.push(b'\n');
        Ok(())
    };
    written::respond(values, MEDIA_TYPE, Vec::new(), encode, to)
}

impl<T> fmt::Debug for NdJson<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NdJson").finish_non_exhaustive()
    }
}
