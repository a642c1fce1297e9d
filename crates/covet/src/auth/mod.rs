//! Who may call a route, said by its signature.
//!
//! A handler that takes [`Auth<P>`](Auth) is called only for those who have the permission `P`; the document, the 401 and the
//! 403 follow from the type. Once an app has [`App::auth`](crate::App::auth), every route must have decided: it takes `Auth`,
//! `Option<Auth>` or [`Public`], or its group has [`Routes::require`](crate::Routes::require).

mod access;
#[cfg(feature = "_db")]
mod accounts;
mod argument;
mod audit;
mod authentication;
mod bearer;
mod install;
mod matrix;
#[cfg(feature = "_db")]
mod oauth;
mod refusal;
mod remote;
mod resource_server;
#[cfg(feature = "_db")]
mod roles;

pub(crate) use access::{Access, Decision, Guard};
#[cfg(all(feature = "_db", feature = "template"))]
pub(crate) use accounts::replaceable_pages;
#[cfg(feature = "_db")]
pub use accounts::{Account, Accounts, User, Users};
pub use argument::{Auth, Public};
pub(crate) use audit::Origin;
#[cfg(feature = "_db")]
pub use audit::{Audit, AuditEntry, AuditFilter, AuditOrder};
pub(crate) use authentication::{Admission, Asking, Authentication, BEARER, OAUTH2, SESSION};
pub use covet_auth::keys::KeyEncryptionKey;
pub use covet_auth::oauth2::{
    BoundRequest, Client, Consent, Failure, GrantType, Introspection, Session, Settings, Subject,
};
pub use covet_auth::password::{Password, PasswordFault, PasswordOptions, PasswordOptionsError};
pub use covet_auth::people::PeopleSettings;
pub use covet_auth::rbac::{
    Any, NotPermitted, Permission, PermissionSet, Permitted, Policy, Registry, Requirement, RoleDefinition, RoleFaults,
    RoleId,
};
pub use covet_auth::{AuditEvent, AuditOutcome, Identity, Principal, Scope, jose};
pub use install::{Confirming, Install, Refreshing, TokenKeys};
pub use matrix::{RouteAccess, Who};
#[cfg(feature = "_db")]
pub(crate) use oauth::Provider;
#[cfg(feature = "_db")]
pub use oauth::{NoPeople, People, PeopleFuture, Server};
pub(crate) use refusal::{FORBIDDEN, Refusal, UNAUTHENTICATED};
pub use resource_server::ResourceServer;
#[cfg(feature = "_db")]
pub use roles::{Role, RoleError, Roles};
