//! The parameters of the path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{parameters, wrapper};
use crate::openapi::Operation;
use crate::problem::{INVALID_REQUEST, MALFORMED_REQUEST};
use crate::validation::{Code, Fault, In, Input};
use crate::{FromRequest, Rejection, Request};

/// A parameter of the path: the one that is called as the argument is. Where `T` is a model, its members are all the
/// parameters that no other argument reads. Both are verified when the program is compiled.
///
/// ```
/// use covet::{get, Path};
///
/// /// One page of a book.
/// #[get("/books/{book}/pages/{page}")]
/// async fn page(book: Path<i64>, page: Path<u32>) -> String {
///     format!("page {page} of book {book}", page = *page, book = *book)
/// }
/// # let _ = covet::routes![page];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Path<T>(pub T);

wrapper!(Path);

impl<T: Input> FromRequest for Path<T> {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        operation.parameters::<T>(In::Path, name);
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&INVALID_REQUEST);
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        if let Some(encoded) = request.path_parameter(name) {
            let pair = (Cow::Borrowed(name), decode(name, encoded)?);
            return parameters::read(vec![pair], In::Path, name).map(Path);
        }
        let pairs = request.path_parameters().map(|(name, encoded)| Ok((Cow::Borrowed(name), decode(name, encoded)?)));
        let pairs = pairs.collect::<Result<Vec<_>, Rejection>>()?;
        parameters::read_all(pairs, In::Path).map(Path)
    }
}

/// The text of a parameter; what is not UTF-8 without its percent-encoding is no text.
fn decode<'a>(name: &str, encoded: &'a str) -> Result<Cow<'a, str>, Rejection> {
    percent_decode_str(encoded).decode_utf8().map_err(|_| {
        let fault =
            Fault::new(Code::Encoding, "must be UTF-8 in percent-encoding").in_parameter(In::Path, name.to_owned());
        Rejection::Malformed(fault.into())
    })
}
