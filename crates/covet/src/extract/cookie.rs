//! Cookies.

use std::borrow::Cow;

use http::{HeaderMap, header};

use super::{parameters, wrapper};
use crate::openapi::Operation;
use crate::problem::{INVALID_REQUEST, MALFORMED_REQUEST};
use crate::validation::{In, Input};
use crate::{FromRequest, Rejection, Request};

/// Cookies of the request, parsed and checked: the one of the argument's own name, or each member of a model.
///
/// ```
/// use covet::{get, Cookie};
///
/// /// Which theme this reader likes.
/// #[get("/theme")]
/// async fn theme(theme: Cookie<Option<String>>) -> String {
///     theme.0.unwrap_or_else(|| "light".into())
/// }
/// # let _ = covet::routes![theme];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cookie<T>(pub T);

wrapper!(Cookie);

impl<T: Input> FromRequest for Cookie<T> {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        operation.parameters::<T>(In::Cookie, name);
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&INVALID_REQUEST);
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let pairs = pairs(request.headers()).map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value)));
        parameters::read(pairs.collect(), In::Cookie, name).map(Cookie)
    }
}

/// The value of the cookie of this name.
#[cfg(feature = "auth")]
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    pairs(headers).find_map(|(found, value)| (found == name).then_some(value))
}

/// The names and values of a request's cookies.
pub(crate) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        // A value may stand in quotes (RFC 6265, section 4.1.1).
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        Some((name, value))
    })
}
