//! Who may call a route, said by its signature.
//!
//! A handler that takes [`Auth<P>`](Auth) is called only for those who have the permission `P`; the document, the 401 and the
//! 403 follow from the type. Once an app has [`App::auth`](crate::App::auth), every route must have decided: it takes `Auth`,
//! `Option<Auth>` or [`Public`], or its group has [`Routes::require`](crate::Routes::require).

mod access;
mod argument;
mod bearer;
mod refusal;
mod resource_server;

pub(crate) use access::{Access, Decision, Guard};
pub use argument::{Auth, Public};
pub use covet_auth::rbac::{
    Any, NotPermitted, Permission, PermissionSet, Permitted, Policy, Registry, Requirement, RoleDefinition, RoleFaults,
    RoleId,
};
pub use covet_auth::{Identity, Principal, Scope, jose};
pub(crate) use refusal::{FORBIDDEN, Refusal, UNAUTHENTICATED};
pub use resource_server::ResourceServer;
pub(crate) use resource_server::{Authentication, SCHEME};
