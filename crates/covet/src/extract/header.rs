//! Headers.

use std::borrow::Cow;

use super::{parameters, wrapper};
use crate::openapi::Operation;
use crate::problem::{INVALID_REQUEST, MALFORMED_REQUEST};
use crate::validation::{Fault, In, Input};
use crate::{FromRequest, Rejection, Request};

/// Headers of the request, parsed and checked.
///
/// Any `T` but a model is one header: the argument's own name with `-` for `_`. Where `T` is a model, each of its
/// members is one, named the same way. A header that may be left out is an `Option`.
///
/// ```
/// use covet::{get, Header};
///
/// /// In which languages, and since when.
/// #[get("/news")]
/// async fn news(accept_language: Header<Option<String>>, x_since: Header<Option<i64>>) -> String {
///     format!("{:?} since {:?}", *accept_language, *x_since)
/// }
/// # let _ = covet::routes![news];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header<T>(pub T);

wrapper!(Header);

impl<T: Input> FromRequest for Header<T> {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        operation.parameters::<T>(In::Header, name);
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&INVALID_REQUEST);
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        // A header that is not text is no business of a handler that does not ask for it, so its bytes are read as well
        // as they can be.
        let pairs = request
            .headers()
            .iter()
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), String::from_utf8_lossy(value.as_bytes())));
        let pairs = pairs.collect();
        parameters::read(pairs, In::Header, name).map(Header).map_err(with_dashes)
    }
}

/// Faults name headers as they are sent.
fn with_dashes(rejection: Rejection) -> Rejection {
    let rename = |fault: Fault| match fault.parameter().map(|name| name.replace('_', "-")) {
        Some(name) => fault.in_parameter(In::Header, name),
        None => fault,
    };
    match rejection {
        Rejection::Invalid(faults) => Rejection::Invalid(faults.map(rename)),
        other => other,
    }
}
