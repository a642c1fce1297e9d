//! 201 and 202.

use http::{HeaderValue, StatusCode, header};

use super::{Responder, Responding, Response, negotiated};
use crate::openapi::Operation;
use crate::problem::{INTERNAL, ProblemDetails};
use crate::validation::Output;

/// 201: something was made. The answer holds it, in the format that the client likes, and its `Location`.
///
/// ```
/// use covet::{post, Created};
///
/// /// A note.
/// #[covet::model]
/// struct Note { id: i64 }
///
/// /// Take a note.
/// #[post("/notes")]
/// async fn add() -> Created<Note> {
///     Created::at("/notes/7", Note { id: 7 })
/// }
/// # let _ = covet::routes![add];
/// ```
#[derive(Debug, Clone)]
pub struct Created<T> {
    location: String,
    value: T,
}

impl<T> Created<T> {
    /// What was made, and the path or URI where it is found from now on.
    pub fn at(location: impl Into<String>, value: T) -> Self {
        Created { location: location.into(), value }
    }
}

impl<T: Output> Responder for Created<T> {
    fn describe(operation: &mut Operation<'_>) {
        negotiated::describe::<T, T>(operation, 201, "What was made");
        operation.response_header(201, "Location", "Where it is found");
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let mut response = negotiated::respond::<T, T>(StatusCode::CREATED, &self.value, &self.value, to);
        match HeaderValue::try_from(&self.location) {
            Ok(location) => {
                response.headers_mut().insert(header::LOCATION, location);
                response
            }
            Err(error) => to.problem(ProblemDetails::new(&INTERNAL).cause(error)),
        }
    }
}

/// 202: the request was taken and is worked on; the answer tells how to learn what became of it.
///
/// ```
/// use covet::{Accepted, post};
///
/// /// A print that was ordered.
/// #[covet::model]
/// struct Print { id: i64, state: String }
///
/// /// Order a print.
/// #[post("/prints")]
/// async fn print() -> Accepted<Print> {
///     Accepted(Print { id: 7, state: "/prints/7".into() })
/// }
/// # let _ = covet::routes![print];
/// ```
#[derive(Debug, Clone)]
pub struct Accepted<T>(pub T);

impl<T: Output> Responder for Accepted<T> {
    fn describe(operation: &mut Operation<'_>) {
        negotiated::describe::<T, T>(operation, 202, "Taken, and worked on");
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        negotiated::respond::<T, T>(StatusCode::ACCEPTED, &self.0, &self.0, to)
    }
}
