//! People in the framework's own tables. Instants are milliseconds since 1970.

use covet_auth::people::{Failures, PeopleStore, SessionRecord, User};
use covet_auth::{AuditEvent, Error, ErrorKind, Result};
use covet_db::{Db, sql};
use jiff::Timestamp;

use crate::auth::audit::AuditLog;

/// What is kept of people, in a database.
#[derive(Debug, Clone)]
pub(super) struct SqlPeople(Db, Option<AuditLog>);

/// The columns of a user but for the roles.
type UserRow = (String, String, Option<String>, Option<String>, Option<String>, Option<i64>);

fn failed(error: covet_db::Error) -> Error {
    Error::caused(ErrorKind::Storage, "the database did not do what was asked about people", error)
}

fn instant(millis: i64) -> Result<Timestamp> {
    let wrong = |fault| Error::caused(ErrorKind::Storage, "a stored instant is none", fault);
    Timestamp::from_millisecond(millis).map_err(wrong)
}

impl SqlPeople {
    pub(super) fn new(db: Db, audit: Option<AuditLog>) -> Self {
        SqlPeople(db, audit)
    }

    async fn with_roles(&self, row: Option<UserRow>) -> Result<Option<User>> {
        let Some((id, login, password_hash, name, email, disabled_at)) = row else { return Ok(None) };
        let roles = sql!("SELECT role_id FROM covet_user_roles WHERE user_id = {id} ORDER BY role_id");
        let roles: Vec<(i64,)> = self.0.fetch_all(roles).await.map_err(failed)?;
        let mut user = User::new(id, login);
        (user.password_hash, user.name, user.email) = (password_hash, name, email);
        user.disabled_at = disabled_at.map(instant).transpose()?;
        user.roles = roles.into_iter().map(|(role,)| role).collect();
        Ok(Some(user))
    }

    /// One more failure where there have been some; whether there were any.
    async fn add_failure(&self, key: &str, now: i64, since: i64) -> covet_db::Result<bool> {
        let sql = sql!(
            "UPDATE covet_login_failures
             SET failures = CASE WHEN last_at < {since} THEN 1 ELSE failures + 1 END, last_at = {now}
             WHERE name = {key}"
        );
        Ok(self.0.execute(sql).await?.rows_affected > 0)
    }
}

impl PeopleStore for SqlPeople {
    fn record(&self, event: AuditEvent) {
        if let Some(audit) = &self.1 {
            audit.record(event);
        }
    }

    async fn user_by_login(&self, login: &str) -> Result<Option<User>> {
        let sql =
            sql!("SELECT id, login, password_hash, name, email, disabled_at FROM covet_users WHERE login = {login}");
        self.with_roles(self.0.fetch_optional(sql).await.map_err(failed)?).await
    }

    async fn user(&self, id: &str) -> Result<Option<User>> {
        let sql = sql!("SELECT id, login, password_hash, name, email, disabled_at FROM covet_users WHERE id = {id}");
        self.with_roles(self.0.fetch_optional(sql).await.map_err(failed)?).await
    }

    async fn insert_user(&self, user: &User) -> Result<bool> {
        let User { id, login, password_hash, name, email, roles, .. } = user;
        let disabled_at = user.disabled_at.map(Timestamp::as_millisecond);
        let tx = self.0.begin().await.map_err(failed)?;
        let insert = sql!(
            "INSERT INTO covet_users (id, login, password_hash, name, email, disabled_at)
             VALUES ({id}, {login}, {password_hash}, {name}, {email}, {disabled_at})"
        );
        match tx.execute(insert).await {
            Ok(_) => {}
            Err(error) if error.is_unique_violation() => {
                tx.rollback().await.map_err(failed)?;
                return Ok(false);
            }
            Err(error) => return Err(failed(error)),
        }
        for role in roles {
            let sql = sql!("INSERT INTO covet_user_roles (user_id, role_id) VALUES ({id}, {role})");
            tx.execute(sql).await.map_err(failed)?;
        }
        tx.commit().await.map_err(failed)?;
        Ok(true)
    }

    async fn set_password_hash(&self, user: &str, hash: &str) -> Result<()> {
        let sql = sql!("UPDATE covet_users SET password_hash = {hash} WHERE id = {user}");
        self.0.execute(sql).await.map(drop).map_err(failed)
    }

