//! Logging in and out, and making an account, by forms.
//!
//! They read forms, so that the framework refuses those that a page of another site posts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use covet_auth::AuditEvent;
use covet_auth::oauth2::Revoke;
use covet_auth::password::{Password, PasswordError};
use covet_auth::people::{Login, LoginAttempt, LoginError, NewUser};
use covet_db::Db;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::account::Accounts;
use super::pages;
use crate::auth::People as _;
use crate::auth::audit::{Origin, within};
use crate::auth::oauth::{Answer, Provider};
use crate::routing::Routes;
use crate::{ClientAddress, Form, Query, State, get, post, routes};

/// What a form sends, by name.
type Fields = Form<BTreeMap<String, String>>;

pub(super) fn routes(takes_registrations: bool) -> Routes {
    let routes = routes![login, login_form, logout];
    let routes = if takes_registrations { routes.and(routes![register, register_form]) } else { routes };
    routes.public().hidden()
}

fn field<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

/// A path of this app, or the start page: what a link puts here must not lead elsewhere.
fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { path } else { "/" }
}

/// The page on which users log in.
#[get("/login", crate = "crate")]
async fn login(return_to: Query<Option<String>>, accounts: State<Arc<Accounts>>) -> Answer {
    let return_to = own_path(return_to.0.as_deref().unwrap_or("/"));
    Answer::page(StatusCode::OK, pages::login("", return_to, None, accounts.takes_registrations))
}

/// Logs in.
#[post("/login", crate = "crate")]
async fn login_form(
    fields: Fields,
    headers: HeaderMap,
    address: ClientAddress,
    accounts: State<Arc<Accounts>>,
    db: Db,
    origin: Origin,
) -> Answer {
    let (typed, return_to) = (field(&fields, "login"), own_path(field(&fields, "return_to")));
    let again = |status, text: &str| {
        Answer::page(status, pages::login(typed, return_to, Some(text), accounts.takes_registrations))
    };
    let mut attempt = LoginAttempt::new(typed, field(&fields, "password"));
    (attempt.address, attempt.device) = (Some(address.ip()), accounts.device_of(&headers));
    match within(origin, accounts.people(&db).login(attempt, Timestamp::now())).await {
        Ok(Login::In(logged_in)) => {
            // A session that the browser had before is not to be met again.
            if let Some(old) = accounts.session_of(&headers)
                && let Err(error) = accounts.people(&db).logout(old).await
            {
                return Answer::internal(&error);
            }
            accounts.cookies(&logged_in.session).into_iter().fold(Answer::see_other(return_to), Answer::and_cookie)
        }
        Ok(Login::Refused) => again(StatusCode::UNPROCESSABLE_ENTITY, "Login or password is wrong."),
        Ok(Login::Later(wait)) => {
            let text = "There were too many failed logins. Wait a little, and try again.";
            again(StatusCode::TOO_MANY_REQUESTS, text).retry_after(wait)
        }
        Err(error) => failed(error, again),
    }
}

fn failed(error: LoginError, again: impl FnOnce(StatusCode, &str) -> Answer) -> Answer {
    match error {
        LoginError::Password(PasswordError::Busy { retry_after }) => {
            let text = "Too many people log in at this moment. Try again.";
            again(StatusCode::SERVICE_UNAVAILABLE, text).retry_after(retry_after.max(Duration::from_secs(1)))
        }
        other => Answer::internal(&other),
    }
}

/// Logs out, and takes back what was granted in the session.
#[post("/logout", crate = "crate")]
async fn logout(
    _fields: Fields,
    headers: HeaderMap,
    accounts: State<Arc<Accounts>>,
    provider: State<Provider>,
    db: Db,
    origin: Origin,
) -> Answer {
    let ended = async {
        if let Some(session) = accounts.session(&db, &headers).await? {
            accounts.end_session(&db, &session).await?;
            provider.audit.record_of(AuditEvent::new("logout").subject(&session.subject), Some(origin));
            if let Some(core) = provider.core() {
                core.revoke_grants(Revoke::Session(&session.id), Timestamp::now()).await?;
            }
        }
        Ok::<(), covet_auth::Error>(())
    };
    match ended.await {
        Ok(()) => Answer::see_other("/").and_cookie(accounts.forgotten()),
        Err(error) => Answer::internal(&error),
    }
}

/// The page on which an account is made.
#[get("/register", crate = "crate")]
async fn register(return_to: Query<Option<String>>) -> Answer {
    let return_to = own_path(return_to.0.as_deref().unwrap_or("/"));
    Answer::page(StatusCode::OK, pages::register("", return_to, None))
}

/// Makes an account. Whether the login was free is not told: whoever knows the password logs in on the next page.
#[post("/register", crate = "crate")]
async fn register_form(fields: Fields, accounts: State<Arc<Accounts>>, db: Db, origin: Origin) -> Answer {
    let (typed, return_to) = (field(&fields, "login"), own_path(field(&fields, "return_to")));
    let again = |status, text: &str| Answer::page(status, pages::register(typed, return_to, Some(text)));
    if typed.trim().is_empty() || typed.len() > 200 || typed.contains(char::is_control) {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "A login has up to 200 characters.");
    }
    let password = match Password::new(field(&fields, "password")) {
        Ok(password) => password,
        Err(fault) => return again(StatusCode::UNPROCESSABLE_ENTITY, &format!("{fault}.")),
    };
    let mut user = NewUser::new(typed, password);
    user.roles = match accounts.roles_of_new_users(&db).await {
        Ok(roles) => roles,
        Err(error) => {
            tracing::error!(%error, "the roles of new users are not known");
            return Answer::broken();
        }
    };
    match within(origin, accounts.people(&db).register(user)).await {
        Ok(_) => {
            let query = covet_auth::oauth2::Parameters::default().with("return_to", return_to).encode_without(&[]);
            Answer::see_other(&format!("/login?{query}"))
        }
        Err(error) => failed(error, again),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_70_only_paths_of_the_app_are_gone_back_to() {
        for good in ["/", "/oauth/authorize?a=b&c=%2F%2Fevil.example", "/a//b"] {
            assert_eq!(own_path(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil",
            "https:evil",
            "https://evil.example",
            "javascript:x",
            "/a\nb",
            "/\t/evil",
        ] {
            assert_eq!(own_path(bad), "/", "{bad:?}");
        }
    }
}
