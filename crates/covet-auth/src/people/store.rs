//! What is kept of people.

use std::future::Future;

use jiff::Timestamp;

use super::login::normalize;
use crate::AuditEvent;
use crate::error::Result;
use crate::oauth2::secret;
use crate::rbac::RoleId;

/// A user with an account.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The id, which never changes: the `sub` of tokens.
    pub id: String,
    /// What they log in with, in its [normal form](super::People::normalize).
    pub login: String,
    /// The PHC string of the password; none where no password logs them in.
    pub password_hash: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The address to write to.
    pub email: Option<String>,
    /// The roles.
    pub roles: Vec<RoleId>,
    /// Since when they may not log in.
    pub disabled_at: Option<Timestamp>,
}

/// How often a login failed under a key, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// How often.
    pub count: u32,
    /// When last.
    pub last_at: Timestamp,
}

/// A session of a browser, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// SHA-256 of what the cookie has; the session's id.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// When the password was given.
    pub auth_time: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// Its end, whatever happens.
    pub expires_at: Timestamp,
}

/// Who keeps users, sessions and failed logins. Its errors are of kind [`ErrorKind::Storage`](crate::ErrorKind::Storage).
pub trait PeopleStore: Send + Sync + 'static {
    /// The user of a login in normal form, also one who is disabled.
    fn user_by_login(&self, login: &str) -> impl Future<Output = Result<Option<User>>> + Send;

    /// The user of an id, also one who is disabled.
    fn user(&self, id: &str) -> impl Future<Output = Result<Option<User>>> + Send;

    /// Keeps a new user, and says whether the login was free. Atomic.
    fn insert_user(&self, user: &User) -> impl Future<Output = Result<bool>> + Send;

    /// Replaces the hash of a user's password.
    fn set_password_hash(&self, user: &str, hash: &str) -> impl Future<Output = Result<()>> + Send;

    /// The failures under a key.
    fn failures(&self, key: &str) -> impl Future<Output = Result<Option<Failures>>> + Send;

    /// Counts one more failure under a key; the count begins anew where the last one was before `since`. Atomic.
    fn count_failure(&self, key: &str, now: Timestamp, since: Timestamp) -> impl Future<Output = Result<()>> + Send;

    /// Takes failures back: one of them, or all.
    fn forgive(&self, key: &str, all: bool) -> impl Future<Output = Result<()>> + Send;

    /// Keeps that a browser, by the hash of what its cookie has, has logged a user in.
    fn insert_device(&self, hash: &str, user: &str, until: Timestamp) -> impl Future<Output = Result<()>> + Send;

    /// Whether a browser has logged this user in, and not too long ago.
    fn is_device_of(&self, hash: &str, user: &str, now: Timestamp) -> impl Future<Output = Result<bool>> + Send;

    /// Keeps a session.
    fn insert_session(&self, session: &SessionRecord) -> impl Future<Output = Result<()>> + Send;

    /// A session by its id.
    fn session(&self, id: &str) -> impl Future<Output = Result<Option<SessionRecord>>> + Send;

    /// Writes when a session was used.
    fn touch_session(&self, id: &str, now: Timestamp) -> impl Future<Output = Result<()>> + Send;

    /// Forgets a session.
    fn delete_session(&self, id: &str) -> impl Future<Output = Result<()>> + Send;

    /// Forgets all sessions of a user.
    fn delete_sessions_of(&self, user: &str) -> impl Future<Output = Result<()>> + Send;

    /// Forgets sessions, devices and failures that ended before an instant.
    fn sweep_people(&self, before: Timestamp) -> impl Future<Output = Result<()>> + Send;

    /// Takes note of something that happened. It must not wait; by default it does nothing.
    fn record(&self, event: AuditEvent) {
        let _ = event;
    }
}

impl User {
    /// A user with this login, which is brought into its normal form, and an id that nobody has.
    ///
    /// # Errors
    /// That the system has no random bytes.
    pub fn with_new_id(login: &str) -> Result<User> {
        Ok(User::new(secret::id()?, normalize(login)))
    }

    /// A user with this id and login, and nothing else.
    pub fn new(id: impl Into<String>, login: impl Into<String>) -> User {
        User {
            id: id.into(),
            login: login.into(),
            password_hash: None,
            name: None,
            email: None,
            roles: Vec::new(),
            disabled_at: None,
        }
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let User { id, roles, disabled_at, .. } = self;
        f.debug_struct("User")
            .field("id", id)
            .field("roles", roles)
            .field("disabled_at", disabled_at)
            .finish_non_exhaustive()
    }
}
