//! The argument by which an app changes its roles.

use covet_auth::AuditEvent;
use covet_auth::rbac::RoleId;
use covet_db::Db;
use jiff::Timestamp;

use super::{Role, RoleBook, RoleError, SqlRoles};
use crate::auth::Audit;
use crate::auth::oauth::Provider;
use crate::openapi::Operation;
use crate::{FromRequest, Rejection, Request, State};

/// The roles of the app, to be seen and changed while it serves. An argument, of an app that has [`Server`](super::super::Server) as
/// its authentication.
///
/// A change is in force with the next request of this process, and in others within a second.
///
/// ```
/// use covet::auth::{Role, RoleError, Roles};
/// use covet::{Auth, Json, NoContent, Path, get, put, routes};
///
/// covet::permissions! { RolesAdmin = "roles:admin" => "Change roles" }
///
/// /// The roles that there are.
/// #[get("/api/roles")]
/// async fn list(_auth: Auth<RolesAdmin>, roles: Roles) -> Result<Json<Vec<Role>>, RoleError> {
///     Ok(Json(roles.list().await?))
/// }
///
/// /// Make a role, or change it.
/// #[put("/api/roles")]
/// async fn define(_auth: Auth<RolesAdmin>, role: Json<Role>, roles: Roles) -> Result<NoContent, RoleError> {
///     roles.define(&role).await?;
///     Ok(NoContent)
/// }
/// # let _ = routes![list, define];
/// ```
#[derive(Debug, Clone)]
pub struct Roles {
    db: Db,
    provider: Provider,
    audit: Audit,
}

impl Roles {
    fn book(&self) -> &RoleBook {
        &self.provider.roles
    }

    /// The names of these roles, without asking the database: those of a caller's [`Identity`](crate::auth::Identity).
    pub fn names(&self, ids: &[RoleId]) -> Vec<String> {
        let current = self.book().current();
        ids.iter().filter_map(|id| current.name(*id).map(str::to_owned)).collect()
    }

    /// Whether one of these roles is the one of this name, or has it among its parents and their parents, without asking the
    /// database.
    pub fn include(&self, ids: &[RoleId], name: &str) -> bool {
        self.book().current().include(ids, name)
    }

    /// All roles, by name.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self) -> Result<Vec<Role>, RoleError> {
        let snapshot = SqlRoles::new(self.db.clone()).snapshot(Timestamp::MAX).await?;
        let definitions = snapshot.map(|snapshot| snapshot.definitions).unwrap_or_default();
        let name = |id| definitions.iter().find(|role| role.id == id).map(|role| role.name.clone());
        let role = |role: &covet_auth::rbac::RoleDefinition| Role {
            name: role.name.clone(),
            permissions: role.permissions.clone(),
            parents: role.parents.iter().filter_map(|id| name(*id)).collect(),
        };
        let mut roles: Vec<_> = definitions.iter().map(role).collect();
        roles.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(roles)
    }

    /// Makes a role, or has the one of this name give what is said here and nothing else.
    ///
    /// # Errors
    /// [`RoleError::Invalid`], where nothing is changed; the database's.
    pub async fn define(&self, role: &Role) -> Result<(), RoleError> {
        let change = SqlRoles::new(self.db.clone()).change().await?;
        let id = match change.id(&role.name).await? {
            Some(id) => id,
            None => change.insert(&role.name).await?,
        };
        change.write(id, role).await?;
        change.commit_if_good(self.book().registry()).await?;
        let event = AuditEvent::new("role.defined").object(&role.name).permission(role.permissions.join(" "));
        self.audit.record(event.reason(format!("parents: {}", role.parents.join(" "))));
        self.provider.refresh_roles(&self.db).await
    }

    /// Removes a role, also from its users and from the roles whose parent it is.
    ///
    /// # Errors
    /// [`RoleError::NoSuchRole`]; the database's.
    pub async fn remove(&self, name: &str) -> Result<(), RoleError> {
        let change = SqlRoles::new(self.db.clone()).change().await?;
        let id = change.id(name).await?.ok_or_else(|| RoleError::NoSuchRole { role: name.to_owned() })?;
        change.remove(id, Timestamp::now()).await?;
        change.commit().await?;
        self.audit.record(AuditEvent::new("role.removed").object(name));
        self.provider.refresh_roles(&self.db).await
    }
}

impl FromRequest for Roles {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.requires_state::<Db>();
        operation.requires_state::<Provider>();
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let db = Db::from_request(request, name).await?;
        let provider = State::<Provider>::from_request(request, name).await?;
        let audit = Audit::from_request(request, name).await?;
        Ok(Roles { db, provider: Provider::clone(&provider), audit })
    }
}
