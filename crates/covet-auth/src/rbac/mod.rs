//! Role-based access control: permissions are types, roles are data, a check is a few machine instructions.
//!
//! A program declares its permissions once, with [`permissions!`](crate::permissions): each becomes a type, so that a
//! handler that asks for one which does not exist does not compile. Roles group permissions and other roles; they are
//! [definitions](RoleDefinition), usually rows of a database, that are checked and closed into a [`Roles`] snapshot. What a
//! caller may do is what its token's scope and its roles both allow.

mod permission;
mod policy;
mod requirement;
mod roles;
mod set;

pub use permission::{Permission, PermissionInfo, Registry};
pub use policy::{NotPermitted, Permitted, Policy};
pub use requirement::{Any, Requirement};
pub use roles::{LiveRoles, RoleDefinition, RoleFault, RoleFaults, RoleId, Roles};
pub use set::PermissionSet;
