//! Roles in the framework's own tables. Instants are milliseconds since 1970.
//!
//! A version counts the changes. Whoever changes something counts first, so that changes follow one another and each is
//! judged by what is really there; whoever reads looks at the version before and after.

use std::collections::{BTreeMap, HashMap};

use covet_auth::rbac::{LiveRoles, Registry, RoleDefinition, RoleFaults, RoleId};
use covet_db::{Db, Result, Transaction, sql};
use jiff::Timestamp;

use super::{Role, RoleError};

/// The roles of a database.
#[derive(Debug, Clone)]
pub(in crate::auth) struct SqlRoles(Db);

/// Everything at one version.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) version: i64,
    pub(super) definitions: Vec<RoleDefinition>,
    /// The roles of the users that got others lately.
    pub(super) reassigned: HashMap<String, Vec<RoleId>>,
}

impl Snapshot {
    /// Puts it in force. Where the roles are wrong those before stay; who has which is one user's matter and counts.
    pub(super) fn apply(self, live: &LiveRoles) -> std::result::Result<(), RoleFaults> {
        let result = live.replace(&self.definitions);
        live.reassign(self.reassigned);
        result
    }
}

/// A change that is being made.
pub(in crate::auth) struct Change(Transaction);

impl SqlRoles {
    pub(in crate::auth) fn new(db: Db) -> Self {
        SqlRoles(db)
    }

    pub(super) async fn version(&self) -> Result<i64> {
        self.0.fetch_value(sql!("SELECT version FROM covet_versions WHERE name = 'roles'")).await
    }

    /// What there is, unless it changes again and again.
    pub(super) async fn snapshot(&self, since: Timestamp) -> Result<Option<Snapshot>> {
        for _ in 0..5 {
            let version = self.version().await?;
            let definitions = definitions(
                self.0.fetch_all(sql!("SELECT id, name FROM covet_roles ORDER BY id")).await?,
                self.0
                    .fetch_all(sql!("SELECT role_id, permission FROM covet_role_permissions ORDER BY permission"))
                    .await?,
                self.0.fetch_all(sql!("SELECT role_id, parent_id FROM covet_role_parents ORDER BY parent_id")).await?,
            );
            let since = since.as_millisecond();
            let users: Vec<(String, Option<i64>)> = self
                .0
                .fetch_all(sql!(
                    "SELECT u.id, r.role_id FROM covet_users u LEFT JOIN covet_user_roles r ON r.user_id = u.id
                     WHERE u.roles_changed_at > {since}"
                ))
                .await?;
            if self.version().await? == version {
                let mut reassigned: HashMap<String, Vec<RoleId>> = HashMap::new();
                users.into_iter().for_each(|(user, role)| reassigned.entry(user).or_default().extend(role));
                return Ok(Some(Snapshot { version, definitions, reassigned }));
            }
        }
        Ok(None)
    }

    /// The names of a user's roles.
    pub(in crate::auth) async fn names_of(&self, user: &str) -> Result<Vec<String>> {
        let sql = sql!(
            "SELECT r.name FROM covet_user_roles u JOIN covet_roles r ON r.id = u.role_id
             WHERE u.user_id = {user} ORDER BY r.name"
        );
        let names: Vec<(String,)> = self.0.fetch_all(sql).await?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    pub(in crate::auth) async fn id(&self, role: &str) -> Result<Option<RoleId>> {
        self.0
            .fetch_optional(sql!("SELECT id FROM covet_roles WHERE name = {role}"))
            .await
            .map(|row| row.map(|(id,)| id))
    }

    /// Begins a change. Others wait until it ends.
    pub(in crate::auth) async fn change(&self) -> Result<Change> {
        let tx = self.0.begin().await?;
        tx.execute(sql!("UPDATE covet_versions SET version = version + 1 WHERE name = 'roles'")).await?;
        Ok(Change(tx))
    }
}

fn definitions(
    roles: Vec<(i64, String)>,
    permissions: Vec<(i64, String)>,
    parents: Vec<(i64, i64)>,
) -> Vec<RoleDefinition> {
    let role = |(id, name)| (id, RoleDefinition { id, name, permissions: Vec::new(), parents: Vec::new() });
    let mut roles: BTreeMap<_, _> = roles.into_iter().map(role).collect();
    for (id, permission) in permissions {
        roles.entry(id).and_modify(|role| role.permissions.push(permission));
    }
    for (id, parent) in parents {
        roles.entry(id).and_modify(|role| role.parents.push(parent));
    }
    roles.into_values().collect()
}

impl Change {
    pub(super) async fn definitions(&self) -> Result<Vec<RoleDefinition>> {
        let tx = &self.0;
        Ok(definitions(
            tx.fetch_all(sql!("SELECT id, name FROM covet_roles ORDER BY id")).await?,
            tx.fetch_all(sql!("SELECT role_id, permission FROM covet_role_permissions")).await?,
            tx.fetch_all(sql!("SELECT role_id, parent_id FROM covet_role_parents")).await?,
        ))
    }

