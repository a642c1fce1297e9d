//! Rows that come and go one by one, in the format that the client has or likes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt;
use http::{HeaderValue, header};

#[cfg(feature = "csv")]
use super::table::Table;
use super::written::{self, Values};
use super::{NdJson, RowError, ndjson};
use crate::extract::body;
use crate::openapi::Operation;
use crate::problem::{INTERNAL, NOT_ACCEPTABLE, Problem, ProblemDetails, UNSUPPORTED_MEDIA_TYPE};
use crate::validation::{Input, Output};
use crate::{BoxError, FromRequest, Rejection, Request, Responder, Responding, Response};

/// The media type of a table.
#[cfg(feature = "csv")]
const CSV: &str = "text/csv";

/// Rows of any number, of which one at a time is in memory: values of JSON, one on each line (NDJSON), or, by the feature
/// `csv` and where a row is flat, a table in CSV (RFC 4180) whose first line names the columns.
///
/// As an argument it is the body, in the format that its `Content-Type` says (415 for any other): [`next`](Self::next)
/// reads, checks and answers one row after the other. A fault says its line, and does not keep from reading the next. The
/// body as a whole is held to the route's [`body_limit`](crate::Routes::body_limit), a row to a mebibyte. As a result it
/// sends what a stream yields, in the format that `Accept` likes best. [`NdJson`] is NDJSON alone.
///
/// In a table an empty cell is null where a row may have null there, an empty text where it may have one, and left out
/// elsewhere, so that a default takes its place; `""` is always a text. Columns may stand in any order; one that a row does
/// not know is passed over, unless the type denies it.
///
/// ```
/// use covet::{App, Result, RowError, Rows, post, routes, test::Client};
///
/// /// A reading of a meter.
/// #[covet::model]
/// struct Reading {
///     #[check(range(min = 0))]
///     watts: i64,
/// }
///
/// /// Add up.
/// #[post("/readings")]
/// async fn add_up(mut readings: Rows<Reading>) -> Result<String, RowError> {
///     let mut total = 0;
///     while let Some(reading) = readings.next().await? {
///         total += reading.watts;
///     }
///     Ok(total.to_string())
/// }
///
/// # #[covet::main]
/// # async fn main() -> Result<()> {
/// let client = Client::new(App::new("Meters", "1.0.0").routes(routes![add_up]))?;
/// let send = |media_type, body| client.post("/readings").body(media_type, body).send();
/// assert_eq!(send("application/x-ndjson", "{\"watts\":1}\n{\"watts\":2}\n").await.text(), "3");
/// # #[cfg(feature = "csv")]
/// assert_eq!(send("text/csv", "watts\r\n1\r\n2\r\n").await.text(), "3");
/// # Ok(())
/// # }
/// ```
pub struct Rows<T>(Source<T>);

enum Source<T> {
    Stream(Values<T>),
    Lines(NdJson<T>),
    #[cfg(feature = "csv")]
    Table(Table<T>),
}

/// The media types of rows, the first of which is taken where the client does not care.
fn media_types(
    #[cfg_attr(not(feature = "csv"), expect(unused, reason = "tables are a feature"))] is_flat: bool,
) -> Vec<&'static str> {
    #[cfg(feature = "csv")]
    if is_flat {
        return vec![ndjson::MEDIA_TYPE, CSV];
    }
    vec![ndjson::MEDIA_TYPE]
}

#[cfg(feature = "csv")]
use crate::validation::text::is_flat;

#[cfg(not(feature = "csv"))]
#[expect(clippy::extra_unused_type_parameters, reason = "called as the one with the feature is")]
fn is_flat<T>() -> bool {
    false
}

impl<T> Rows<T> {
    /// The rows that a stream yields. Where it yields an error the connection is cut off, so that the client sees that the
    /// answer is not whole; the error is logged.
    ///
    /// ```
    /// use covet::db::sql;
    /// use covet::{Db, Rows, get};
    ///
    /// /// The titles of all books.
    /// #[get("/titles")]
    /// async fn titles(db: Db) -> Rows<String> {
    ///     use futures_util::StreamExt;
    ///     Rows::new(db.stream::<(String,)>(sql!("SELECT title FROM books")).map(|row| row.map(|(title,)| title)))
    /// }
    /// # let _ = covet::routes![titles];
    /// ```
    pub fn new<S, E>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        E: Into<BoxError>,
        T: 'static,
    {
        Rows(Source::Stream(written::values(stream)))
    }

