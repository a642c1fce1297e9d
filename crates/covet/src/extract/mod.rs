//! What a handler can take from a request.

pub(crate) mod body;
mod content;
pub(crate) mod cookie;
mod form;
mod head;
mod header;
mod json;
pub(crate) mod parameters;
mod path;
mod query;
mod state;

pub use content::Content;
pub use cookie::Cookie;
pub use form::Form;
pub use header::Header;
pub use json::Json;
pub use path::Path;
pub use query::Query;
pub use state::State;

/// Access to the inside of an argument that is a wrapper.
macro_rules! wrapper {
    ($name:ident) => {
        impl<T> std::ops::Deref for $name<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> std::ops::DerefMut for $name<T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }
    };
}
use wrapper;
