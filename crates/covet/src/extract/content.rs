//! Bodies in any of the formats.

use super::{body, wrapper};
use crate::format::Format;
use crate::openapi::Operation;
use crate::problem::{INVALID_REQUEST, MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::Input;
use crate::{FromRequest, Rejection, Request};

/// The body, parsed as its `Content-Type` says and checked: JSON, and by the features `cbor` and `msgpack` also CBOR and
/// MessagePack. Media types with the suffixes `+json`, `+cbor` and `+msgpack` are read as well.
///
/// What is wrong is told in the same way for every format: 400 for bytes that are not of the format, 422 with every
/// violated rule, 415 for any other `Content-Type`. [`Json`](crate::Json) reads JSON alone.
///
/// ```
/// use covet::{post, Content, Negotiated};
///
/// /// What a sensor has measured.
/// #[covet::model]
/// struct Measurement {
///     #[check(range(min = -273.15))]
///     celsius: f64,
/// }
///
/// /// Take a measurement.
/// #[post("/measurements")]
/// async fn measure(measurement: Content<Measurement>) -> Negotiated<Measurement> {
///     Negotiated(measurement.0)
/// }
/// # let _ = covet::routes![measure];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Content<T>(pub T);

wrapper!(Content);

impl<T: Input> FromRequest for Content<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_body_in::<T>(Format::ALL.iter().map(|format| format.media_type()));
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
        operation.problem(&INVALID_REQUEST);
        body::describe_problems(operation);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let found = request.content_type()?;
        let Some(format) = found.as_deref().and_then(Format::of) else {
            let supported: Vec<_> = Format::ALL.iter().map(|format| format.media_type()).collect();
            return Err(body::unsupported(found, &supported));
        };
        let bytes = request.read_body().await?;
        format.read(&bytes).map(Content).map_err(body::reject)
    }
}

/// The body where there is one.
impl<T: Input> FromRequest for Option<Content<T>> {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        Content::<T>::describe(operation, name);
        operation.body_may_be_left_out();
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        if http_body::Body::is_end_stream(&request.body) {
            return Ok(None);
        }
        Content::from_request(request, name).await.map(Some)
    }
}