    /// The same rows, with another limit for the bytes of one that is read.
    pub fn row_limit(self, bytes: usize) -> Self {
        Rows(match self.0 {
            Source::Stream(values) => Source::Stream(values),
            Source::Lines(lines) => Source::Lines(lines.line_limit(bytes)),
            #[cfg(feature = "csv")]
            Source::Table(table) => Source::Table(table.with_limit(bytes)),
        })
    }
}

impl<T: Input> Rows<T> {
    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// That the row is none of the type, with which the reading can go on, or that the body cannot be read.
    pub async fn next(&mut self) -> Result<Option<T>, RowError> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }
}

/// Nothing in it is pinned in place.
impl<T> Unpin for Rows<T> {}

impl<T: Input> Stream for Rows<T> {
    type Item = Result<T, RowError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Source::Stream(values) => {
                values.as_mut().poll_next(cx).map(|row| row.map(|row| row.map_err(RowError::Source)))
            }
            Source::Lines(lines) => lines.poll_next_unpin(cx),
            #[cfg(feature = "csv")]
            Source::Table(table) => table.poll_row(cx),
        }
    }
}

impl<T: Input> FromRequest for Rows<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.request_items_in::<T>(media_types(is_flat::<T>()));
        operation.problem(&UNSUPPORTED_MEDIA_TYPE);
        RowError::describe(&mut operation.problems);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        let found = request.content_type()?;
        match found.as_deref() {
            Some(media_type) if ndjson::is_ndjson(media_type) => {
                Ok(Rows(Source::Lines(NdJson::of_body(request.take_body()))))
            }
            #[cfg(feature = "csv")]
            Some(CSV) if is_flat::<T>() => Ok(Rows(Source::Table(Table::new(request.take_body(), ndjson::LINE_LIMIT)))),
            _ => Err(body::unsupported(found, &media_types(is_flat::<T>()))),
        }
    }
}

impl<T: Output> Rows<T> {
    /// Whether they can be written as a table.
    fn is_flat_output() -> bool {
        #[cfg(feature = "csv")]
        return crate::format::columns_of::<Vec<T>>().is_some();
        #[cfg(not(feature = "csv"))]
        false
    }
}

impl<T: Output> Responder for Rows<T> {
    fn describe(operation: &mut Operation<'_>) {
        let available = media_types(Self::is_flat_output());
        operation.response_items::<T>(200, "Rows", ndjson::MEDIA_TYPE);
        if let [_, table] = available[..] {
            operation.response_text(200, "Rows", table);
            operation.response_header(200, "Vary", "That the format depends on Accept");
        }
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let available = media_types(Self::is_flat_output());
        let Source::Stream(values) = self.0 else {
            let cause = "rows that were read are no answer; make new ones of them with `Rows::new`";
            return to.problem(ProblemDetails::new(&INTERNAL).cause(cause));
        };
        let mut response = match to.preferred(&available) {
            Some(0) => ndjson::respond(values, to),
            #[cfg(feature = "csv")]
            Some(_) => table(values, to),
            // The pipeline has refused such a request before; a handler that is called by hand may get here.
            _ => to.problem(ProblemDetails::new(&NOT_ACCEPTABLE).with("available", &available)),
        };
        if available.len() > 1 {
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        }
        response
    }
}

/// The answer that sends rows under a line of names.
#[cfg(feature = "csv")]
fn table<T: Output>(values: Values<T>, to: &Responding<'_>) -> Response {
    let columns = crate::format::columns_of::<Vec<T>>().unwrap_or_default();
    let mut head = Vec::new();
    crate::format::write_names(columns, &mut head);
    let encode = |row: &T, out: &mut Vec<u8>| crate::format::write_row(columns, row, out);
    written::respond(values, "text/csv; charset=utf-8; header=present", head, encode, to)
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}
