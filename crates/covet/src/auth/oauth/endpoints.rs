//! The routes of the authorization server.

use covet_auth::oauth2::{Authorization, Decision, Revoke, Session, path};
use covet_auth::oidc::{AccessRequest, Logout};
use covet_auth::{AuditEvent, Error};
use covet_db::Db;
use http::{StatusCode, header};

use super::answer::{Answer, Page};
use super::call::{Call, Visit};
use super::pages;
use crate::auth::audit::within;
use crate::routing::Routes;
use crate::{get, post, routes};

/// All of them; none is in the document, since they have a document of their own.
pub(super) fn routes() -> Routes {
    routes![
        metadata,
        openid_configuration,
        jwks,
        authorize,
        authorize_form,
        token,
        revoke,
        introspect,
        pushed_authorization_request,
        device_authorization,
        device,
        device_form,
        userinfo,
        userinfo_form,
        logout,
        logout_form
    ]
    .hidden()
}

/// The server's metadata (RFC 8414).
#[get("/.well-known/oauth-authorization-server", crate = "crate")]
async fn metadata(visit: Visit) -> Answer {
    Answer::document(&visit.core.metadata())
}

/// The same, where OpenID Connect has it.
#[get("/.well-known/openid-configuration", crate = "crate")]
async fn openid_configuration(visit: Visit) -> Answer {
    Answer::document(&visit.core.metadata())
}

/// The public keys.
#[get("/.well-known/jwks.json", crate = "crate")]
async fn jwks(visit: Visit) -> Answer {
    Answer::document(&visit.core.keys().to_json())
}

/// The authorization endpoint.
#[get("/oauth/authorize", crate = "crate")]
async fn authorize(visit: Visit, db: Db) -> Answer {
    authorized(visit, &db).await
}

/// The authorization endpoint, and the form of the consent page.
#[post("/oauth/authorize", crate = "crate")]
async fn authorize_form(visit: Visit, db: Db) -> Answer {
    authorized(visit, &db).await
}

async fn authorized(visit: Visit, db: &Db) -> Answer {
    let session = match visit.session(db).await {
        Ok(session) => session,
        Err(error) => return Answer::internal(&error),
    };
    let decision = match visit.decision(session.as_ref()) {
        Ok(decision) => decision,
        Err(refusal) => return *refusal,
    };
    let parameters = visit.parameters.clone().without(&["csrf", "decision"]);
    let answer = within(visit.origin, visit.core.authorize(&parameters, session.as_ref(), decision, visit.now)).await;
    match answer {
        Ok(Authorization::Redirect(location)) => Answer::see_other(&location),
        Ok(Authorization::Login { return_to, .. }) => visit.to_login(&return_to),
        Ok(Authorization::Consent(page)) => match &session {
            Some(session) => Answer::page(StatusCode::OK, pages::consent(&page, &visit.core.csrf_token(session))),
            None => visit.to_login(path::AUTHORIZE),
        },
        Ok(Authorization::Refused(error)) => Answer::page(StatusCode::BAD_REQUEST, pages::error(&error)),
        Ok(_) => {
            Answer::page(StatusCode::BAD_REQUEST, pages::message("This cannot go on", "The request is not known."))
        }
        Err(failure) => Answer::failure(failure),
    }
}

/// The token endpoint.
#[post("/oauth/token", crate = "crate")]
async fn token(call: Call) -> Answer {
    call.answer(async { call.core.token(&call.request()?).await }, |tokens| Answer::json(StatusCode::OK, &tokens)).await
}

/// The revocation endpoint.
#[post("/oauth/revoke", crate = "crate")]
async fn revoke(call: Call) -> Answer {
    call.answer(async { call.core.revocation(&call.request()?).await }, |()| Answer::empty()).await
}

/// The introspection endpoint.
#[post("/oauth/introspect", crate = "crate")]
async fn introspect(call: Call) -> Answer {
    call.answer(async { call.core.introspection(&call.request()?).await }, |claims| {
        Answer::json(StatusCode::OK, &claims)
    })
    .await
}

/// The endpoint for pushed requests.
#[post("/oauth/par", crate = "crate")]
async fn pushed_authorization_request(call: Call) -> Answer {
    call.answer(async { call.core.pushed_authorization_request(&call.request()?).await }, |pushed| {
        Answer::json(StatusCode::CREATED, &pushed)
    })
    .await
}

/// The endpoint that devices call.
#[post("/oauth/device_authorization", crate = "crate")]
async fn device_authorization(call: Call) -> Answer {
    call.answer(async { call.core.device_authorization(&call.request()?).await }, |device| {
        Answer::json(StatusCode::OK, &device)
    })
    .await
}

/// The page on which a user types a device's code.
#[get("/oauth/device", crate = "crate")]
async fn device(visit: Visit, db: Db) -> Answer {
    let shown = async {
        let typed = visit.parameters.value("user_code");
        let Some(session) = visit.session(&db).await? else {
            let query = visit.parameters.encode_without(&[]);
            return Ok(visit.to_login(&format!("{}?{query}", path::DEVICE)));
        };
        let Some(code) = typed else { return Ok(Answer::page(StatusCode::OK, pages::device_code("", false))) };
        Ok::<Answer, Error>(match visit.device_consent(&session, code).await? {
            Some(page) => Answer::page(StatusCode::OK, page),
            None => Answer::page(StatusCode::BAD_REQUEST, pages::device_code(code, true)),
        })
    };
    shown.await.unwrap_or_else(|error| Answer::internal(&error))
}

