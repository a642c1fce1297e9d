//! What the authorization server asks of the part that knows users and their sessions.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use covet_auth::Result;
use covet_auth::oauth2::{Session, Subject};
use covet_db::Db;
use http::HeaderMap;

use crate::{App, SetCookie};

/// A future that a [`People`] answers.
pub type PeopleFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Who the users are, and who of them is logged in in a browser.
pub trait People: fmt::Debug + Send + Sync + 'static {
    /// A user who may log in; none where there is none, or they are disabled.
    fn subject<'a>(&'a self, db: &'a Db, id: &'a str) -> PeopleFuture<'a, Option<Subject>>;

    /// Whose session the request's cookies are.
    fn session<'a>(&'a self, db: &'a Db, headers: &'a HeaderMap) -> PeopleFuture<'a, Option<Session>>;

    /// The name of the cookie that a session has, where sessions are to be believed by the app's own routes as tokens are; by
    /// default they are for logging in to clients alone.
    fn session_cookie(&self) -> Option<&str> {
        None
    }

    /// The live session of the request's cookies, with its user.
    fn caller<'a>(&'a self, db: &'a Db, headers: &'a HeaderMap) -> PeopleFuture<'a, Option<(Session, Subject)>> {
        Box::pin(async move {
            let Some(session) = self.session(db, headers).await? else { return Ok(None) };
            Ok(self.subject(db, &session.subject).await?.map(|user| (session, user)))
        })
    }

    /// Ends a session, and gives the cookie that makes the browser forget it.
    fn end_session<'a>(&'a self, db: &'a Db, session: &'a Session) -> PeopleFuture<'a, Option<SetCookie>>;

    /// The path of the login page, which leads to the path that its parameter `return_to` has.
    fn login_path(&self) -> &str {
        "/login"
    }

    /// The app with the routes and steps that they need, as the part of an authorization server of this issuer.
    fn install(self: Arc<Self>, app: App, issuer: &str) -> App {
        let _ = issuer;
        app
    }
}

/// Nobody: an authorization server for clients that act for themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPeople;

impl People for NoPeople {
    fn subject<'a>(&'a self, _: &'a Db, _: &'a str) -> PeopleFuture<'a, Option<Subject>> {
        Box::pin(async { Ok(None) })
    }

    fn session<'a>(&'a self, _: &'a Db, _: &'a HeaderMap) -> PeopleFuture<'a, Option<Session>> {
        Box::pin(async { Ok(None) })
    }

    fn end_session<'a>(&'a self, _: &'a Db, _: &'a Session) -> PeopleFuture<'a, Option<SetCookie>> {
        Box::pin(async { Ok(None) })
    }
}
