//! JSON bodies.

use http::StatusCode;

use super::{body, wrapper};
use crate::openapi::Operation;
use crate::problem::{INVALID_REQUEST, MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE};
use crate::respond;
use crate::validation::{Input, Output, json};
use crate::{FromRequest, Rejection, Request, Responder, Responding, Response};

/// A value as JSON: as an argument it is the body, parsed and checked; as a result it is the answer.
///
/// A body that is not JSON is the problem 400, one whose values are not those of `T` is 422 with every violated rule,
/// and one of another `Content-Type` is 415. A client that does not take JSON gets 406 before the handler runs.
///
/// ```
/// use covet::{post, Json};
///
/// /// A temperature.
/// #[covet::model]
/// struct Temperature {
///     #[check(range(min = -273.15))]
///     celsius: f64,
/// }
///
/// /// Make it a degree warmer.
/// #[post("/warmer")]
/// async fn warmer(mut temperature: Json<Temperature>) -> Json<Temperature> {
///     temperature.celsius += 1.0;
///     temperature
/// }
/// # let _ = covet::routes![warmer];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Json<T>(pub T);

wrapper!(Json);

impl<T: Input> FromRequest for Json<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_body::<T>("application/json");
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
        operation.problem(&INVALID_REQUEST);
        body::describe_problems(operation);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        body::check_media_type(request, "application/json", is_json)?;
        let bytes = request.read_body().await?;
        json::read(&bytes).map(Json).map_err(body::reject)
    }
}

/// The body where there is one.
impl<T: Input> FromRequest for Option<Json<T>> {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        Json::<T>::describe(operation, name);
        operation.body_may_be_left_out();
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        if http_body::Body::is_end_stream(&request.body) {
            return Ok(None);
        }
        Json::from_request(request, name).await.map(Some)
    }
}

/// `application/json`, and what says that it is JSON by its suffix (RFC 6839, section 3.1).
fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

impl<T: Output> Responder for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.response::<T>(200, "Success", "application/json");
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        respond::json(StatusCode::OK, &self.0, to)
    }
}
