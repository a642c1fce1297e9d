//! Values as the bytes of an answer.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use http::{HeaderValue, header};

use crate::{Body, BoxError, Responding, Response};

/// How many bytes are gathered before they are sent, while values are there to be had.
const CHUNK: usize = 16 << 10;

/// The values of an answer.
pub(super) type Values<T> = Pin<Box<dyn Stream<Item = Result<T, BoxError>> + Send>>;

/// The values that a stream yields; once it has ended it is left alone.
pub(super) fn values<T, S, E>(stream: S) -> Values<T>
where
    S: Stream<Item = Result<T, E>> + Send + 'static,
    E: Into<BoxError>,
    T: 'static,
{
    Box::pin(stream.map(|item| item.map_err(Into::into)).fuse())
}

/// The answer that sends values as they come, behind a head, each written by `encode`.
pub(super) fn respond<T, F>(
    values: Values<T>,
    media_type: &'static str,
    head: Vec<u8>,
    encode: F,
    to: &Responding<'_>,
) -> Response
where
    T: 'static,
    F: Fn(&T, &mut Vec<u8>) -> Result<(), BoxError> + Send + Unpin + 'static,
{
    let id = to.id();
    let log = move |error: &BoxError| {
        tracing::error!(request.id = %id, error = %crate::problem::Chain(error.as_ref()), "an answer is cut off");
    };
    let written = Written { values, head, encode, failed: None };
    let body = Body::stream(written.inspect(move |item| item.as_ref().err().iter().for_each(|error| log(error))));
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// The bytes of values: those that are there at once share a chunk.
struct Written<T, F> {
    values: Values<T>,
    /// What stands before the first value, until it is sent.
    head: Vec<u8>,
    encode: F,
    failed: Option<BoxError>,
}

impl<T, F> Unpin for Written<T, F> {}

impl<T, F: Fn(&T, &mut Vec<u8>) -> Result<(), BoxError>> Stream for Written<T, F> {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let mut chunk = std::mem::take(&mut self.head);
        while chunk.len() < CHUNK {
            let value = match self.values.as_mut().poll_next(cx) {
                Poll::Ready(Some(value)) => value,
                Poll::Ready(None) if chunk.is_empty() => return Poll::Ready(None),
                Poll::Pending if chunk.is_empty() => return Poll::Pending,
                Poll::Ready(None) | Poll::Pending => break,
            };
            let start = chunk.len();
            if let Err(error) = value.and_then(|value| (self.encode)(&value, &mut chunk)) {
                chunk.truncate(start);
                if chunk.is_empty() {
                    return Poll::Ready(Some(Err(error)));
                }
                self.failed = Some(error);
                break;
            }
        }
        Poll::Ready(Some(Ok(chunk.into())))
    }
}
