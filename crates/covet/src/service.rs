//! An app that is ready to answer: the fused pipeline in front of the handlers.
//!
//! Request id → panic guard → limits → route → `Accept` → deadline → handler → log. The duties are one function, not
//! stacked layers: each of those would cost an allocation or a moved future on every request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;
use tracing::Instrument;

use crate::app::{Limits, TrailingSlash};
use crate::negotiation;
use crate::problem::{
    self, HEADERS_TOO_LARGE, INTERNAL, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, NOT_FOUND, ProblemDetails, TIMED_OUT,
    URI_TOO_LONG,
};
use crate::request::{MatchedPath, Shared};
use crate::routing::{Found, Registered, Router, TrailingSlashFound};
use crate::{Body, Request, RequestId, Response};

/// The header that carries the request's id.
pub(crate) const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");

/// An app that is ready to answer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    router: Router,
    shared: Arc<Shared>,
    settings: Settings,
    document: Value,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) trailing_slash: TrailingSlash,
}

impl Service {
    pub(crate) fn new(router: Router, shared: Arc<Shared>, settings: Settings, document: Value) -> Self {
        Service { inner: Arc::new(Inner { router, shared, settings, document }) }
    }

    /// The OpenAPI document.
    pub fn openapi(&self) -> &Value {
        &self.inner.document
    }

    /// Lets the answers end that would go on without end.
    pub(crate) fn stop(&self) {
        self.inner.shared.stop();
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.settings.limits
    }

    /// Answers a request. There is no error: whatever goes wrong is a response.
    pub async fn call(&self, request: http::Request<Body>) -> Response {
        let id = RequestId::new();
        let span = tracing::info_span!(
            "request",
            otel.kind = "server",
            http.request.method = %request.method(),
            url.path = request.uri().path(),
            http.route = tracing::field::Empty,
            http.response.status_code = tracing::field::Empty,
            request.id = %id,
        );
        let mut response = if span.is_disabled() {
            self.inner.answer(request, id).await
        } else {
            self.inner.answer_in_span(request, id, span).await
        };
        response.headers_mut().insert(REQUEST_ID, id.header());
        response
    }
}

impl Inner {
    async fn answer_in_span(&self, request: http::Request<Body>, id: RequestId, span: tracing::Span) -> Response {
        let started = Instant::now();
        let response = self.answer(request, id).instrument(span.clone()).await;
        span.record("http.response.status_code", response.status().as_u16());
        let duration = started.elapsed().as_secs_f64();
        tracing::info!(parent: &span, http.server.request.duration = duration, "answered");
        response
    }

    async fn answer(&self, request: http::Request<Body>, id: RequestId) -> Response {
        let format = negotiation::problem_format(request.headers());
        let answer = AssertUnwindSafe(self.route(request, id)).catch_unwind().await;
        let result = answer.unwrap_or_else(|panic| {
            let cause = format!("the handler panicked: {}", panic_message(&*panic));
            Err(ProblemDetails::new(&INTERNAL).cause(cause))
        });
        result.unwrap_or_else(|problem| problem.into_response(id, format))
    }

    async fn route(&self, request: http::Request<Body>, id: RequestId) -> Result<Response, ProblemDetails> {
        let (head, body) = request.into_parts();
        self.check_head(&head)?;
        match self.router.find(&head.method, head.uri.path()) {
            Found::Route(registered, path) => self.handle(registered, path, head, body, id).await,
            Found::Options(allow) => Ok(options(allow)),
            Found::OtherMethods(allow) => Err(ProblemDetails::new(&METHOD_NOT_ALLOWED)
                .detail(format!("this path has {}", allow.to_str().unwrap_or_default()))
                .header(header::ALLOW, allow.clone())),
            Found::Nothing => self.redirect(&head).ok_or_else(|| ProblemDetails::new(&NOT_FOUND)),
        }
    }

    fn check_head(&self, head: &http::request::Parts) -> Result<(), ProblemDetails> {
        let limits = &self.settings.limits;
        let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
        if target > limits.uri {
            return Err(ProblemDetails::new(&URI_TOO_LONG)
                .detail(format!("the path and the query have {target} bytes, of at most {}", limits.uri))
                .with("limit", limits.uri));
        }
        let too_large = |what: &str, limit: usize| {
            let detail = format!("there are more than {limit} {what}");
            Err(ProblemDetails::new(&HEADERS_TOO_LARGE).detail(detail).with("limit", limit))
        };
        if head.headers.len() > limits.headers {
            return too_large("headers", limits.headers);
        }
        let bytes: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if bytes > limits.head {
            return too_large("bytes of headers", limits.head);
        }
        Ok(())
    }

    async fn handle(
        &self,
        registered: &Arc<Registered>,
        path: MatchedPath,
        head: http::request::Parts,
        body: Body,
        id: RequestId,
    ) -> Result<Response, ProblemDetails> {
        tracing::Span::current().record("http.route", registered.route.path.as_str());
        let limits = &self.settings.limits;
        check_accept(registered, &head)?;
        let limit = registered.route.body_limit.unwrap_or(limits.body);
        if registered.reads_body && http_body::Body::size_hint(&body).lower() > limit {
            return Err(problem::too_large(limit));
        }
        let request = Request {
            head,
            body: body.limited(limit, limits.body_read),
            path,
            id,
            body_wait: limits.body_read,
            shared: self.shared.clone(),
        };
        let deadline = registered.route.deadline.unwrap_or(limits.deadline);
        tokio::time::timeout(deadline, (registered.route.handler)(request)).await.map_err(|_| {
            ProblemDetails::new(&TIMED_OUT).detail(format!("the answer was not ready within {deadline:?}"))
        })
    }

    fn redirect(&self, head: &http::request::Parts) -> Option<Response> {
        if self.settings.trailing_slash != TrailingSlash::Redirect {
            return None;
        }
        let TrailingSlashFound(mut target) = self.router.other_slash(head.uri.path())?;
        if let Some(query) = head.uri.query() {
            target.push('?');
            target.push_str(query);
        }
        let mut response = Response::default();
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(header::LOCATION, HeaderValue::try_from(target).ok()?);
        Some(response)
    }
}

/// Refuses, before the handler has done anything, a request that takes none of the formats of its answer.
fn check_accept(registered: &Registered, head: &http::request::Parts) -> Result<(), ProblemDetails> {
    let available = &registered.media_types;
    if available.is_empty() || negotiation::accepts_any(&head.headers, available) {
        return Ok(());
    }
    Err(ProblemDetails::new(&NOT_ACCEPTABLE)
        .detail(format!("this operation answers {}", available.join(", ")))
        .with("available", available))
}

fn options(allow: &HeaderValue) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, allow.clone());
    response
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
