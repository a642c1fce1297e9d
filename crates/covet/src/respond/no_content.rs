//! 204.

use http::StatusCode;

use super::{Responder, Responding, Response};
use crate::openapi::Operation;

/// 204: done, and there is nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoContent;

impl Responder for NoContent {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_empty(204, "Done");
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }
}
