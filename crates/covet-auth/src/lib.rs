//! Tokens, OAuth 2.0, permissions and passwords, without HTTP and without a database of its own.
//!
//! [`jose`] is keys and tokens, [`keys`] the server's own and how they follow one another, [`oauth2`] the authorization server,
//! [`oidc`] OpenID Connect on top of it. [`Scope`] is the value of the `scope` parameter.

mod audit;
mod error;
pub mod jose;
pub mod keys;
pub mod oauth2;
pub mod oidc;
pub mod password;
pub mod people;
mod principal;
pub mod rbac;
mod scope;

pub use audit::{AuditEvent, AuditOutcome};
pub use error::{Error, ErrorKind, Result};
pub use principal::{Identity, Principal};
pub use scope::{Scope, ScopeError};

/// Declares the permissions of a program: each is a type, to be asked for in the signature of a handler.
///
/// ```
/// covet_auth::permissions! {
///     BooksWrite = "books:write" => "Add and change books",
///     #[audit]
///     UsersAdmin = "users:admin" => "Manage users",
/// }
///
/// use covet_auth::rbac::{Any, PermissionSet, Permission, Requirement};
///
/// let granted = BooksWrite::REGISTRY.of_scope(&"openid books:write".parse()?);
/// assert!(BooksWrite::permits(&granted));
/// assert!(Any::<(BooksWrite, UsersAdmin)>::permits(&granted));
/// assert!(!<(BooksWrite, UsersAdmin)>::permits(&granted));
/// # Ok::<(), covet_auth::ScopeError>(())
/// ```
///
/// The name on the left is a type; the text in the middle is the name in tokens, in roles and in the OpenAPI document; the text on the
/// right tells people what it allows, where they consent and in the documentation. `#[audit]` has its use recorded although it was
/// granted. Types are private unless `pub` stands before them.
///
/// A program has one list, of up to 256 permissions: write the macro once.
#[macro_export]
macro_rules! permissions {
    ($($tokens:tt)*) => { $crate::__private::permissions!($crate; $($tokens)*); };
}

/// What the macros' expansions name. Not part of the API.
#[doc(hidden)]
pub mod __private {
    pub use covet_macros::permissions;
}
