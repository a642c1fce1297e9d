//! The query.

use super::{parameters, wrapper};
use crate::openapi::Operation;
use crate::problem::{INVALID_REQUEST, MALFORMED_REQUEST};
use crate::validation::{In, Input};
use crate::{FromRequest, Rejection, Request};

/// Parameters of the query, parsed and checked.
///
/// Where `T` is a model, its members are the parameters; a member that is a list takes a key that comes several times,
/// and one that is a model takes `member[inner]=value`. Any other `T` is one parameter under the argument's own name,
/// which may be left out where `T` is an `Option`.
///
/// ```
/// use covet::{get, Query};
///
/// /// Which books.
/// #[covet::model]
/// struct Search {
///     q: Option<String>,
///     #[serde(default)]
///     tag: Vec<String>,
/// }
///
/// /// Find books: `/books?q=sea&tag=old&tag=rare&limit=5`.
/// #[get("/books")]
/// async fn books(search: Query<Search>, limit: Query<Option<u32>>) -> String {
///     format!("{} books with {:?} and {:?}", limit.unwrap_or(20), search.q, search.tag)
/// }
/// # let _ = covet::routes![books];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Query<T>(pub T);

wrapper!(Query);

impl<T: Input> FromRequest for Query<T> {
    fn describe(operation: &mut Operation<'_>, name: &str) {
        operation.parameters::<T>(In::Query, name);
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&INVALID_REQUEST);
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let query = request.uri().query().unwrap_or_default();
        parameters::read_encoded(query.as_bytes(), In::Query, Some(name)).map(Query)
    }
}
