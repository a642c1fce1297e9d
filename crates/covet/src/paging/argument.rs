//! The argument.

use std::borrow::Cow;
use std::sync::Arc;

use covet_db::{Db, Direction, Sql, sql};
use serde_json::json;

use super::cursor::{Place, Signer};
use super::keyset::{Column, Keyset, behind};
use crate::digest::sha256;
use crate::extract::parameters;
use crate::openapi::Operation;
use crate::problem::{DATABASE_UNAVAILABLE, INVALID_REQUEST, MALFORMED_REQUEST, Problem};
use crate::secret::Secret;
use crate::validation::{Code, Fault, Faults, In, text};
use crate::{FromRequest, Page, ProblemDetails, Rejection, Request};

/// Which page of a list, and in which order: the parameters `sort`, `limit` and `cursor` of the query. A page has `LIMIT`
/// items unless the client wants another number, of at most `MAX`.
///
/// It gives the statement its parts, and makes the [`Page`] of what comes back:
///
/// ```
/// use covet::db::{sql, FromRow};
/// use covet::{get, Column, Db, Key, Keyset, Page, Paging, Query, Result};
///
/// /// A book.
/// #[covet::model(output)]
/// #[derive(FromRow)]
/// struct Book { id: i64, title: String }
///
/// /// The order of the books.
/// #[covet::model(input)]
/// #[derive(Default)]
/// #[serde(rename_all = "snake_case")]
/// enum Order {
///     /// As they came into the shop.
///     #[default]
///     Id,
///     /// By title.
///     Title,
/// }
///
/// impl Keyset for Order {
///     type Item = Book;
///
///     fn columns(&self) -> Vec<Column> {
///         match self {
///             Order::Id => vec![Column::ascending("id")],
///             Order::Title => vec![Column::ascending("title"), Column::ascending("id")],
///         }
///     }
///
///     fn key(&self, book: &Book) -> Key {
///         match self {
///             Order::Id => book.id.into(),
///             Order::Title => (book.title.as_str(), book.id).into(),
///         }
///     }
/// }
///
/// /// List books.
/// #[get("/books")]
/// async fn books(author: Query<Option<i64>>, paging: Paging<Order>, db: Db) -> Result<Page<Book>> {
///     let by_author = author.map(|author| sql!("AND author = {author}"));
///     let (behind, order) = (paging.condition(), paging.order());
///     let books = db
///         .fetch_all(sql!("SELECT id, title FROM books WHERE {..behind} {..by_author} {..order}"))
///         .await?;
///     Ok(paging.page(books))
/// }
/// # let _ = covet::routes![books];
/// ```
///
/// A cursor comes from `next` or `prev` of a page, or from its `Link` header, and belongs to that list: to its path and to
/// all parameters but `limit`. One that was changed, or made for another list, is refused with 422. Cursors are signed with a
/// key made of [`App::secret`](crate::App::secret).
#[derive(Debug, Clone)]
pub struct Paging<S, const LIMIT: u32 = 20, const MAX: u32 = 100> {
    sort: S,
    limit: u32,
    columns: Vec<Column>,
    place: Option<Place>,
    signer: Signer,
}

impl<S: Keyset, const LIMIT: u32, const MAX: u32> Paging<S, LIMIT, MAX> {
    /// The order.
    pub fn sort(&self) -> &S {
        &self.sort
    }

    /// How many items the page has at most.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// The condition for the items of this page, for the statement's `WHERE`; true for the first page.
    pub fn condition(&self) -> Sql<'_> {
        match &self.place {
            Some(place) => behind(&self.columns, &self.directions(), &place.key),
            None => sql!("1 = 1"),
        }
    }

    /// `ORDER BY` and `LIMIT`, for the end of the statement. One item more than the page has is asked for, to know whether
    /// it is the last.
    pub fn order(&self) -> Sql<'_> {
        let columns = self.columns.iter().zip(self.directions()).map(|(column, direction)| {
            let name = column.sql();
            sql!("{..name} {..direction}")
        });
        let columns = Sql::join(columns.collect::<Vec<_>>(), ", ");
        let limit = i64::from(self.limit) + 1;
        sql!("ORDER BY {..columns} LIMIT {limit}")
    }

    /// The page of what the statement has found.
    pub fn page(&self, mut items: Vec<S::Item>) -> Page<S::Item> {
        let limit = self.limit as usize;
        let is_more = items.len() > limit;
        items.truncate(limit);
        let is_backward = self.place.as_ref().is_some_and(|place| place.is_backward);
        if is_backward {
            items.reverse();
        }
        // Where the page comes from there is something, or was.
        let (has_prev, has_next) = match &self.place {
            None => (false, is_more),
            Some(_) if is_backward => (is_more, true),
            Some(_) => (true, is_more),
        };
        let cursor = |item: &S::Item, is_backward| self.signer.cursor(&self.sort.key(item), is_backward);
        let next = items.last().filter(|_| has_next).map(|item| cursor(item, false));
        let prev = items.first().filter(|_| has_prev).map(|item| cursor(item, true));
        Page { items, next, prev }
    }

    fn directions(&self) -> Vec<Direction> {
        let is_backward = self.place.as_ref().is_some_and(|place| place.is_backward);
        let turn = |column: &Column| match (column.direction, is_backward) {
            (Direction::Ascending, false) | (Direction::Descending, true) => Direction::Ascending,
            (Direction::Descending, false) | (Direction::Ascending, true) => Direction::Descending,
        };
        self.columns.iter().map(turn).collect()
    }
}

