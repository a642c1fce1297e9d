//! What the app shares with its handlers.

use std::ops::Deref;
use std::sync::Arc;

use crate::openapi::Operation;
use crate::problem::{INTERNAL, ProblemDetails};
use crate::{FromRequest, Rejection, Request};

/// A value that the app was given with [`App::state`](crate::App::state). An app that was not given one does not start.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use covet::{get, routes, App, State};
///
/// #[derive(Default)]
/// struct Visits(AtomicU64);
///
/// /// Count the visits.
/// #[get("/visits")]
/// async fn visits(visits: State<Visits>) -> String {
///     visits.0.fetch_add(1, Ordering::Relaxed).to_string()
/// }
///
/// let app = App::new("Counter", "1.0.0").state(Visits::default()).routes(routes![visits]);
/// assert!(app.build().is_ok());
/// ```
#[derive(Debug)]
pub struct State<T>(Arc<T>);

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        State(self.0.clone())
    }
}

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> FromRequest for State<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.requires_state::<T>();
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        request.state().map(State).ok_or_else(absent)
    }
}

/// What cannot be, since the app is not built without the value.
fn absent() -> Rejection {
    Rejection::Problem(ProblemDetails::new(&INTERNAL).cause("a value of the app's state is gone"))
}

#[cfg(feature = "_db")]
impl FromRequest for covet_db::Db {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.requires_state::<covet_db::Db>();
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        request.state::<covet_db::Db>().map(|db| covet_db::Db::clone(&db)).ok_or_else(absent)
    }
}
