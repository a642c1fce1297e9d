//! Bodies of HTML forms.

use super::{body, parameters, wrapper};
use crate::openapi::Operation;
use crate::problem::{INVALID_REQUEST, MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{In, Input};
use crate::{FromRequest, Rejection, Request};

/// The media type of a form without files.
const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The body of a form, parsed and checked. A key that comes several times goes into a `Vec`.
///
/// ```
/// use covet::{post, Form, Redirect};
///
/// /// A line for the guest book.
/// #[covet::model]
/// struct Entry {
///     #[check(length(min = 1, max = 500))]
///     text: String,
/// }
///
/// /// Write into the guest book.
/// #[post("/guests")]
/// async fn write(_entry: Form<Entry>) -> Redirect {
///     Redirect::to("/guests")
/// }
/// # let _ = covet::routes![write];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form<T>(pub T);

wrapper!(Form);

impl<T: Input> FromRequest for Form<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_body::<T>(MEDIA_TYPE);
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
        operation.problem(&INVALID_REQUEST);
        body::describe_problems(operation);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        body::check_media_type(request, MEDIA_TYPE, |found| found == MEDIA_TYPE)?;
        let bytes = request.read_body().await?;
        parameters::read_encoded(&bytes, In::Body, None).map(Form)
    }
}
