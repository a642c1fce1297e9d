//! Logging in and out.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::session::NewSession;
use super::store::{PeopleStore, SessionRecord, User};
use super::throttle::{self, Count};
use crate::AuditEvent;
use crate::error::{Error, Result};
use crate::oauth2::{Session, secret};
use crate::password::{Password, PasswordError, Passwords, Verdict};
use crate::rbac::RoleId;

/// How long sessions live.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeopleSettings {
    /// A session that was not used for so long ends; 12 hours.
    pub session_idle: Duration,
    /// A session ends after so long whatever happens; 30 days.
    pub session_life: Duration,
    /// A browser is known for so long after a login; 180 days.
    pub device_life: Duration,
}

/// The users of a store: logs them in, and knows their sessions. Cheap to clone where the store is.
#[derive(Debug, Clone)]
pub struct People<S> {
    store: S,
    passwords: Passwords,
    settings: PeopleSettings,
}

/// What somebody sends who wants to log in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoginAttempt<'a> {
    /// The login as it was typed.
    pub login: &'a str,
    /// The password as it was typed.
    pub password: &'a str,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    /// The device cookie.
    pub device: Option<&'a str>,
}

/// What became of a login.
#[derive(Debug)]
pub enum Login {
    /// It was right.
    In(Box<LoggedIn>),
    /// There is no such user, or the password is wrong, or the user may not log in: nothing tells which.
    Refused,
    /// There were too many failures; the password was not looked at (429).
    Later(Duration),
}

/// A user who has logged in.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoggedIn {
    /// The user.
    pub user: User,
    /// The session, which is new with every login.
    pub session: NewSession,
}

/// Why it is not known whether a login was right.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoginError {
    /// The passwords cannot be compared now; [`PasswordError::Busy`] is a 503.
    Password(PasswordError),
    /// The store failed.
    Store(Error),
}

/// A user who registers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewUser<'a> {
    /// The login as it was typed.
    pub login: &'a str,
    /// The password.
    pub password: Password,
    /// The name to show.
    pub name: Option<String>,
    /// The address to write to.
    pub email: Option<String>,
    /// The roles.
    pub roles: Vec<RoleId>,
}

/// What became of a registration. The answer to the browser must be the same for both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// The user is new; this is the id.
    Created(String),
    /// The login is somebody's.
    Taken,
}

impl Default for PeopleSettings {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        PeopleSettings { session_idle: hours(12), session_life: hours(30 * 24), device_life: hours(180 * 24) }
    }
}

impl<'a> LoginAttempt<'a> {
    /// An attempt from nowhere in particular.
    pub fn new(login: &'a str, password: &'a str) -> Self {
        LoginAttempt { login, password, address: None, device: None }
    }
}

impl<'a> NewUser<'a> {
    /// A user with this login and password.
    pub fn new(login: &'a str, password: Password) -> Self {
        NewUser { login, password, name: None, email: None, roles: Vec::new() }
    }
}

impl<S: PeopleStore> People<S> {
    /// The people of this store.
    pub fn new(store: S, passwords: Passwords, settings: PeopleSettings) -> People<S> {
        People { store, passwords, settings }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// A login in its normal form: composed, in lower case, without space around it. Two that have the same are one.
    pub fn normalize(login: &str) -> String {
        normalize(login)
    }

    /// Logs a user in.
    ///
    /// Every attempt that is looked at costs one hash, whether there is such a user or not.
    ///
    /// # Errors
    /// A [`LoginError`] where it cannot be said whether the password is right; the attempt is not counted then.
    pub async fn login(&self, attempt: LoginAttempt<'_>, now: Timestamp) -> Result<Login, LoginError> {
        let login = Self::normalize(attempt.login);
        let user = self.store.user_by_login(&login).await?;
        let device = self.known_device(attempt.device, user.as_ref(), now).await?;
        let counts = throttle::counts(&login, attempt.address, device.as_deref());
        let record = |event: AuditEvent| {
            // Who types a password into the wrong field has it in no log: only users that there are have a name here.
            self.store.record(AuditEvent { subject: user.as_ref().map(|user| user.id.clone()), ..event });
        };
        if let Some(wait) = self.wait(&counts, now).await? {
            record(AuditEvent::denied("login", "there were too many failures"));
            return Ok(Login::Later(wait));
        }
        // Counted before it is known to fail, so that many at once are not all looked at.
        for count in &counts {
            self.store.count_failure(&count.key, now, now - throttle::MEMORY).await?;
        }
        let verdict = self.compare(attempt.password, user.as_ref()).await;
        match (verdict, &user) {
            (Ok(Verdict::Right { rehash }), Some(known)) if known.disabled_at.is_none() => {
                self.forgive(&counts, true).await?;
                if rehash {
                    self.rehash(known, attempt.password).await;
                }
                let (user, session) = (known.clone(), self.begin(&known.id, now).await?);
                record(AuditEvent::new("login"));
                Ok(Login::In(Box::new(LoggedIn { user, session })))
            }
            (Ok(verdict), _) => {
                record(AuditEvent::denied("login", refusal(&verdict, user.as_ref())));
                Ok(Login::Refused)
            }
            (Err(error), _) => {
                self.forgive(&counts, false).await?;
                Err(LoginError::Password(error))
            }
        }
    }

    /// The hash of the device cookie, where the browser has logged this user in before.
    async fn known_device(&self, device: Option<&str>, user: Option<&User>, now: Timestamp) -> Result<Option<String>> {
        let (Some(device), Some(user)) = (device, user) else { return Ok(None) };
        let hash = secret::hash(device);
        Ok(self.store.is_device_of(&hash, &user.id, now).await?.then_some(hash))
    }

    async fn wait(&self, counts: &[Count], now: Timestamp) -> Result<Option<Duration>> {
        let mut longest = None;
        for count in counts {
            longest = longest.max(count.wait(self.store.failures(&count.key).await?, now));
        }
        Ok(longest)
    }

    async fn forgive(&self, counts: &[Count], succeeded: bool) -> Result<()> {
        for count in counts {
            self.store.forgive(&count.key, succeeded && count.is_cleared_by_success).await?;
        }
        Ok(())
    }

    /// One hash, whatever comes in. A text that cannot be a password is nobody's, and is hashed as another one.
    async fn compare(&self, password: &str, user: Option<&User>) -> Result<Verdict, PasswordError> {
        let stored = user.and_then(|user| user.password_hash.as_deref());
        match Password::new(password) {
            Ok(password) => self.passwords.verify(password, stored).await,
            Err(_) => {
                let nobodys = Password::new("no password is this one")?;
                self.passwords.verify(nobodys, None).await.map(|_| Verdict::Wrong)
            }
        }
    }

    /// Makes a weak hash a strong one. The login does not depend on it: it comes again with the next.
    async fn rehash(&self, user: &User, password: &str) {
        let Ok(password) = Password::new(password) else { return };
        let hash = match self.passwords.hash(password).await {
            Ok(hash) => hash,
            Err(error) => return tracing::warn!(user = user.id, %error, "a password was not hashed anew"),
        };
        if let Err(error) = self.store.set_password_hash(&user.id, &hash).await {
            tracing::warn!(user = user.id, %error, "the new hash of a password was not kept");
        }
    }

    /// Begins a session of a user who has proved to be one, such as after a change of rights: the old one must be ended then.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin(&self, user: &str, now: Timestamp) -> Result<NewSession> {
        let (token, device) = (Zeroizing::new(secret::token()?), Zeroizing::new(secret::token()?));
        let id = secret::hash(&token);
        let session = SessionRecord {
            id: id.clone(),
            user: user.to_owned(),
            auth_time: now,
            seen_at: now,
            expires_at: now + signed(self.settings.session_life),
        };
        self.store.insert_session(&session).await?;
        self.store.insert_device(&secret::hash(&device), user, now + signed(self.settings.device_life)).await?;
        Ok(NewSession { id, token, device })
    }

