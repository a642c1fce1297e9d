//! A page.

use http::{HeaderValue, header};

use super::{Responder, Responding, Response};
use crate::Body;
use crate::openapi::Operation;

/// A page of HTML, sent as it is: whoever makes the text escapes what is not markup.
///
/// ```
/// use covet::{Html, get};
///
/// /// The front page.
/// #[get("/")]
/// async fn front() -> Html {
///     Html("<!doctype html>\n<title>Shop</title>\n<h1>Shop</h1>\n".into())
/// }
/// # let _ = covet::routes![front];
/// ```
#[derive(Debug, Clone)]
pub struct Html(pub String);

impl Responder for Html {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_text(200, "The page", "text/html");
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        let mut response = Response::new(Body::from(self.0));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response
    }
}
