//! 303, 307 and 308.

use http::{HeaderValue, StatusCode, header};

use super::{Responder, Responding, Response};
use crate::openapi::Operation;
use crate::problem::{INTERNAL, ProblemDetails};

/// A redirect to another place.
///
/// ```
/// use covet::{get, Redirect};
///
/// /// The old address of the shop.
/// #[get("/shop")]
/// async fn shop() -> Redirect {
///     Redirect::permanent("/")
/// }
/// # let _ = covet::routes![shop];
/// ```
#[derive(Debug, Clone)]
pub struct Redirect {
    status: StatusCode,
    location: String,
}

impl Redirect {
    /// 303: the answer is found there, by GET. What a form is answered with.
    pub fn to(location: impl Into<String>) -> Self {
        Redirect { status: StatusCode::SEE_OTHER, location: location.into() }
    }

    /// 307: for now, send the same request there.
    pub fn temporary(location: impl Into<String>) -> Self {
        Redirect { status: StatusCode::TEMPORARY_REDIRECT, location: location.into() }
    }

    /// 308: from now on, send this request there.
    pub fn permanent(location: impl Into<String>) -> Self {
        Redirect { status: StatusCode::PERMANENT_REDIRECT, location: location.into() }
    }
}

impl Responder for Redirect {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_empty("3XX", "A redirect");
        operation.response_header("3XX", "Location", "Where to");
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let location = match HeaderValue::try_from(&self.location) {
            Ok(location) => location,
            Err(error) => return to.problem(ProblemDetails::new(&INTERNAL).cause(error)),
        };
        let mut response = Response::default();
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::LOCATION, location);
        response
    }
}