    /// The live session of a cookie's value, and its user.
    ///
    /// # Errors
    /// The store's.
    pub async fn session(&self, token: &str, now: Timestamp) -> Result<Option<(Session, User)>> {
        let Some(session) = self.store.session(&secret::hash(token)).await? else { return Ok(None) };
        if now >= session.expires_at || now >= session.seen_at + signed(self.settings.session_idle) {
            self.store.delete_session(&session.id).await?;
            return Ok(None);
        }
        let Some(user) = self.store.user(&session.user).await?.filter(|user| user.disabled_at.is_none()) else {
            return Ok(None);
        };
        if now >= session.seen_at + SignedDuration::from_mins(1) {
            self.store.touch_session(&session.id, now).await?;
        }
        Ok(Some((Session::new(session.id, session.user, session.auth_time), user)))
    }

    /// Ends the session of a cookie's value, and says which it was.
    ///
    /// # Errors
    /// The store's.
    pub async fn logout(&self, token: &str) -> Result<String> {
        let id = secret::hash(token);
        self.store.delete_session(&id).await?;
        Ok(id)
    }

    /// Keeps a new user. The password is hashed whether the login is free or not.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub async fn register(&self, new: NewUser<'_>) -> Result<Registration, LoginError> {
        let hash = self.passwords.hash(new.password).await.map_err(LoginError::Password)?;
        let mut user = User::with_new_id(new.login)?;
        (user.password_hash, user.name, user.email) = (Some(hash), new.name, new.email);
        user.roles = new.roles;
        let is_new = self.store.insert_user(&user).await?;
        self.store.record(match is_new {
            true => AuditEvent::new("registration").subject(&user.id),
            false => AuditEvent::denied("registration", "the login is somebody's"),
        });
        Ok(if is_new { Registration::Created(user.id) } else { Registration::Taken })
    }

    /// Replaces a user's password, and ends all sessions. The grants of the user are to be revoked beside it.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub async fn set_password(&self, user: &str, password: Password) -> Result<(), LoginError> {
        let hash = self.passwords.hash(password).await.map_err(LoginError::Password)?;
        self.store.set_password_hash(user, &hash).await?;
        self.store.record(AuditEvent::new("password.changed").subject(user));
        Ok(self.store.delete_sessions_of(user).await?)
    }
}

/// Why a login was refused, for the log alone.
fn refusal(verdict: &Verdict, user: Option<&User>) -> &'static str {
    match (user, verdict) {
        (None, _) => "there is no such user",
        (Some(_), Verdict::Right { .. }) => "the user is disabled",
        (Some(_), _) => "the password is wrong",
    }
}

pub(super) fn normalize(login: &str) -> String {
    login.trim().nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// Settings of more than 292 years are as long as it goes.
fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

impl From<Error> for LoginError {
    fn from(error: Error) -> Self {
        LoginError::Store(error)
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoginError::Password(error) => error.fmt(f),
            LoginError::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoginError {}