    async fn failures(&self, key: &str) -> Result<Option<Failures>> {
        let sql = sql!("SELECT failures, last_at FROM covet_login_failures WHERE name = {key}");
        let row: Option<(i64, i64)> = self.0.fetch_optional(sql).await.map_err(failed)?;
        row.map(|(count, last_at)| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Ok(Failures { count, last_at: instant(last_at)? })
        })
        .transpose()
    }

    async fn count_failure(&self, key: &str, now: Timestamp, since: Timestamp) -> Result<()> {
        let (now, since) = (now.as_millisecond(), since.as_millisecond());
        if self.add_failure(key, now, since).await.map_err(failed)? {
            return Ok(());
        }
        let insert = sql!("INSERT INTO covet_login_failures (name, failures, last_at) VALUES ({key}, 1, {now})");
        match self.0.execute(insert).await {
            Err(error) if error.is_unique_violation() => {
                self.add_failure(key, now, since).await.map(drop).map_err(failed)
            }
            done => done.map(drop).map_err(failed),
        }
    }

    async fn forgive(&self, key: &str, all: bool) -> Result<()> {
        let sql = if all {
            sql!("DELETE FROM covet_login_failures WHERE name = {key}")
        } else {
            sql!("UPDATE covet_login_failures SET failures = failures - 1 WHERE name = {key} AND failures > 0")
        };
        self.0.execute(sql).await.map(drop).map_err(failed)
    }

    async fn insert_device(&self, hash: &str, user: &str, until: Timestamp) -> Result<()> {
        let until = until.as_millisecond();
        let sql = sql!("INSERT INTO covet_devices (hash, user_id, expires_at) VALUES ({hash}, {user}, {until})");
        self.0.execute(sql).await.map(drop).map_err(failed)
    }

    async fn is_device_of(&self, hash: &str, user: &str, now: Timestamp) -> Result<bool> {
        let now = now.as_millisecond();
        let sql = sql!("SELECT 1 FROM covet_devices WHERE hash = {hash} AND user_id = {user} AND expires_at > {now}");
        let found: Option<(i64,)> = self.0.fetch_optional(sql).await.map_err(failed)?;
        Ok(found.is_some())
    }

    async fn insert_session(&self, session: &SessionRecord) -> Result<()> {
        let SessionRecord { id, user, .. } = session;
        let [auth_time, seen_at, expires_at] =
            [session.auth_time, session.seen_at, session.expires_at].map(Timestamp::as_millisecond);
        let sql = sql!(
            "INSERT INTO covet_sessions (id, user_id, auth_time, seen_at, expires_at)
             VALUES ({id}, {user}, {auth_time}, {seen_at}, {expires_at})"
        );
        self.0.execute(sql).await.map(drop).map_err(failed)
    }

    async fn session(&self, id: &str) -> Result<Option<SessionRecord>> {
        let sql = sql!("SELECT user_id, auth_time, seen_at, expires_at FROM covet_sessions WHERE id = {id}");
        let row: Option<(String, i64, i64, i64)> = self.0.fetch_optional(sql).await.map_err(failed)?;
        row.map(|(user, auth_time, seen_at, expires_at)| {
            Ok(SessionRecord {
                id: id.to_owned(),
                user,
                auth_time: instant(auth_time)?,
                seen_at: instant(seen_at)?,
                expires_at: instant(expires_at)?,
            })
        })
        .transpose()
    }

    async fn touch_session(&self, id: &str, now: Timestamp) -> Result<()> {
        let now = now.as_millisecond();
        let sql = sql!("UPDATE covet_sessions SET seen_at = {now} WHERE id = {id}");
        self.0.execute(sql).await.map(drop).map_err(failed)
    }

    async fn delete_session(&self, id: &str) -> Result<()> {
        self.0.execute(sql!("DELETE FROM covet_sessions WHERE id = {id}")).await.map(drop).map_err(failed)
    }

    async fn delete_sessions_of(&self, user: &str) -> Result<()> {
        self.0.execute(sql!("DELETE FROM covet_sessions WHERE user_id = {user}")).await.map(drop).map_err(failed)
    }

    async fn sweep_people(&self, before: Timestamp) -> Result<()> {
        let before = before.as_millisecond();
        for sql in [
            sql!("DELETE FROM covet_login_failures WHERE last_at < {before}"),
            sql!("DELETE FROM covet_devices WHERE expires_at < {before}"),
            sql!("DELETE FROM covet_sessions WHERE expires_at < {before}"),
        ] {
            self.0.execute(sql).await.map_err(failed)?;
        }
        Ok(())
    }
}
