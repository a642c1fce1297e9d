//! The access log: one event for each request, when its answer has been sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_core::Stream;
use http::{Method, StatusCode};

use crate::{Body, BodyError, BoxError, ClientAddress, RequestId, Response};

/// What is logged of a request.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) method: Method,
    pub(crate) route: Option<Arc<str>>,
    pub(crate) client: ClientAddress,
    pub(crate) id: RequestId,
    pub(crate) started: Instant,
}

impl Entry {
    /// Logs the answer: now, if its length is known, or else when its last byte has been taken.
    pub(crate) fn log(self, response: Response) -> Response {
        let status = response.status();
        if let Some(bytes) = http_body::Body::size_hint(response.body()).exact() {
            self.write(status, bytes, true);
            return response;
        }
        response.map(|body| Body::stream(Counted { body, bytes: 0, entry: Some((self, status)) }))
    }

    fn write(&self, status: StatusCode, bytes: u64, is_whole: bool) {
        let (method, route) = (self.method.as_str(), self.route.as_deref().unwrap_or_default());
        let duration = self.started.elapsed().as_secs_f64();
        tracing::event!(
            target: "covet::access",
            tracing::Level::INFO,
            http.request.method = method,
            http.route = route,
            http.response.status_code = status.as_u16(),
            http.response.body.size = bytes,
            http.server.request.duration = duration,
            client.address = %self.client.ip(),
            request.id = %self.id,
            whole = is_whole,
            "request"
        );
    }
}

/// A body whose bytes are counted. One that is dropped before its end is logged as not whole.
struct Counted {
    body: Body,
    bytes: u64,
    entry: Option<(Entry, StatusCode)>,
}

impl Counted {
    fn log(&mut self, is_whole: bool) {
        if let Some((entry, status)) = self.entry.take() {
            entry.write(status, self.bytes, is_whole);
        }
    }
}

impl Stream for Counted {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.body).poll_next(cx);
        match &next {
            Poll::Ready(Some(Ok(bytes))) => self.bytes += bytes.len() as u64,
            Poll::Ready(Some(Err(_))) => self.log(false),
            Poll::Ready(None) => self.log(true),
            Poll::Pending => {}
        }
        next.map(|item| item.map(|item| item.map_err(broken)))
    }
}

/// The error as it was before it went through the body.
fn broken(error: BodyError) -> BoxError {
    match error {
        BodyError::Broken(cause) => cause,
        other => other.into(),
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.log(false);
    }
}
