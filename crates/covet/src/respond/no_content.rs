//! 204.

use http::StatusCode;

use super::{Responder, Responding, Response};
use crate::openapi::Operation;

/// 204: done, and there is nothing to say.
///
/// ```
/// use covet::{NoContent, Path, delete};
///
/// /// Tear a note up.
/// #[delete("/notes/{id}")]
/// async fn tear_up(_id: Path<i64>) -> NoContent {
///     NoContent
/// }
/// # let _ = covet::routes![tear_up];
/// ```
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
