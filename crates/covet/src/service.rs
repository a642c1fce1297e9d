//! An app that is ready to answer: the fused pipeline in front of the handlers.
//!
//! Request id → CORS → route → metrics → panic guard → rate limits → limits → `Accept` → idempotency → deadline → handler →
//! compression → conditions → headers → log. The duties are one function, not stacked layers: each of those would cost an
//! allocation or a moved future on every request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use tracing::Instrument;

use crate::access_log;
use crate::app::{Limits, TrailingSlash};
#[cfg(feature = "auth")]
use crate::auth::{Admission, Asking, Authentication, Guard, Origin};
use crate::client_address::Proxies;
use crate::cors::{Cors, CrossOrigin};
use crate::cross_site;
use crate::finish::{Finish, FinishSettings};
use crate::handling::{Handling, caught};
use crate::merge_patch::ACCEPT_PATCH;
use crate::metrics::Metrics;
use crate::negotiation;
use crate::overload::{self, Budget, Slot, Slots};
use crate::principal::Identify;
use crate::problem::{
    self, HEADERS_TOO_LARGE, INTERNAL, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, NOT_FOUND, ProblemDetails, URI_TOO_LONG,
};
use crate::rate_limit::{Allowances, Sender};
use crate::request::{MatchedPath, Shared};
use crate::routing::{Found, Options, Registered, Router, TrailingSlashFound};
use crate::server::framing;
use crate::tower::{Layers, Next};
use crate::{Body, ClientAddress, RateLimit, Request, RequestId, Response};

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

    /// Who may call which route, and the values that the app shares.
    #[cfg(all(feature = "auth", feature = "_db"))]
    pub(crate) fn callers(&self) -> (Option<&Authentication>, &Shared) {
        (self.inner.settings.auth.as_ref(), &self.inner.shared)
    }

    /// Lets the answers end that would go on without end.
    pub(crate) fn stop(&self) {
        self.inner.shared.stop();
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.settings.limits
    }

    /// A request as it goes through the pipeline: in a box, since each hand that takes it would copy some 400 bytes.
    pub(crate) fn receive(&self, head: http::request::Parts, body: Body, peer: Option<SocketAddr>) -> Box<Request> {
        let inner = &*self.inner;
        Box::new(Request {
            client: ClientAddress::of(peer, &head.headers, &inner.settings.proxies),
            head,
            body,
            path: MatchedPath::default(),
            id: RequestId::new(),
            principal: None,
            body_wait: inner.settings.limits.body_read,
            body_share: inner.bodies.share(),
            shared: inner.shared.clone(),
        })
    }

    /// Answers a request from a connection, of which it is not certain that it has one host and one end.
    pub(crate) async fn serve(&self, mut request: Box<Request>, peer: Option<SocketAddr>) -> Response {
        match framing::check(&request.head) {
            Ok(()) if self.layered.is_some() => {
                let (mut head, body) = request.take_http();
                peer.and_then(|peer| head.extensions.insert(peer));
                Box::pin(self.call(http::Request::from_parts(head, body))).await
            }
            Ok(()) => self.run(request).await,
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
        let (head, body) = request.into_parts();
        let peer = head.extensions.get().copied();
        self.run(self.receive(head, body, peer)).await
    }

    /// The pipeline.
    async fn run(&self, mut request: Box<Request>) -> Response {
        let inner = &*self.inner;
        let id = request.id;
        let span = tracing::info_span!(
            "request",
            otel.kind = "server",
            http.request.method = %request.method(),
            url.path = request.uri().path(),
            http.route = tracing::field::Empty,
            http.response.status_code = tracing::field::Empty,
            request.id = %id,
        );
        let found = inner.router.find(request.method(), request.uri().path());
        let registered = found.route();
        if let Some(registered) = registered {
            span.record("http.route", registered.route.path.as_str());
        }
        let asked_for = registered.or_else(|| inner.asked_for(&request.head));
        let cors = inner.cors_of(asked_for.map(|registered| &**registered));
        let cross_origin = cors.map(|cors| (cors, CrossOrigin::of(request.method(), request.headers())));
        let route = || registered.map(|registered| registered.label.clone());
        let counted = inner.settings.metrics.as_ref();
        let counted = counted.map(|metrics| (metrics, request.method().clone(), route(), Instant::now()));
        let is_logged = inner.settings.access_log && registered.is_none_or(|registered| registered.route.is_logged);
        let logged = is_logged.then(|| access_log::Entry {
            method: request.method().clone(),
            route: route(),
            client: request.client,
            id,
            started: Instant::now(),
        });
        let finish = Finish::new(&inner.settings.finish, registered.map(|registered| &**registered), &mut request.head);
        #[cfg(feature = "template")]
        let pages = crate::view::ErrorPages::of(&inner.shared, registered, request.headers());
        let mut response = inner.answer(found, request, span).await;
        #[cfg(feature = "template")]
        if let Some(pages) = pages {
            response = pages.apply(response, id).await;
        }
        finish.apply(&mut response);
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

/// A handler at work, and the places that it takes meanwhile.
struct AtWork<'a> {
    handling: Handling<'a>,
    slots: [Option<Slot<'a>>; 2],
}

/// What the pipeline makes of a request: its answer already, or a handler at work on it.
enum Step<'a> {
    Answered(Box<Response>),
    AtWork(AtWork<'a>),
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

    async fn answer(&self, found: Found<'_>, request: Box<Request>, span: tracing::Span) -> Response {
        let id = request.id;
        let format = negotiation::problem_format(request.headers());
        let mut allowances = Allowances::default();
        let started = (!span.is_disabled()).then(Instant::now);
        let refused = |problem: ProblemDetails| span.in_scope(|| problem.into_response(id, format));
        let mut response = match span.in_scope(|| caught(|| self.dispatch(found, request, &mut allowances))) {
            Ok(Step::Answered(response)) => *response,
            Ok(Step::AtWork(AtWork { handling, slots })) => {
                let mut response = handling.instrument(span.clone()).await.unwrap_or_else(refused);
                if !response.body().is_whole() {
                    let body = std::mem::take(response.body_mut());
                    *response.body_mut() = slots.into_iter().flatten().fold(body, Body::keeping);
                }
                response
            }
            Err(problem) => refused(problem),
        };
        allowances.write(&mut response);
        if let Some(started) = started {
            span.record("http.response.status_code", response.status().as_u16());
            let duration = started.elapsed().as_secs_f64();
            tracing::info!(parent: &span, http.server.request.duration = duration, "answered");
        }
        response
    }

    fn dispatch<'a>(
        &'a self,
        found: Found<'a>,
        mut request: Box<Request>,
        allowances: &'a mut Allowances,
    ) -> Result<Step<'a>, ProblemDetails> {
        let limits = match found.route() {
            Some(registered) => &*registered.route.rate_limits,
            // What asks for nothing that there is counts as well, but not a browser's question before its request.
            None if request.head.method == Method::OPTIONS => &[],
            None => self.settings.rate_limit.as_slice(),
        };
        allowances.check_address(limits, request.client)?;
        self.check_head(&request.head)?;
        let head = &request.head;
        let answered = |response| Ok(Step::Answered(Box::new(response)));
        match found {
            Found::Route(registered, path) => {
                request.path = path;
                self.handle(registered, request, allowances).map(Step::AtWork)
            }
            Found::Options(of_path) => answered(options(&of_path.allow, of_path.accept_patch.as_ref())),
            Found::OtherMethods(Options { allow, .. }) => Err(ProblemDetails::new(&METHOD_NOT_ALLOWED)
                .detail(format!("this path has {}", allow.to_str().unwrap_or_default()))
                .header(header::ALLOW, allow.clone())
                // Caches may keep a 405 (RFC 9110, section 15.1), and with it what was sent by GET in its query.
                .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))),
            // `OPTIONS *` asks for the server itself (RFC 9110, section 9.3.7).
            Found::Nothing if head.method == Method::OPTIONS && head.uri.path() == "*" => {
                answered(options(&HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), None))
            }
            Found::Nothing => match self.redirect(head) {
                Some(response) => answered(response),
                None => Err(ProblemDetails::new(&NOT_FOUND)),
            },
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

    fn handle<'a>(
        &'a self,
        registered: &'a Arc<Registered>,
        mut request: Box<Request>,
        allowances: &'a mut Allowances,
    ) -> Result<AtWork<'a>, ProblemDetails> {
        let limits = &self.settings.limits;
        check_accept(registered, &request.head)?;
        if registered.refuses_cross_site {
            cross_site::check(&request.head, self.cors_of(Some(registered)))?;
        }
        let limit = registered.route.body_limit.unwrap_or(limits.body);
        if registered.reads_body && http_body::Body::size_hint(&request.body).lower() > limit {
            return Err(problem::too_large(limit));
        }
        request.limit_body(limit);
        let slot = registered.is_counted.then(|| self.slots.take()).transpose()?;
        let route_slot = registered.route.slots.as_ref().map(Slots::take).transpose()?;
        #[cfg(feature = "auth")]
        let handling = match (&self.settings.auth, &registered.guard) {
            (Some(auth), Some(guard)) => Handling::more(self.admit((auth, guard), registered, request, allowances)),
            _ => self.engage(registered, request, allowances)?,
        };
        #[cfg(not(feature = "auth"))]
        let handling = self.engage(registered, request, allowances)?;
        Ok(AtWork { handling, slots: [slot, route_slot] })
    }

    /// Lets the caller in whom the route wants, and leaves it in the head for the arguments.
    #[cfg(feature = "auth")]
    async fn admit(
        &self,
        (auth, guard): (&Authentication, &Guard),
        registered: &Arc<Registered>,
        mut request: Box<Request>,
        allowances: &mut Allowances,
    ) -> Result<Response, ProblemDetails> {
        let media_types = &registered.media_types;
        let is_page = media_types.is_empty() || media_types.contains(&"text/html");
        let asking = Asking {
            head: &request.head,
            #[cfg(feature = "_db")]
            shared: &self.shared,
            #[cfg(feature = "_db")]
            cors: self.cors_of(Some(registered)),
            is_page,
            route: &registered.route.path,
            origin: Origin::of(&request),
        };
        match auth.admit(guard, asking).await? {
            Admission::In(None) => {}
            Admission::In(Some(caller)) => {
                request.principal = Some(caller.subject().into());
                request.head.extensions.insert(caller);
            }
            Admission::Login(redirect) => return Ok(redirect),
        }
        let mut response = self.engage(registered, request, allowances)?.await?;
        // What one caller gets is not for another one (RFC 9111, section 3.5).
        let private = HeaderValue::from_static("private");
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(private);
        Ok(response)
    }

    /// Sets the handler to work, once it is known who asks.
    fn engage<'a>(
        &'a self,
        registered: &'a Registered,
        mut request: Box<Request>,
        allowances: &mut Allowances,
    ) -> Result<Handling<'a>, ProblemDetails> {
        if request.principal.is_none()
            && let Some(identify) = &self.settings.principal
        {
            request.principal = identify.identify(&request.head);
        }
        let sender = Sender { address: request.client, principal: request.principal.as_ref() };
        allowances.check_principal(&registered.route.rate_limits, sender)?;
        let deadline = registered.route.deadline.unwrap_or(self.settings.limits.deadline);
        #[cfg(feature = "_db")]
        if registered.is_idempotent {
            let rules = registered.route.idempotency.as_ref().unwrap_or(&self.settings.idempotency);
            return Ok(Handling::more(crate::idempotency::answer(&self.keys, rules, registered, request, deadline)));
        }
        Ok(Handling::handler(registered.handler.call(request), deadline))
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
