//! Tokens, OAuth 2.0 and permissions, without HTTP and without a database of its own.
//!
//! [`jose`] is keys and tokens. [`Scope`] is the value of the `scope` parameter.

mod error;
pub mod jose;
mod scope;

pub use error::{Error, ErrorKind, Result};
pub use scope::{Scope, ScopeError};
