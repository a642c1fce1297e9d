//! The argument by which an app looks after its users.

use std::sync::Arc;

use covet_auth::oauth2::Revoke;
use covet_auth::password::Password;
use covet_auth::people::{self, LoginError};
use covet_auth::{AuditEvent, Error, ErrorKind};
use covet_db::{Db, FromRow, sql};
use jiff::Timestamp;

use super::account::Accounts;
use super::store::SqlPeople;
use crate::auth::Audit;
use crate::auth::oauth::Provider;
use crate::auth::roles::{Change, RoleError, SqlRoles};
use crate::openapi::Operation;
use crate::{FromRequest, Rejection, Request, State};

/// A user of [`Accounts`], as an app may show it.
#[crate::attributes::model(output, crate = crate)]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The id, which never changes: the subject of tokens and of [`Auth`](crate::Auth).
    pub id: String,
    /// What they log in with.
    pub login: String,
    /// The name to show.
    pub name: Option<String>,
    /// The address to write to.
    pub email: Option<String>,
    /// Whether they may not log in.
    pub is_disabled: bool,
    /// The names of the roles.
    pub roles: Vec<String>,
}

/// The users of the app's [`Accounts`], to be seen and changed while it serves. An argument.
///
/// A change is in force with the next request of this process, and in others within a second, also for tokens and sessions
/// that are there already.
///
/// ```
/// use covet::auth::{RoleError, User, Users};
/// use covet::{Auth, Json, NoContent, Path, get, put, routes};
///
/// covet::permissions! { UsersAdmin = "users:admin" => "Manage users" }
///
/// /// Who I am.
/// #[get("/api/me")]
/// async fn me(auth: Auth, users: Users) -> Result<Json<Option<User>>, RoleError> {
///     Ok(Json(users.get(auth.subject()).await?))
/// }
///
/// /// Give a user a role.
/// #[put("/api/users/{id}/roles/{role}")]
/// async fn assign(
///     _auth: Auth<UsersAdmin>, id: Path<String>, role: Path<String>, users: Users,
/// ) -> Result<NoContent, RoleError> {
///     users.assign(&id, &role).await?;
///     Ok(NoContent)
/// }
/// # let _ = routes![me, assign];
/// ```
#[derive(Debug, Clone)]
pub struct Users {
    db: Db,
    accounts: Arc<Accounts>,
    provider: Provider,
    audit: Audit,
}

/// The columns of a user but for the roles.
#[derive(FromRow)]
#[from_row(crate = covet_db)]
struct UserRow {
    id: String,
    login: String,
    name: Option<String>,
    email: Option<String>,
    disabled_at: Option<i64>,
}

impl Users {
    async fn with_roles(&self, row: UserRow) -> Result<User, RoleError> {
        let roles = SqlRoles::new(self.db.clone()).names_of(&row.id).await?;
        let UserRow { id, login, name, email, disabled_at } = row;
        Ok(User { id, login, name, email, is_disabled: disabled_at.is_some(), roles })
    }

