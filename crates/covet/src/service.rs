//! An app that is ready to answer: the fused pipeline in front of the handlers.
//!
//! Request id → CORS → route → metrics → panic guard → rate limits → limits → `Accept` → idempotency → deadline → handler →
//! compression → conditions → headers → log. The duties are one function, not stacked layers: each of those would cost an
//! allocation or a moved future on every request.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use tracing::Instrument;

use crate::access_log;
use crate::app::{Limits, TrailingSlash};
#[cfg(feature = "auth")]
use crate::auth::{Admission, Asking};
use crate::client_address::Proxies;
use crate::cors::{Cors, CrossOrigin};
use crate::cross_site;
use crate::finish::{Finish, FinishSettings};
use crate::merge_patch::ACCEPT_PATCH;
use crate::metrics::Metrics;
use crate::overload::{self, Budget, Slots};
use crate::principal::Identify;
use crate::problem::{
    self, HEADERS_TOO_LARGE, INTERNAL, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, NOT_FOUND, ProblemDetails, TIMED_OUT,
    URI_TOO_LONG,
};
use crate::rate_limit::{Allowances, Sender};
use crate::request::{MatchedPath, Shared};
use crate::routing::{Found, Options, Registered, Router, TrailingSlashFound};
use crate::server::framing;
use crate::tower::{Layers, Next};
use crate::{Body, ClientAddress, RateLimit, Request, RequestId, Response};
use crate::{deadline, negotiation};

/// The header that carries the request's id.
pub(crate) const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");

/// An app that is ready to answer. Cheap to clone.
///
/// ```
/// use covet::{App, Body, Result, get, routes};
///
/// /// Say hello.
/// #[get("/hello")]
/// async fn hello() -> &'static str { "hello" }
///
/// # #[covet::main]
/// # async fn main() -> Result<()> {
/// let service = App::new("Greeter", "1.0.0").routes(routes![hello]).build()?;
/// let response = service.call(http::Request::get("/hello").body(Body::empty())?).await;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.into_body().bytes().await?, "hello");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Service {
    inner: Arc<Inner>,
    /// The layers around the app, with the app in them.
    layered: Option<Next>,
}

#[derive(Debug)]
struct Inner {
    router: Router,
    shared: Arc<Shared>,
    settings: Settings,
    document: Value,
    slots: Arc<Slots>,
    bodies: Arc<Budget>,
    #[cfg(feature = "_db")]
    keys: crate::idempotency::Keys,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) trailing_slash: TrailingSlash,
    pub(crate) cors: Option<Cors>,
    pub(crate) proxies: Proxies,
    pub(crate) metrics: Option<Arc<Metrics>>,
    pub(crate) principal: Option<Identify>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) access_log: bool,
    pub(crate) finish: FinishSettings,
    #[cfg(feature = "auth")]
    pub(crate) auth: Option<crate::auth::Authentication>,
    #[cfg(feature = "_db")]
    pub(crate) idempotency: crate::Idempotency,
}

impl Service {
    pub(crate) fn new(router: Router, shared: Arc<Shared>, settings: Settings, document: Value) -> Self {
        let inner = Inner {
            slots: Slots::new(settings.limits.requests),
            bodies: Budget::new(settings.limits.bodies),
            router,
            shared,
            settings,
            document,
            #[cfg(feature = "_db")]
            keys: crate::idempotency::Keys::default(),
        };
        Service { inner: Arc::new(inner), layered: None }
    }

