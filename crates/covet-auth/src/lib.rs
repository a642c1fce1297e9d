//! Tokens, OAuth 2.0 and permissions, without HTTP and without a database of its own.
//!
//! What is here is where the authorization server begins: [`Scope`], the value of the `scope` parameter. Tokens, the
//! server itself, OpenID Connect, roles and passwords are to come; nothing of them is here yet.

mod scope;

pub use scope::{Scope, ScopeError};
