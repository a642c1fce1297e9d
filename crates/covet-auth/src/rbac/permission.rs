//! Permissions as types, and the list of a program's permissions.

use super::{PermissionSet, Requirement};
use crate::Scope;

/// A permission that `permissions!` declared.
///
/// Only the macro implements this: the places of a program's permissions must not overlap.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission",
    label = "not declared by `permissions!`",
    note = "declare it: `covet::permissions! {{ {Self} = \"…:…\" => \"What it allows\" }}`"
)]
pub trait Permission: Send + Sync + 'static {
    /// All permissions that were declared together with this one.
    const REGISTRY: &'static Registry;

    /// The place in the registry.
    const INDEX: usize;
}

/// What is known of a permission at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PermissionInfo {
    /// The name in tokens, roles and the OpenAPI document: `books:write`.
    pub name: &'static str,
    /// What it allows, for people.
    pub description: &'static str,
    /// Whether its use is recorded in the audit log although it was granted.
    pub audited: bool,
}

/// All permissions of a program, in the order in which they were declared.
#[derive(Debug, PartialEq, Eq)]
pub struct Registry {
    permissions: &'static [PermissionInfo],
}

impl PermissionInfo {
    #[doc(hidden)]
    pub const fn new(name: &'static str, description: &'static str, audited: bool) -> Self {
        PermissionInfo { name, description, audited }
    }
}

impl Registry {
    #[doc(hidden)]
    pub const fn new(permissions: &'static [PermissionInfo]) -> Self {
        Registry { permissions }
    }

    /// The permissions; a permission's place here is its place in a [`PermissionSet`].
    pub const fn permissions(&self) -> &'static [PermissionInfo] {
        self.permissions
    }

    /// The place of the permission of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.permissions.iter().position(|permission| permission.name == name)
    }

    /// The names of the permissions of a set, in the order of their declaration.
    pub fn names(&self, set: PermissionSet) -> impl Iterator<Item = &'static str> {
        set.indexes().filter_map(|index| Some(self.permissions.get(index)?.name))
    }

    /// The permissions that a scope names. Tokens that name none, such as `openid`, give none.
    pub fn of_scope(&self, scope: &Scope) -> PermissionSet {
        scope.iter().filter_map(|token| self.find(token)).fold(PermissionSet::EMPTY, PermissionSet::with)
    }

    /// The permissions of a set whose grants are recorded in the audit log.
    pub fn audited(&self, set: PermissionSet) -> PermissionSet {
        let audited = |index: &usize| self.permissions.get(*index).is_some_and(|permission| permission.audited);
        set.indexes().filter(audited).fold(PermissionSet::EMPTY, PermissionSet::with)
    }
}

impl<P: Permission> Requirement for P {
    const SOURCE: Option<&'static Registry> = Some(P::REGISTRY);

    #[inline]
    fn permits(have: &PermissionSet) -> bool {
        have.includes(const { PermissionSet::EMPTY.with(P::INDEX) })
    }

    fn alternatives() -> Vec<PermissionSet> {
        vec![PermissionSet::EMPTY.with(P::INDEX)]
    }
}
