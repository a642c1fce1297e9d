//! Plain text and bytes.

use bytes::Bytes;
use http::{HeaderValue, header};

use super::{Responder, Responding, Response};
use crate::Body;
use crate::openapi::Operation;

fn with_type(body: Body, media_type: HeaderValue) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response
}

impl Responder for String {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_text(200, "A text", "text/plain");
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        with_type(self.into(), const { HeaderValue::from_static("text/plain; charset=utf-8") })
    }
}

impl Responder for &'static str {
    fn describe(operation: &mut Operation<'_>) {
        String::describe(operation);
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        with_type(self.into(), const { HeaderValue::from_static("text/plain; charset=utf-8") })
    }
}

impl Responder for Bytes {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_bytes(200, "Bytes", "application/octet-stream");
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        with_type(self.into(), const { HeaderValue::from_static("application/octet-stream") })
    }
}

impl Responder for Body {
    fn describe(operation: &mut Operation<'_>) {
        Bytes::describe(operation);
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        with_type(self, const { HeaderValue::from_static("application/octet-stream") })
    }
}
