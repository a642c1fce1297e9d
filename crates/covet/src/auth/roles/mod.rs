//! Roles in the app's database: what they are, how every process learns of a change, and how an app changes them.

mod admin;
mod book;
mod error;
mod role;
mod store;

pub use admin::Roles;
pub(in crate::auth) use book::RoleBook;
pub use error::RoleError;
pub use role::Role;
pub(in crate::auth) use store::{Change, SqlRoles};