impl<S: Keyset, const LIMIT: u32, const MAX: u32> FromRequest for Paging<S, LIMIT, MAX> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.parameter::<S>(In::Query, "sort");
        operation.allow_absence(In::Query, "sort");
        operation.describe_parameter(In::Query, "sort", "The order of the list.");
        operation.parameter::<Option<u32>>(In::Query, "limit");
        operation.describe_parameter(In::Query, "limit", "How many items the page has at most.");
        operation.parameter::<Option<String>>(In::Query, "cursor");
        operation.describe_parameter(
            In::Query,
            "cursor",
            "Where the page begins: `next` or `prev` of another page of the same list.",
        );
        if let Some(schema) = operation.parameter_schema(In::Query, "limit") {
            *schema = json!({ "type": "integer", "minimum": 1, "maximum": MAX, "default": LIMIT });
        }
        operation.requires_state::<Db>();
        operation.needs_secret = true;
        for problem in [&MALFORMED_REQUEST, &INVALID_REQUEST, &DATABASE_UNAVAILABLE] {
            operation.problem(problem);
        }
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let query = request.uri().query().unwrap_or_default();
        let mut faults = Faults::new();
        let sort = read::<S>(query, "sort", &mut faults)?.unwrap_or_default();
        let limit = read::<u32>(query, "limit", &mut faults)?.unwrap_or(LIMIT);
        let cursor = read::<String>(query, "cursor", &mut faults)?;
        if !(1..=MAX).contains(&limit) {
            let fault = match limit {
                0 => Fault::new(Code::Minimum, "must be at least 1").with("minimum", 1),
                _ => Fault::new(Code::Maximum, format!("must be at most {MAX}")).with("maximum", MAX),
            };
            faults.push(fault.in_parameter(In::Query, "limit"));
        }
        faults.into_result().map_err(Rejection::Invalid)?;
        let (secret, db) = secret(request)?;
        let list = list(request)?;
        let key = secret.key(&db, "cursor").await.map_err(|error| Rejection::Problem(error.into_details()))?;
        let signer = Signer { key, list };
        let columns = sort.columns();
        let place = cursor.map(|cursor| signer.place(&cursor, columns.len()).ok_or_else(refuse)).transpose()?;
        Ok(Paging { sort, limit, columns, place, signer })
    }
}

/// One parameter, which may be left out.
fn read<T: crate::validation::Input>(
    query: &str,
    name: &'static str,
    faults: &mut Faults,
) -> Result<Option<T>, Rejection> {
    match parameters::read_encoded::<Option<T>>(query.as_bytes(), In::Query, Some(name)) {
        Ok(value) => Ok(value),
        Err(Rejection::Invalid(more)) => {
            faults.append(more);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// The app's secret, and the database in which it may be.
fn secret(request: &Request) -> Result<(Arc<Secret>, Arc<Db>), Rejection> {
    let missing = || Rejection::Problem(ProblemDetails::new(&crate::problem::INTERNAL).cause("the app has no secret"));
    Ok((request.state().ok_or_else(missing)?, request.state().ok_or_else(missing)?))
}

/// What tells a list from every other: the path, and the parameters in any order, without those that say which part of the list
/// is wanted.
fn list(request: &Request) -> Result<[u8; 32], Rejection> {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = text::pairs(query, In::Query).map_err(Rejection::Malformed)?;
    pairs.retain(|(name, _)| !matches!(&**name, "cursor" | "limit"));
    pairs.sort();
    let mut parts: Vec<&[u8]> = vec![request.uri().path().as_bytes()];
    parts.extend(
        pairs.iter().flat_map(|(name, value): &(Cow<'_, str>, Cow<'_, str>)| [name.as_bytes(), value.as_bytes()]),
    );
    Ok(sha256(&parts))
}

fn refuse() -> Rejection {
    let message = "must be `next` or `prev` of a page of this list, with the same sort and filters";
    Rejection::Invalid(Fault::new(Code::Invalid, message).in_parameter(In::Query, "cursor").into())
}
