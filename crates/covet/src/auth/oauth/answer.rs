//! What the endpoints answer: JSON of OAuth's own, redirects and small pages, none of which is a problem document.

use std::time::Duration;

use covet_auth::oauth2::{Failure, OAuthError, OAuthErrorCode};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use crate::openapi::Operation;
use crate::security_headers::CROSS_ORIGIN_OPENER_POLICY;
use crate::{Body, Responder, Responding, Response, SetCookie};

/// An answer that is ready.
pub(in crate::auth) struct Answer(Response, Vec<SetCookie>, Option<Replaceable>);

/// What an app's own template can show in place of a page.
pub(in crate::auth) struct Replaceable {
    template: &'static str,
    variables: Value,
}

/// A page of the framework's own, which a template of the app can replace.
pub(in crate::auth) struct Page {
    html: String,
    replaceable: Replaceable,
}

impl Page {
    pub(in crate::auth) fn new(template: &'static str, html: String, variables: Value) -> Self {
        Page { html, replaceable: Replaceable { template, variables } }
    }

    /// The template that can show it, and what the template is given.
    #[cfg(feature = "template")]
    pub(in crate::auth) fn into_replaceable(self) -> (&'static str, Value) {
        (self.replaceable.template, self.replaceable.variables)
    }

    #[cfg(test)]
    pub(in crate::auth) fn html(&self) -> &str {
        &self.html
    }
}

impl Responder for Answer {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_anything();
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        let Answer(response, mut cookies, page) = self;
        match cookies.pop() {
            Some(cookie) => cookie.on(Answer(response, cookies, page)).respond(to),
            None => replaced(response, page, to),
        }
    }
}

/// The page of the app's own, where it has a template for it.
#[cfg(feature = "template")]
fn replaced(response: Response, page: Option<Replaceable>, to: &Responding<'_>) -> Response {
    match (page, to.shared.get::<crate::Templates>()) {
        (Some(page), Some(templates)) => {
            crate::view::replace(&templates, page.template, &page.variables, response, to.id())
        }
        _ => response,
    }
}

#[cfg(not(feature = "template"))]
fn replaced(response: Response, page: Option<Replaceable>, _: &Responding<'_>) -> Response {
    drop(page.map(|page| (page.template, page.variables)));
    response
}

/// The policy of pages: nothing is loaded, nothing frames them, and no address of theirs is told on.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

impl Answer {
    fn new(status: StatusCode, body: Body) -> Answer {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        Answer(response, Vec::new(), None).with(header::CACHE_CONTROL, "no-store")
    }

    fn with(mut self, name: header::HeaderName, value: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().insert(name, value);
        }
        self
    }

    /// JSON that nobody keeps.
    pub(in crate::auth) fn json(status: StatusCode, value: &impl Serialize) -> Answer {
        match serde_json::to_vec(value) {
            Ok(bytes) => Answer::new(status, bytes.into())
                .with(header::CONTENT_TYPE, "application/json")
                .with(header::PRAGMA, "no-cache"),
            Err(error) => Answer::internal(&error),
        }
    }

    /// JSON that is the same for everybody for five minutes.
    pub(in crate::auth) fn document(value: &impl Serialize) -> Answer {
        Answer::json(StatusCode::OK, value).with(header::CACHE_CONTROL, "public, max-age=300")
    }

    pub(in crate::auth) fn empty() -> Answer {
        Answer::new(StatusCode::OK, Body::empty())
    }

    /// The browser goes on by GET, whatever it came by (RFC 9700, section 4.12).
    pub(in crate::auth) fn see_other(location: &str) -> Answer {
        match HeaderValue::from_str(location) {
            Ok(_) => Answer::new(StatusCode::SEE_OTHER, Body::empty())
                .with(header::LOCATION, location)
                .with(header::REFERRER_POLICY, "no-referrer"),
            Err(error) => Answer::internal(&error),
        }
    }

    pub(in crate::auth) fn page(status: StatusCode, page: Page) -> Answer {
        let mut answer = Answer::new(status, page.html.into());
        answer.2 = Some(page.replaceable);
        answer
            .with(header::CONTENT_TYPE, "text/html; charset=utf-8")
            .with(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)
            // A client may show it in a window that it waits for.
            .with(CROSS_ORIGIN_OPENER_POLICY, "unsafe-none")
            .with(header::REFERRER_POLICY, "no-referrer")
            .with(header::X_FRAME_OPTIONS, "DENY")
            .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
    }

    /// An error of an endpoint that clients call (RFC 6749, section 5.2).
    pub(in crate::auth) fn failure(failure: Failure) -> Answer {
        match failure {
            Failure::Refused(error) if error.code == OAuthErrorCode::InvalidClient => {
                Answer::json(StatusCode::UNAUTHORIZED, &error)
                    .with(header::WWW_AUTHENTICATE, "Basic realm=\"oauth\", charset=\"UTF-8\"")
            }
            Failure::Refused(error) => Answer::json(StatusCode::BAD_REQUEST, &error),
            Failure::Later { error, wait } => Answer::json(StatusCode::TOO_MANY_REQUESTS, &error).retry_after(wait),
            Failure::Internal(error) => Answer::internal(&error),
            other => Answer::internal(&other),
        }
    }

    /// An error of a resource (RFC 6750, section 3; RFC 9449, section 7.1).
    pub(in crate::auth) fn challenge(failure: Failure, has_credentials: bool) -> Answer {
        let error = match failure {
            Failure::Refused(error) => error,
            other => return Answer::failure(other),
        };
        let OAuthError { code, description, .. } = &error;
        let status =
            if *code == OAuthErrorCode::InsufficientScope { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        let scheme = if *code == OAuthErrorCode::InvalidDpopProof { "DPoP" } else { "Bearer" };
        let details =
            format!("{scheme} realm=\"oauth\", error=\"{}\", error_description=\"{description}\"", code.name());
        let challenge = if has_credentials { details.as_str() } else { "Bearer realm=\"oauth\"" };
        Answer::json(status, &error).with(header::WWW_AUTHENTICATE, challenge)
    }

    /// What is told when something is broken here; the rest is for the log.
    pub(in crate::auth) fn internal(error: &dyn std::error::Error) -> Answer {
        tracing::error!(error = %error, cause = ?error.source(), "an endpoint of the authorization server failed");
        Answer::broken()
    }

    /// The same where the reason was logged.
    pub(in crate::auth) fn broken() -> Answer {
        let body = json!({ "error": "server_error", "error_description": "something is broken here, and was written to the log" });
        Answer::json(StatusCode::INTERNAL_SERVER_ERROR, &body)
    }

    pub(in crate::auth) fn and_cookie(self, cookie: SetCookie) -> Answer {
        self.with_cookie(Some(cookie))
    }

    /// When it may be tried again, in whole seconds.
    pub(in crate::auth) fn retry_after(self, wait: Duration) -> Answer {
        self.with(header::RETRY_AFTER, &wait.as_secs().to_string())
    }

    pub(in crate::auth) fn with_cookie(mut self, cookie: Option<SetCookie>) -> Answer {
        self.1.extend(cookie);
        self
    }
}
