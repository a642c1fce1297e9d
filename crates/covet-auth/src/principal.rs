//! Who asks, and what it may do.

use std::sync::Arc;

use crate::Scope;
use crate::rbac::{LiveRoles, PermissionSet, Registry, Requirement, RoleId};

/// Who a verified credential speaks for: a user through a client, or a client for itself. It does not change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Identity {
    /// The subject: the user's id, or the client's where it acts for itself.
    pub subject: String,
    /// The client that holds the token; none in a session of a browser.
    pub client: Option<String>,
    /// What the token was issued for; none in a session, which may all that its user may.
    pub scope: Option<Scope>,
    /// The user's roles; none where a client acts for itself, which its scope alone limits.
    pub roles: Option<Vec<RoleId>>,
    /// The session that the credential came from, which a logout ends.
    pub session: Option<String>,
}

/// The caller of a request, with the permissions that it has at this moment. Cheap to clone.
///
/// They are what the scope of its token and its user's roles *both* give: an administrator's token with a narrow scope may
/// only what the scope says, and a wide scope gives nobody a permission that its roles do not have.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    identity: Arc<Identity>,
    permissions: PermissionSet,
}

impl Identity {
    /// An identity of this subject, with no client, no scope and no roles.
    pub fn new(subject: impl Into<String>) -> Identity {
        Identity { subject: subject.into(), ..Identity::default() }
    }

    /// The scope's permissions and those of the roles that are in force now, as far as there are both.
    fn permissions(&self, registry: &Registry, roles: &LiveRoles) -> PermissionSet {
        let scope = self.scope.as_ref().map(|scope| registry.of_scope(scope));
        let roles = self.roles.as_ref().map(|ids| roles.permissions(ids));
        match (scope, roles) {
            (Some(scope), Some(roles)) => scope.intersection(roles),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => PermissionSet::EMPTY,
        }
    }
}

impl Principal {
    /// The caller of this identity under the roles that are in force now.
    pub fn new(identity: Arc<Identity>, roles: &LiveRoles) -> Principal {
        let permissions = identity.permissions(roles.registry(), roles);
        Principal { identity, permissions }
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The user's id, or the client's where it acts for itself.
    pub fn subject(&self) -> &str {
        &self.identity.subject
    }

    /// The client that holds the token.
    pub fn client(&self) -> Option<&str> {
        self.identity.client.as_deref()
    }

    /// Everything that it may do.
    pub fn permissions(&self) -> PermissionSet {
        self.permissions
    }

    /// Whether it may do this; the argument `Auth<P>` asks before the handler runs, this is for what depends on more.
    pub fn has<R: Requirement>(&self) -> bool {
        R::permits(&self.permissions)
    }
}

impl std::fmt::Debug for Principal {
    /// Subject and client, as they may stand in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Identity { subject, client, .. } = &*self.identity;
        f.debug_struct("Principal").field("subject", subject).field("client", client).finish_non_exhaustive()
    }
}