    /// The user of an id.
    ///
    /// # Errors
    /// The database's.
    pub async fn get(&self, id: &str) -> Result<Option<User>, RoleError> {
        let sql = sql!("SELECT id, login, name, email, disabled_at FROM covet_users WHERE id = {id}");
        match self.db.fetch_optional(sql).await? {
            Some(row) => self.with_roles(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The user of a login, in whatever form it is typed.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, login: &str) -> Result<Option<User>, RoleError> {
        let login = people::People::<SqlPeople>::normalize(login);
        let sql = sql!("SELECT id, login, name, email, disabled_at FROM covet_users WHERE login = {login}");
        match self.db.fetch_optional(sql).await? {
            Some(row) => self.with_roles(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// At most so many users by login, from the one after this login on; from the first on after an empty text.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, after: &str, limit: u32) -> Result<Vec<User>, RoleError> {
        let limit = i64::from(limit);
        let sql = sql!(
            "SELECT id, login, name, email, disabled_at FROM covet_users WHERE login > {after} ORDER BY login LIMIT {limit}"
        );
        let rows: Vec<UserRow> = self.db.fetch_all(sql).await?;
        let mut users = Vec::with_capacity(rows.len());
        for row in rows {
            users.push(self.with_roles(row).await?);
        }
        Ok(users)
    }

    /// Gives a user a role; whether they did not have it.
    ///
    /// # Errors
    /// [`RoleError::NoSuchUser`], [`RoleError::NoSuchRole`], the database's.
    pub async fn assign(&self, id: &str, role: &str) -> Result<bool, RoleError> {
        self.reassign(id, role, true).await
    }

    /// Takes a role from a user; whether they had it.
    ///
    /// # Errors
    /// As [`assign`](Self::assign).
    pub async fn revoke(&self, id: &str, role: &str) -> Result<bool, RoleError> {
        self.reassign(id, role, false).await
    }

    async fn reassign(&self, id: &str, role: &str, has: bool) -> Result<bool, RoleError> {
        let change = SqlRoles::new(self.db.clone()).change().await?;
        let number = change.id(role).await?.ok_or_else(|| RoleError::NoSuchRole { role: role.to_owned() })?;
        must_exist(&change, id).await?;
        let changed = change.assign(id, number, has, Timestamp::now()).await?;
        change.commit().await?;
        if changed {
            let event = AuditEvent::new(if has { "role.assigned" } else { "role.revoked" });
            self.audit.record(event.object(id).reason(format!("role: {role}")));
            self.provider.refresh_roles(&self.db).await?;
        }
        Ok(changed)
    }

    /// Keeps a user out: ends their sessions, revokes their tokens, and refuses their logins.
    ///
    /// # Errors
    /// [`RoleError::NoSuchUser`], the database's.
    pub async fn disable(&self, id: &str) -> Result<(), RoleError> {
        let now = Timestamp::now();
        self.set_disabled(id, Some(now.as_millisecond())).await?;
        self.audit.record(AuditEvent::new("user.disabled").object(id));
        self.end_sessions(id).await
    }

    /// Lets a user in again who was disabled.
    ///
    /// # Errors
    /// As [`disable`](Self::disable).
    pub async fn enable(&self, id: &str) -> Result<(), RoleError> {
        self.set_disabled(id, None).await?;
        self.audit.record(AuditEvent::new("user.enabled").object(id));
        Ok(())
    }

    async fn set_disabled(&self, id: &str, disabled_at: Option<i64>) -> Result<(), RoleError> {
        let change = sql!("UPDATE covet_users SET disabled_at = {disabled_at} WHERE id = {id}");
        if self.db.execute(change).await?.rows_affected == 0 {
            return Err(RoleError::NoSuchUser { user: id.to_owned() });
        }
        Ok(())
    }

    /// Ends all sessions of a user and everything that was granted to clients in their name.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_sessions(&self, id: &str) -> Result<(), RoleError> {
        self.db.execute(sql!("DELETE FROM covet_sessions WHERE user_id = {id}")).await?;
        match self.provider.core() {
            Some(core) => Ok(core.revoke_grants(Revoke::Subject(id), Timestamp::now()).await?),
            None => Ok(()),
        }
    }

    /// Gives a user another password, and ends everything that began with the old one.
    ///
    /// # Errors
    /// [`RoleError::NoSuchUser`], the database's, that too many passwords wait to be hashed.
    pub async fn set_password(&self, id: &str, password: Password) -> Result<(), RoleError> {
        if self.get(id).await?.is_none() {
            return Err(RoleError::NoSuchUser { user: id.to_owned() });
        }
        match self.accounts.people(&self.db).set_password(id, password).await {
            Ok(()) => self.end_sessions(id).await,
            Err(LoginError::Store(error)) => Err(RoleError::Auth(error)),
            Err(error) => {
                Err(RoleError::Auth(Error::caused(ErrorKind::Storage, "the password could not be hashed", error)))
            }
        }
    }
}

async fn must_exist(change: &Change, user: &str) -> Result<(), RoleError> {
    if change.has_user(user).await? { Ok(()) } else { Err(RoleError::NoSuchUser { user: user.to_owned() }) }
}

impl FromRequest for Users {
    fn describe(operation: &mut Operation<'_>, _: &str) {
        operation.requires_state::<Db>();
        operation.requires_state::<Provider>();
        operation.requires_state::<Arc<Accounts>>();
    }

    async fn from_request(request: &mut Request, name: &'static str) -> Result<Self, Rejection> {
        let db = Db::from_request(request, name).await?;
        let provider = State::<Provider>::from_request(request, name).await?;
        let accounts = State::<Arc<Accounts>>::from_request(request, name).await?;
        let audit = Audit::from_request(request, name).await?;
        Ok(Users { db, accounts: Arc::clone(&accounts), provider: Provider::clone(&provider), audit })
    }
}