    /// The same within layers.
    pub(crate) fn within(self, layers: &Layers) -> Self {
        let app = self.clone();
        Service { layered: layers.around(|| Next::app(app)), ..self }
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

    /// Answers a request from a connection, of which it is not certain that it has one host and one end.
    pub(crate) async fn serve(&self, mut request: http::Request<Body>, peer: Option<SocketAddr>) -> Response {
        match framing::check(&request) {
            Ok(()) if self.layered.is_some() => {
                peer.and_then(|peer| request.extensions_mut().insert(peer));
                self.call(request).await
            }
            Ok(()) => self.run(request, peer).await,
            Err(problem) => refuse(problem, request.headers()),
        }
    }

    /// Answers a request on a connection beyond the limit.
    pub(crate) fn refuse_connection(&self, headers: &http::HeaderMap) -> Response {
        refuse(overload::overloaded("there are as many connections as there may be"), headers)
    }

    /// Answers a request. There is no error: whatever goes wrong is a response.
    pub async fn call(&self, request: http::Request<Body>) -> Response {
        if let Some(layered) = &self.layered {
            let format = negotiation::problem_format(request.headers());
            let answer = layered.answer(request).await;
            return answer.unwrap_or_else(|error| {
                let id = RequestId::new();
                with_id(ProblemDetails::new(&INTERNAL).cause(error).into_response(id, format), id)
            });
        }
        let peer = request.extensions().get().copied();
        self.run(request, peer).await
    }

    /// The pipeline.
    async fn run(&self, request: http::Request<Body>, peer: Option<SocketAddr>) -> Response {
        let id = RequestId::new();
        let inner = &*self.inner;
        let (mut head, body) = request.into_parts();
        let span = tracing::info_span!(
            "request",
            otel.kind = "server",
            http.request.method = %head.method,
            url.path = head.uri.path(),
            http.route = tracing::field::Empty,
            http.response.status_code = tracing::field::Empty,
            request.id = %id,
        );
        let found = inner.router.find(&head.method, head.uri.path());
        let registered = found.route();
        let cors = inner.cors_of(registered.or_else(|| inner.asked_for(&head)).map(|registered| &**registered));
        let cross_origin = cors.map(|cors| (cors, CrossOrigin::of(&head.method, &head.headers)));
        let route = || registered.map(|registered| registered.label.clone());
        let counted = inner.settings.metrics.as_ref();
        let counted = counted.map(|metrics| (metrics, head.method.clone(), route(), Instant::now()));
        let client = ClientAddress::of(peer, &head.headers, &inner.settings.proxies);
        let is_logged = inner.settings.access_log && registered.is_none_or(|registered| registered.route.is_logged);
        let logged = is_logged.then(|| access_log::Entry {
            method: head.method.clone(),
            route: route(),
            client,
            id,
            started: Instant::now(),
        });
        let finish = Finish::new(&inner.settings.finish, registered.map(|registered| &**registered), &mut head);
        #[cfg(feature = "template")]
        let pages = crate::view::ErrorPages::of(&inner.shared, registered, &head.headers);
        let arrived = Box::new(Arrived { head, body, id, client });
        #[cfg_attr(not(feature = "template"), expect(unused_mut, reason = "pages of errors are templates"))]
        let mut response = if span.is_disabled() {
            inner.answer(found, arrived).await
        } else {
            inner.answer_in_span(found, arrived, span).await
        };
        #[cfg(feature = "template")]
        if let Some(pages) = pages {
            response = pages.apply(response, id).await;
        }
        let mut response = finish.apply(response);
        if let Some((metrics, method, route, started)) = counted {
            metrics.count(&method, route, response.status(), started.elapsed());
        }
        if let Some((cors, request)) = cross_origin {
            cors.apply(&request, response.headers_mut());
        }
        response.headers_mut().insert(REQUEST_ID, id.header());
        match logged {
            Some(entry) => entry.log(response),
            None => response,
        }
    }
}

/// A request as it has arrived. In a box, since each hand that takes it would copy some 300 bytes.
struct Arrived {
    head: http::request::Parts,
    body: Body,
    id: RequestId,
    client: ClientAddress,
}

impl Inner {
    /// Which pages of other origins may call a route.
    fn cors_of<'a>(&'a self, registered: Option<&'a Registered>) -> Option<&'a Cors> {
        let own = registered.and_then(|registered| registered.route.cors.as_ref());
        own.or(self.settings.cors.as_ref())
    }

