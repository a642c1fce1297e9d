//! Which route is for whom, as a table.

use covet_auth::rbac::{PermissionSet, Registry, RoleId};
use http::Method;
use serde_json::{Value, json};

use super::Guard;

/// A route, and who may call it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RouteAccess {
    /// The method.
    pub method: Method,
    /// The path as it was declared, with `{parameters}`.
    pub path: String,
    /// Who may call it.
    pub who: Who,
}

/// Who may call a route. Complete: arguments and groups say nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Everybody, and nobody is asked who they are.
    Everybody,
    /// Everybody, told apart where they are known.
    EverybodyKnown,
    /// Those who have all permissions of one of these lists; where one is empty, everybody who is known.
    Permitted(Vec<Vec<&'static str>>),
}

impl RouteAccess {
    pub(crate) fn new(method: Method, path: String, guard: Option<&Guard>, registry: &Registry) -> Self {
        let names = |set: PermissionSet| registry.names(set).collect();
        let who = match guard {
            None => Who::Everybody,
            Some(guard) if guard.is_optional() => Who::EverybodyKnown,
            Some(guard) => Who::Permitted(guard.alternatives().into_iter().map(names).collect()),
        };
        RouteAccess { method, path, who }
    }

    /// Whether a known caller with these permissions is let in.
    pub fn permits(&self, permissions: &[&str]) -> bool {
        match &self.who {
            Who::Everybody | Who::EverybodyKnown => true,
            Who::Permitted(alternatives) => {
                alternatives.iter().any(|names| names.iter().all(|name| permissions.contains(name)))
            }
        }
    }

    /// As `COVET_INSPECT=routes` has it: `who` is `everybody`, `everybody, known or not`, or `permitted`.
    pub(crate) fn to_json(&self, roles: &[(RoleId, String, Vec<&'static str>)]) -> Value {
        let roles = roles.iter().filter(|(_, _, permissions)| self.permits(permissions)).map(|(_, name, _)| name);
        match &self.who {
            Who::Everybody => json!({ "who": "everybody" }),
            Who::EverybodyKnown => json!({ "who": "everybody, known or not" }),
            Who::Permitted(any) => {
                json!({ "who": "permitted", "permissions": any, "roles": roles.collect::<Vec<_>>() })
            }
        }
    }
}
