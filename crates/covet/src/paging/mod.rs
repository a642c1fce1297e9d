//! Lists, a page at a time.
//!
//! A page begins behind the last item of the one before it, in the order of the list: an index finds that place at once
//! however far it is, and items that are added or deleted meanwhile neither repeat nor hide others, as they do where pages are
//! counted. What the client is given of that place is signed, together with the list that it belongs to, so that a cursor is
//! used for the list that it was made for or not at all.

mod argument;
mod cursor;
mod keyset;

pub use argument::Paging;
pub use keyset::{Column, Key, KeyValue, Keyset};