/// The decision about a device.
#[post("/oauth/device", crate = "crate")]
async fn device_form(visit: Visit, db: Db) -> Answer {
    let decided = async {
        let session = visit.session(&db).await?;
        let decision = match visit.decision(session.as_ref()) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(*refusal),
        };
        let (Some(session), Some(decision), Some(code)) = (session, decision, visit.parameters.value("user_code"))
        else {
            return Ok(Answer::see_other(path::DEVICE));
        };
        let counted = within(visit.origin, visit.core.decide_device(code, &session, decision, visit.now)).await?;
        let (title, text) = match (counted, decision) {
            (true, Decision::Approved) => ("Connected", "Your device goes on by itself. You can close this page."),
            (true, _) => ("Denied", "Your device gets nothing. You can close this page."),
            (false, _) => ("This cannot go on", "The code is wrong, or it has ended."),
        };
        let status = if counted { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        Ok::<Answer, Error>(Answer::page(status, pages::message(title, text)))
    };
    decided.await.unwrap_or_else(|error| Answer::internal(&error))
}

/// Who the user is.
#[get("/oauth/userinfo", crate = "crate")]
async fn userinfo(visit: Visit) -> Answer {
    user(visit).await
}

/// Who the user is.
#[post("/oauth/userinfo", crate = "crate")]
async fn userinfo_form(visit: Visit) -> Answer {
    user(visit).await
}

async fn user(visit: Visit) -> Answer {
    let text = |name: &str| visit.headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text(header::AUTHORIZATION.as_str());
    let mut request = AccessRequest::new(visit.method.as_str(), authorization, visit.now);
    request.dpop = text("dpop");
    match visit.core.userinfo(&request).await {
        Ok(claims) => Answer::json(StatusCode::OK, &claims),
        Err(failure) => Answer::challenge(failure, authorization.is_some()),
    }
}

/// Logout by a client.
#[get("/oauth/logout", crate = "crate")]
async fn logout(visit: Visit, db: Db) -> Answer {
    logged_out(visit, &db).await.unwrap_or_else(|error| Answer::internal(&error))
}

/// Logout by a client, and the form of its question.
#[post("/oauth/logout", crate = "crate")]
async fn logout_form(visit: Visit, db: Db) -> Answer {
    logged_out(visit, &db).await.unwrap_or_else(|error| Answer::internal(&error))
}

async fn logged_out(visit: Visit, db: &Db) -> Result<Answer, Error> {
    let session = visit.session(db).await?;
    let decision = match visit.decision(session.as_ref()) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(*refusal),
    };
    let parameters = visit.parameters.clone().without(&["csrf", "decision"]);
    let redirect = match (visit.core.logout(&parameters, session.as_ref()).await?, &session) {
        (Logout::Ask { redirect: _ }, Some(session)) if decision.is_none() => {
            let kept: Vec<_> = parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            return Ok(Answer::page(StatusCode::OK, pages::logout(&kept, &visit.core.csrf_token(session))));
        }
        (Logout::Now { redirect } | Logout::Ask { redirect }, _) => redirect,
        _ => None,
    };
    let mut cookie = None;
    if let Some(session) = &session {
        visit.provider.audit.record_of(AuditEvent::new("logout").subject(&session.subject), Some(visit.origin));
        visit.core.revoke_grants(Revoke::Session(&session.id), visit.now).await?;
        cookie = visit.provider.people.end_session(db, session).await?;
    }
    let answer = match redirect {
        Some(location) => Answer::see_other(&location),
        None => Answer::page(StatusCode::OK, pages::message("Logged out", "You are logged out.")),
    };
    Ok(answer.with_cookie(cookie))
}

impl Visit {
    async fn session(&self, db: &Db) -> Result<Option<Session>, Error> {
        self.provider.people.session(db, &self.headers).await
    }

    /// What the form of a page says, which must have been made for this session.
    fn decision(&self, session: Option<&Session>) -> Result<Option<Decision>, Box<Answer>> {
        let decision = match self.parameters.value("decision") {
            Some("approve") if self.method == http::Method::POST => Decision::Approved,
            Some("deny") if self.method == http::Method::POST => Decision::Denied,
            _ => return Ok(None),
        };
        let csrf = self.parameters.value("csrf").unwrap_or_default();
        if session.is_some_and(|session| self.core.is_csrf_token(session, csrf)) {
            return Ok(Some(decision));
        }
        let text = "The form was made for another session. Go back and try again.";
        Err(Box::new(Answer::page(StatusCode::FORBIDDEN, pages::message("This cannot go on", text))))
    }

    fn to_login(&self, return_to: &str) -> Answer {
        let return_to = covet_auth::oauth2::Parameters::default().with("return_to", return_to).encode_without(&[]);
        Answer::see_other(&format!("{}?{return_to}", self.provider.people.login_path()))
    }

    /// The page that asks for a device. Wrong codes are counted for each session, since a code is short.
    async fn device_consent(&self, session: &Session, code: &str) -> Result<Option<Page>, Error> {
        if !self.core.may_try_device_code(session, self.now).await? {
            return Ok(None);
        }
        let asked = self.core.device_consent(code, self.now).await?;
        if asked.is_none() {
            self.core.count_wrong_device_code(session, self.now).await?;
        }
        Ok(asked.map(|asked| pages::device_consent(&asked, &self.core.csrf_token(session))))
    }
}
