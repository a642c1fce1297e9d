//! What an app says of its accounts.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use covet_auth::oauth2::{Session, Subject};
use covet_auth::password::{Password, PasswordOptions, PasswordOptionsError, Passwords};
use covet_auth::people::{self, NewSession, PeopleSettings, PeopleStore as _, User};
use covet_auth::rbac::RoleId;
use covet_db::Db;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::routes;
use super::store::SqlPeople;
use crate::auth::audit::AuditLog;
use crate::auth::oauth::Provider;
use crate::auth::roles::SqlRoles;
use crate::auth::{People, PeopleFuture};
use crate::extract::cookie;
use crate::{App, SetCookie};

/// How often what has ended is forgotten.
const SWEEP: Duration = Duration::from_secs(3600);

/// Users with passwords in the app's database, with `/login`, `/logout` and, where it is wanted, `/register`.
///
/// ```
/// use covet::App;
/// use covet::auth::{Account, Accounts, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let accounts = Accounts::new()?
///     .with_registration()
///     .account(Account::new("clerk@shop.example").hash("$argon2id$v=19$m=19456,t=2,p=1$…$…").roles(["clerk"]));
/// let app = App::new("Shop", "1.0.0").auth(Server::new("https://shop.example")?.people(accounts));
/// # drop(app);
/// # Ok(())
/// # }
/// ```
///
/// Passwords are hashed with argon2id on threads of their own. Failed logins are slowed down per account and per address.
/// A session is a cookie: `__Host-session`, over TLS alone; where the issuer is plain http, which only this machine may be,
/// `session`.
#[derive(Debug)]
pub struct Accounts {
    passwords: Passwords,
    settings: PeopleSettings,
    pub(super) takes_registrations: bool,
    new_users_have: Vec<String>,
    initial: Vec<Account>,
    is_secure: OnceLock<bool>,
    audit: OnceLock<AuditLog>,
}

/// A user that is there from the start. One who is there already stays as they are.
#[derive(Clone)]
pub struct Account {
    login: String,
    secret: Secret,
    name: Option<String>,
    email: Option<String>,
    roles: Vec<String>,
}

#[derive(Clone)]
enum Secret {
    None,
    Password(Password),
    Hash(String),
}

impl Account {
    /// A user with this login, and no password.
    pub fn new(login: impl Into<String>) -> Self {
        Account { login: login.into(), secret: Secret::None, name: None, email: None, roles: Vec::new() }
    }

    /// With a password, which is hashed when the app starts.
    pub fn password(mut self, password: Password) -> Self {
        self.secret = Secret::Password(password);
        self
    }

    /// With a password that is hashed already, as a PHC string of argon2.
    pub fn hash(mut self, hash: impl Into<String>) -> Self {
        self.secret = Secret::Hash(hash.into());
        self
    }

    /// With a name to show.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With an address to write to.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// With the roles of these names.
    pub fn roles<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.roles.extend(names.into_iter().map(Into::into));
        self
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("login", &self.login).field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Accounts whose passwords are hashed as OWASP asks.
    ///
    /// # Errors
    /// That the machine cannot start the threads that hash.
    pub fn new() -> std::result::Result<Self, PasswordOptionsError> {
        Accounts::with_passwords(PasswordOptions::default())
    }

    /// Accounts whose passwords are hashed in another way.
    ///
    /// # Errors
    /// As [`Passwords::new`].
    pub fn with_passwords(options: PasswordOptions) -> std::result::Result<Self, PasswordOptionsError> {
        Ok(Accounts {
            passwords: Passwords::new(options)?,
            settings: PeopleSettings::default(),
            takes_registrations: false,
            new_users_have: Vec::new(),
            initial: Vec::new(),
            is_secure: OnceLock::new(),
            audit: OnceLock::new(),
        })
    }

    /// With other lives of sessions.
    pub fn settings(mut self, settings: PeopleSettings) -> Self {
        self.settings = settings;
        self
    }

    /// With a page on which anybody can make an account. It has no roles but those of [`new_users_have`](Self::new_users_have).
    pub fn with_registration(mut self) -> Self {
        self.takes_registrations = true;
        self
    }