    /// The route that a browser asks about before it calls it.
    fn asked_for(&self, head: &http::request::Parts) -> Option<&Arc<Registered>> {
        let method = head.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        self.router.find(&method, head.uri.path()).route().filter(|_| head.method == Method::OPTIONS)
    }

    async fn answer_in_span(&self, found: Found<'_>, arrived: Box<Arrived>, span: tracing::Span) -> Response {
        let started = Instant::now();
        let response = self.answer(found, arrived).instrument(span.clone()).await;
        span.record("http.response.status_code", response.status().as_u16());
        let duration = started.elapsed().as_secs_f64();
        tracing::info!(parent: &span, http.server.request.duration = duration, "answered");
        response
    }

    async fn answer(&self, found: Found<'_>, arrived: Box<Arrived>) -> Response {
        let id = arrived.id;
        let format = negotiation::problem_format(&arrived.head.headers);
        let mut allowances = Allowances::default();
        let answer = AssertUnwindSafe(self.dispatch(found, arrived, &mut allowances)).catch_unwind().await;
        let result = answer.unwrap_or_else(|panic| Err(panicked(&*panic)));
        let mut response = result.unwrap_or_else(|problem| problem.into_response(id, format));
        allowances.write(&mut response);
        response
    }

    async fn dispatch(
        &self,
        found: Found<'_>,
        arrived: Box<Arrived>,
        allowances: &mut Allowances,
    ) -> Result<Response, ProblemDetails> {
        let limits = match found.route() {
            Some(registered) => &*registered.route.rate_limits,
            // What asks for nothing that there is counts as well, but not a browser's question before its request.
            None if arrived.head.method == Method::OPTIONS => &[],
            None => self.settings.rate_limit.as_slice(),
        };
        allowances.check_address(limits, arrived.client)?;
        self.check_head(&arrived.head)?;
        let head = &arrived.head;
        match found {
            Found::Route(registered, path) => self.handle(registered, path, arrived, allowances).await,
            Found::Options(of_path) => Ok(options(&of_path.allow, of_path.accept_patch.as_ref())),
            Found::OtherMethods(Options { allow, .. }) => Err(ProblemDetails::new(&METHOD_NOT_ALLOWED)
                .detail(format!("this path has {}", allow.to_str().unwrap_or_default()))
                .header(header::ALLOW, allow.clone())),
            // `OPTIONS *` asks for the server itself (RFC 9110, section 9.3.7).
            Found::Nothing if head.method == Method::OPTIONS && head.uri.path() == "*" => {
                Ok(options(&HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), None))
            }
            Found::Nothing => self.redirect(head).ok_or_else(|| ProblemDetails::new(&NOT_FOUND)),
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
        arrived: Box<Arrived>,
        allowances: &mut Allowances,
    ) -> Result<Response, ProblemDetails> {
        let Arrived { head, body, id, client } = *arrived;
        tracing::Span::current().record("http.route", registered.route.path.as_str());
        let limits = &self.settings.limits;
        check_accept(registered, &head)?;
        if registered.refuses_cross_site {
            cross_site::check(&head, self.cors_of(Some(registered)))?;
        }
        let limit = registered.route.body_limit.unwrap_or(limits.body);
        if registered.reads_body && http_body::Body::size_hint(&body).lower() > limit {
            return Err(problem::too_large(limit));
        }
        let slot = registered.is_counted.then(|| self.slots.take()).transpose()?;
        let route_slot = registered.route.slots.as_ref().map(Slots::take).transpose()?;
        #[cfg(feature = "auth")]
        let mut head = head;
        #[cfg(feature = "auth")]
        let caller = match self.admit(registered, &head).await? {
            Admission::In(caller) => caller.map(|caller| {
                let subject = caller.subject().into();
                head.extensions.insert(caller);
                subject
            }),
            Admission::Login(redirect) => return Ok(redirect),
        };
        #[cfg(not(feature = "auth"))]
        let caller = None;
        let identify = || self.settings.principal.as_ref().and_then(|identify| identify.identify(&head));
        let principal = caller.or_else(identify);
        let sender = Sender { address: client, principal: principal.as_ref() };
        allowances.check_principal(&registered.route.rate_limits, sender)?;
        let request = Request {
            head,
            client,
            principal,
            body: body.limited(limit, limits.body_read),
            path,
            id,
            body_wait: limits.body_read,
            body_share: self.bodies.share(),
            shared: self.shared.clone(),
        };
        let deadline = registered.route.deadline.unwrap_or(limits.deadline);
        let mut response = self.call_handler(registered, request, deadline).await?;
        #[cfg(feature = "auth")]
        if registered.guard.is_some() {
            // What one caller gets is not for another one (RFC 9111, section 3.5).
            let private = HeaderValue::from_static("private");
            response.headers_mut().entry(header::CACHE_CONTROL).or_insert(private);
        }
        if !response.body().is_whole() {
            let body = std::mem::take(response.body_mut());
            *response.body_mut() = [slot, route_slot].into_iter().flatten().fold(body, Body::keeping);
        }
        Ok(response)
    }

