//! Where a client of events left off.

use std::ops::Deref;

use crate::openapi::Operation;
use crate::validation::Input;
use crate::{FromRequest, Header, Rejection, Request};

/// The header's name as an argument would have it.
const NAME: &str = "last_event_id";

/// The `Last-Event-ID` of a client that connects to [`Events`](crate::Events) again: the id of the last
/// [`Event`](crate::Event) that it saw. `None` on the first connection.
///
/// An id that is no `T` is refused with 422; take a `LastEventId<String>` where any id may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastEventId<T = String>(pub Option<T>);

impl<T> Deref for LastEventId<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.0
    }
}

impl<T: Input> FromRequest for LastEventId<T> {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        Header::<Option<T>>::describe(operation, NAME);
    }

    async fn from_request(request: &mut Request, _: &'static str) -> Result<Self, Rejection> {
        Header::from_request(request, NAME).await.map(|header| LastEventId(header.0))
    }
}