    /// With the roles of these names for everybody who registers.
    pub fn new_users_have<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.new_users_have.extend(names.into_iter().map(Into::into));
        self
    }

    /// The numbers of the roles that who registers gets.
    pub(super) async fn roles_of_new_users(&self, db: &Db) -> crate::Result<Vec<RoleId>> {
        numbers(db, &self.new_users_have).await
    }

    /// With a user that is there from the start.
    pub fn account(mut self, account: Account) -> Self {
        self.initial.push(account);
        self
    }

    /// The people of the app's database.
    pub(super) fn people(&self, db: &Db) -> people::People<SqlPeople> {
        people::People::new(
            SqlPeople::new(db.clone(), self.audit.get().cloned()),
            self.passwords.clone(),
            self.settings.clone(),
        )
    }

    fn is_secure(&self) -> bool {
        *self.is_secure.get_or_init(|| true)
    }

    fn cookie_of_session(&self) -> &'static str {
        if self.is_secure() { "__Host-session" } else { "session" }
    }

    fn device_cookie(&self) -> &'static str {
        if self.is_secure() { "__Host-device" } else { "device" }
    }

    /// The value of the session's cookie in a request.
    pub(super) fn session_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie::value(headers, self.cookie_of_session())
    }

    pub(super) fn device_of<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie::value(headers, self.device_cookie())
    }

    /// The cookies of a session that begins. That of the session ends with the browser, or when the server says so.
    pub(super) fn cookies(&self, session: &NewSession) -> [SetCookie; 2] {
        let device = SetCookie::new(self.device_cookie(), session.device()).max_age(self.settings.device_life);
        [SetCookie::new(self.cookie_of_session(), session.token()), device].map(|cookie| self.over_tls(cookie))
    }

    pub(super) fn forgotten(&self) -> SetCookie {
        self.over_tls(SetCookie::removed(self.cookie_of_session()))
    }

    fn over_tls(&self, cookie: SetCookie) -> SetCookie {
        if self.is_secure() { cookie.secure() } else { cookie }
    }

    /// Adds the users that are there from the start.
    async fn begin(&self, db: &Db) -> crate::Result<()> {
        self.roles_of_new_users(db).await?;
        let people = self.people(db);
        for account in &self.initial {
            let mut user = User::with_new_id(&account.login)?;
            if people.store().user_by_login(&user.login).await?.is_some() {
                continue;
            }
            user.password_hash = match &account.secret {
                Secret::None => None,
                Secret::Hash(hash) => Some(hash.clone()),
                Secret::Password(password) => Some(self.passwords.hash(password.clone()).await?),
            };
            user.name.clone_from(&account.name);
            user.email.clone_from(&account.email);
            user.roles = numbers(db, &account.roles).await?;
            // Another process may have added it meanwhile.
            people.store().insert_user(&user).await?;
        }
        Ok(())
    }
}

/// The numbers of roles.
async fn numbers(db: &Db, names: &[String]) -> crate::Result<Vec<RoleId>> {
    let roles = SqlRoles::new(db.clone());
    let mut numbers = Vec::with_capacity(names.len());
    for name in names {
        let number = roles.id(name).await?;
        let missing = || crate::Error::new(format!("accounts: there is no role {name:?}; add it by Server::roles"));
        numbers.push(number.ok_or_else(missing)?);
    }
    Ok(numbers)
}

/// The user as tokens and handlers know them; none who may not log in.
fn subject(user: User) -> Option<Subject> {
    if user.disabled_at.is_some() {
        return None;
    }
    let mut subject = Subject::default();
    let claims = [("preferred_username", Some(user.login)), ("name", user.name), ("email", user.email)];
    let claims = claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    (subject.id, subject.claims, subject.roles) = (user.id, claims.collect(), user.roles);
    Some(subject)
}

impl People for Accounts {
    fn subject<'a>(&'a self, db: &'a Db, id: &'a str) -> PeopleFuture<'a, Option<Subject>> {
        Box::pin(async move {
            let user = self.people(db).store().user(id).await?;
            Ok(user.and_then(subject))
        })
    }

    fn session<'a>(&'a self, db: &'a Db, headers: &'a HeaderMap) -> PeopleFuture<'a, Option<Session>> {
        Box::pin(async move {
            let Some(token) = self.session_of(headers) else { return Ok(None) };
            let found = self.people(db).session(token, Timestamp::now()).await?;
            Ok(found.map(|(session, _)| session))
        })
    }

    fn session_cookie(&self) -> Option<&str> {
        Some(self.cookie_of_session())
    }

    fn caller<'a>(&'a self, db: &'a Db, headers: &'a HeaderMap) -> PeopleFuture<'a, Option<(Session, Subject)>> {
        Box::pin(async move {
            let Some(token) = self.session_of(headers) else { return Ok(None) };
            let found = self.people(db).session(token, Timestamp::now()).await?;
            Ok(found.and_then(|(session, user)| Some((session, subject(user)?))))
        })
    }

    fn end_session<'a>(&'a self, db: &'a Db, session: &'a Session) -> PeopleFuture<'a, Option<SetCookie>> {
        Box::pin(async move {
            self.people(db).store().delete_session(&session.id).await?;
            Ok(Some(self.forgotten()))
        })
    }

    fn install(self: Arc<Self>, app: App, issuer: &str) -> App {
        // The first app decides; accounts belong to one.
        self.is_secure.get_or_init(|| issuer.starts_with("https://"));
        if let Some(provider) = app.shared.get::<Provider>() {
            self.audit.get_or_init(|| provider.audit.clone());
        }
        let app = app.state(self.clone()).routes(routes::routes(self.takes_registrations));
        app.on_start(move |db| async move {
            self.begin(&db).await?;
            tokio::spawn(sweep(Arc::downgrade(&self), db));
            Ok(())
        })
    }
}

/// Forgets what has ended, until the app is gone.
async fn sweep(accounts: std::sync::Weak<Accounts>, db: Db) {
    loop {
        let Some(accounts) = accounts.upgrade() else { return };
        // Failures count for a day.
        let before = Timestamp::now() - SignedDuration::from_hours(24);
        if let Err(error) = accounts.people(&db).store().sweep_people(before).await {
            tracing::warn!(%error, "ended sessions could not be forgotten");
        }
        drop(accounts);
        tokio::time::sleep(SWEEP).await;
    }
}