    pub(in crate::auth) async fn id(&self, role: &str) -> Result<Option<RoleId>> {
        self.0
            .fetch_optional(sql!("SELECT id FROM covet_roles WHERE name = {role}"))
            .await
            .map(|row| row.map(|(id,)| id))
    }

    pub(super) async fn insert(&self, name: &str) -> Result<RoleId> {
        let last: Option<i64> = self.0.fetch_value(sql!("SELECT MAX(id) FROM covet_roles")).await?;
        let id = last.unwrap_or(0) + 1;
        self.0.execute(sql!("INSERT INTO covet_roles (id, name) VALUES ({id}, {name})")).await?;
        Ok(id)
    }

    /// Writes what a role gives, in place of what it gave. Its parents must be there.
    pub(super) async fn write(&self, id: RoleId, role: &Role) -> Result<(), RoleError> {
        let tx = &self.0;
        tx.execute(sql!("DELETE FROM covet_role_permissions WHERE role_id = {id}")).await?;
        tx.execute(sql!("DELETE FROM covet_role_parents WHERE role_id = {id}")).await?;
        let unique = |names: &[String]| names.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        for permission in unique(&role.permissions) {
            let sql = sql!("INSERT INTO covet_role_permissions (role_id, permission) VALUES ({id}, {permission})");
            tx.execute(sql).await?;
        }
        for name in unique(&role.parents) {
            let Some(parent) = self.id(&name).await? else {
                let reason = format!("the role {:?} has the parent {name:?}, which is no role", role.name);
                return Err(RoleError::Invalid { reason });
            };
            tx.execute(sql!("INSERT INTO covet_role_parents (role_id, parent_id) VALUES ({id}, {parent})")).await?;
        }
        Ok(())
    }

    /// Takes a role away from everybody and everything.
    pub(super) async fn remove(&self, id: RoleId, now: Timestamp) -> Result<()> {
        let (tx, now) = (&self.0, now.as_millisecond());
        tx.execute(sql!(
            "UPDATE covet_users SET roles_changed_at = {now}
             WHERE id IN (SELECT user_id FROM covet_user_roles WHERE role_id = {id})"
        ))
        .await?;
        for sql in [
            sql!("DELETE FROM covet_user_roles WHERE role_id = {id}"),
            sql!("DELETE FROM covet_role_parents WHERE role_id = {id} OR parent_id = {id}"),
            sql!("DELETE FROM covet_role_permissions WHERE role_id = {id}"),
            sql!("DELETE FROM covet_roles WHERE id = {id}"),
        ] {
            tx.execute(sql).await?;
        }
        Ok(())
    }

    /// Gives a role to a user, or takes it away; whether that changed something.
    pub(in crate::auth) async fn assign(&self, user: &str, role: RoleId, has: bool, now: Timestamp) -> Result<bool> {
        let tx = &self.0;
        let found = sql!("SELECT count(*) FROM covet_user_roles WHERE user_id = {user} AND role_id = {role}");
        if (tx.fetch_value::<i64>(found).await? > 0) == has {
            return Ok(false);
        }
        tx.execute(if has {
            sql!("INSERT INTO covet_user_roles (user_id, role_id) VALUES ({user}, {role})")
        } else {
            sql!("DELETE FROM covet_user_roles WHERE user_id = {user} AND role_id = {role}")
        })
        .await?;
        let now = now.as_millisecond();
        tx.execute(sql!("UPDATE covet_users SET roles_changed_at = {now} WHERE id = {user}")).await?;
        Ok(true)
    }

    /// Whether there is a user of this id.
    pub(in crate::auth) async fn has_user(&self, id: &str) -> Result<bool> {
        Ok(self.0.fetch_value::<i64>(sql!("SELECT count(*) FROM covet_users WHERE id = {id}")).await? > 0)
    }

    /// Ends the change, if the roles are good as they are now.
    pub(super) async fn commit_if_good(self, registry: Option<&Registry>) -> Result<(), RoleError> {
        if let Some(registry) = registry {
            let roles = covet_auth::rbac::Roles::new(registry, &self.definitions().await?);
            roles.map_err(|faults| RoleError::invalid(&faults))?;
        }
        Ok(self.commit().await?)
    }

    pub(in crate::auth) async fn commit(self) -> Result<()> {
        self.0.commit().await
    }
}