    /// Lets the caller in whom the route wants.
    #[cfg(feature = "auth")]
    async fn admit(&self, registered: &Registered, head: &http::request::Parts) -> Result<Admission, ProblemDetails> {
        let (Some(auth), Some(guard)) = (&self.settings.auth, &registered.guard) else {
            return Ok(Admission::In(None));
        };
        let media_types = &registered.media_types;
        let is_page = media_types.is_empty() || media_types.contains(&"text/html");
        let asking = Asking {
            head,
            #[cfg(feature = "_db")]
            shared: &self.shared,
            #[cfg(feature = "_db")]
            cors: self.cors_of(Some(registered)),
            is_page,
        };
        auth.admit(guard, asking).await
    }

    async fn call_handler(
        &self,
        registered: &Arc<Registered>,
        request: Request,
        deadline: Duration,
    ) -> Result<Response, ProblemDetails> {
        #[cfg(feature = "_db")]
        if registered.is_idempotent {
            let rules = registered.route.idempotency.as_ref().unwrap_or(&self.settings.idempotency);
            // In a box, so that its state costs the other requests nothing.
            return Box::pin(crate::idempotency::answer(&self.keys, rules, registered, request, deadline)).await;
        }
        in_time(deadline, registered.handler.call(request)).await
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

/// The answer to a request that is not looked at further.
fn refuse(problem: ProblemDetails, headers: &http::HeaderMap) -> Response {
    let id = RequestId::new();
    with_id(problem.into_response(id, negotiation::problem_format(headers)), id)
}

fn with_id(mut response: Response, id: RequestId) -> Response {
    response.headers_mut().insert(REQUEST_ID, id.header());
    response
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

fn options(allow: &HeaderValue, accept_patch: Option<&HeaderValue>) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::ALLOW, allow.clone());
    if let Some(types) = accept_patch {
        response.headers_mut().insert(ACCEPT_PATCH, types.clone());
    }
    response
}

/// The answer of a handler, if it is ready within the deadline.
pub(crate) async fn in_time(
    deadline: Duration,
    answer: impl Future<Output = Response>,
) -> Result<Response, ProblemDetails> {
    deadline::within(deadline, answer)
        .await
        .ok_or_else(|| ProblemDetails::new(&TIMED_OUT).detail(format!("the answer was not ready within {deadline:?}")))
}

/// The problem of a handler that panicked.
pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> ProblemDetails {
    ProblemDetails::new(&INTERNAL).cause(format!("the handler panicked: {}", panic_message(panic)))
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
