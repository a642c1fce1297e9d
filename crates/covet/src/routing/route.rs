//! A route, and a list of routes.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;

use crate::openapi::Operation;
use crate::overload::Slots;
use crate::tower::{Layers, Next};
use crate::{Body, BoxError, Cors, RateLimit, Request, Response, SecurityHeaders};

/// What `#[get("…")]` and its siblings make of a handler. Not written by hand.
#[doc(hidden)]
pub trait Endpoint {
    /// The route.
    fn route() -> Route;
}

/// What stands for the method of a service that takes all of them.
pub(crate) const ANY_METHOD: &str = "*";

/// The future of a handler, erased: one allocation per request.
pub(crate) type HandlerFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What answers at a route, erased.
#[derive(Debug, Clone)]
pub(crate) enum Handler {
    /// A handler that `#[get("…")]` or one of its siblings has made.
    Function(fn(Box<Request>) -> HandlerFuture),
    /// A handler within layers.
    Service(Next),
    /// A service that takes every method and everything below the route's path.
    Mounted(Next),
    /// The same, once its prefix is known.
    Below(Arc<str>, Next),
}

impl Handler {
    pub(crate) fn call(&self, request: Box<Request>) -> HandlerFuture {
        match self {
            Handler::Function(function) => function(request),
            Handler::Service(next) | Handler::Mounted(next) => next.handle(request),
            Handler::Below(prefix, next) => next.handle_below(prefix, request),
        }
    }
}

/// One route: a method, a path, and the handler that answers there. [`routes!`](crate::routes) makes it.
#[derive(Debug, Clone)]
pub struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) operation_id: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) deprecated: bool,
    pub(crate) in_document: bool,
    pub(crate) body_limit: Option<u64>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) rate_limits: Vec<RateLimit>,
    pub(crate) cors: Option<Cors>,
    pub(crate) security_headers: Option<SecurityHeaders>,
    pub(crate) is_logged: bool,
    #[cfg(feature = "_compression")]
    pub(crate) compression: Option<crate::Compression>,
    pub(crate) slots: Option<Arc<Slots>>,
    pub(crate) layers: Layers,
    #[cfg(feature = "_db")]
    pub(crate) idempotency: Option<crate::Idempotency>,
    #[cfg(feature = "auth")]
    pub(crate) decisions: Vec<crate::auth::Decision>,
    pub(crate) describe: fn(&mut Operation<'_>),
    pub(crate) handler: Handler,
    pub(crate) function: &'static str,
    pub(crate) place: &'static str,
}

impl Route {
    /// A route with what its handler's signature says.
    #[doc(hidden)]
    pub fn new(
        method: Method,
        path: &str,
        function: &'static str,
        place: &'static str,
        describe: fn(&mut Operation<'_>),
        handler: fn(Box<Request>) -> HandlerFuture,
    ) -> Self {
        let operation_id = function.rsplit("::").next().unwrap_or(function).to_owned();
        Route {
            method,
            path: path.to_owned(),
            operation_id,
            summary: String::new(),
            description: String::new(),
            tags: Vec::new(),
            deprecated: false,
            in_document: true,
            body_limit: None,
            deadline: None,
            rate_limits: Vec::new(),
            cors: None,
            security_headers: None,
            is_logged: true,
            #[cfg(feature = "_compression")]
            compression: None,
            slots: None,
            layers: Layers::default(),
            #[cfg(feature = "_db")]
            idempotency: None,
            #[cfg(feature = "auth")]
            decisions: Vec::new(),
            describe,
            handler: Handler::Function(handler),
            function,
            place,
        }
    }

    /// A service under a prefix.
    pub(crate) fn mount(prefix: &str, function: &'static str, place: &'static str, handler: Handler) -> Self {
        let method = Method::from_bytes(ANY_METHOD.as_bytes()).unwrap_or_default();
        let unused =
            |request: Box<Request>| -> HandlerFuture { Box::pin(async move { request.refuse(Default::default()) }) };
        let route = Route::new(method, prefix, function, place, |operation| operation.response_anything(), unused);
        Route { handler, in_document: false, ..route }
    }

    /// Whether it takes every method and everything below its path.
    pub(crate) fn is_mount(&self) -> bool {
        matches!(self.handler, Handler::Mounted(_) | Handler::Below(..))
    }

    /// The handler as it is called: below its prefix, and within its layers.
    pub(crate) fn finished_handler(&self) -> Handler {
        let handler = match &self.handler {
            Handler::Mounted(next) => Handler::Below(self.path.as_str().into(), next.clone()),
            other => other.clone(),
        };
        self.layers.around_handler(&handler)
    }

    /// With the handler's doc comment.
    #[doc(hidden)]
    pub fn documented(mut self, summary: &str, description: &str) -> Self {
        summary.clone_into(&mut self.summary);
        description.clone_into(&mut self.description);
        self
    }

    /// With a tag.
    #[doc(hidden)]
    pub fn tagged(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// With another operation id than the handler's name.
    #[doc(hidden)]
    pub fn identified(mut self, operation_id: &str) -> Self {
        operation_id.clone_into(&mut self.operation_id);
        self
    }

    /// Marked as deprecated.
    #[doc(hidden)]
    pub fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// Left out of the document.
    #[doc(hidden)]
    pub fn hidden(mut self) -> Self {
        self.in_document = false;
        self
    }
}

/// A list of routes, as [`routes!`](crate::routes) makes it.
///
/// ```
/// use std::time::Duration;
/// use covet::{get, post, routes, Bytes, Routes};
///
/// /// Say pong.
/// #[get("/ping")]
/// async fn ping() -> &'static str { "pong" }
///
/// /// Take a picture.
/// #[post("/pictures")]
/// async fn upload(_picture: Bytes) -> &'static str { "thanks" }
///
/// let api: Routes = routes![ping]
///     .and(routes![upload].body_limit(50 << 20).deadline(Duration::from_secs(300)))
///     .tag("demo")
///     .under("/api");
/// assert_eq!(api.paths(), ["/api/ping", "/api/pictures"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Routes {
    pub(crate) list: Vec<Route>,
}

impl Routes {
    /// The list of these routes.
    #[doc(hidden)]
    pub fn new(list: Vec<Route>) -> Self {
        Routes { list }
    }

    /// These routes and those.
    pub fn and(mut self, more: Routes) -> Self {
        self.list.extend(more.list);
        self
    }

    /// All of them under a prefix, such as `/api`. The prefix begins with a slash, ends without one, and has no
    /// parameters; anything else is an error of the start.
    pub fn under(mut self, prefix: &str) -> Self {
        for route in &mut self.list {
            let rest = if route.path == "/" { "" } else { route.path.as_str() };
            route.path = format!("{prefix}{rest}");
        }
        self
    }

    /// All of them with a tag, by which the docs page groups them.
    pub fn tag(mut self, tag: &str) -> Self {
        self.list.iter_mut().for_each(|route| route.tags.push(tag.to_owned()));
        self
    }

    /// All of them with their own limit of the body, in bytes, in place of [`Limits::body`](crate::Limits::body).
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.list.iter_mut().for_each(|route| route.body_limit = Some(bytes));
        self
    }

    /// All of them with their own deadline, in place of [`Limits::deadline`](crate::Limits::deadline).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.list.iter_mut().for_each(|route| route.deadline = Some(deadline));
        self
    }

    /// All of them together under a limit of each client's requests, beside those that they have.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.list.iter_mut().for_each(|route| route.rate_limits.push(limit.clone()));
        self
    }

    /// All of them open to pages of other origins than the [app's](crate::App::cors); to none, with an empty list of them.
    ///
    /// ```
    /// # use covet::{App, Cors, get, routes};
    /// /// A price, for whoever's page.
    /// #[get("/price")]
    /// async fn price() -> &'static str { "790" }
    ///
    /// let app = App::new("Shop", "1.0.0").routes(routes![price].cors(Cors::any_origin()));
    /// assert!(app.build().is_ok());
    /// ```
    pub fn cors(mut self, cors: Cors) -> Self {
        self.list.iter_mut().for_each(|route| route.cors = Some(cors.clone()));
        self
    }

    /// All of them with other [headers for browsers](SecurityHeaders) than the [app's](crate::App::security_headers).
    pub fn security_headers(mut self, headers: SecurityHeaders) -> Self {
        self.list.iter_mut().for_each(|route| route.security_headers = Some(headers.clone()));
        self
    }

    /// All of them with other rules for compression than the [app's](crate::App::compression).
    #[cfg(feature = "_compression")]
    pub fn compression(mut self, compression: crate::Compression) -> Self {
        self.list.iter_mut().for_each(|route| route.compression = Some(compression.clone()));
        self
    }

    /// All of them left out of the [access log](crate::App::access_log).
    pub fn without_access_log(mut self) -> Self {
        self.list.iter_mut().for_each(|route| route.is_logged = false);
        self
    }

    /// At most so many requests to all of them together at work at the same time, until the last byte of a streamed answer;
    /// a further one gets 503 with `Retry-After`. A second limit takes the place of the first.
    ///
    /// ```
    /// # use covet::{App, Bytes, post, routes};
    /// /// Take a picture, which needs much memory.
    /// #[post("/pictures")]
    /// async fn upload(_picture: Bytes) -> &'static str { "thanks" }
    ///
    /// let app = App::new("Pictures", "1.0.0").routes(routes![upload].body_limit(50 << 20).concurrency_limit(4));
    /// ```
    pub fn concurrency_limit(mut self, requests: usize) -> Self {
        let slots = Slots::new(requests);
        self.list.iter_mut().for_each(|route| route.slots = Some(slots.clone()));
        self
    }

    /// All of them with other rules for their idempotency keys than the [app's](crate::App::idempotency).
    #[cfg(feature = "_db")]
    pub fn idempotency(mut self, rules: crate::Idempotency) -> Self {
        self.list.iter_mut().for_each(|route| route.idempotency = Some(rules.clone()));
        self
    }

    /// A service of tower, such as an `axum::Router`, under a prefix: it gets every request below it, whatever the method,
    /// with the prefix taken from the path. Routes of the app's own below the prefix come first, so `"/"` is the place for what
    /// answers where nothing else does.
    ///
    /// The requests go through the pipeline: they have an id, count among the metrics, and are held to the limits and to the deadline.
    /// The service finds the [`RequestId`](crate::RequestId) and the [`ClientAddress`](crate::ClientAddress) among the request's extensions. It is not in
    /// the OpenAPI document.
    ///
    /// ```
    /// use covet::{App, Body, Routes};
    /// use tower::service_fn;
    ///
    /// # #[covet::main]
    /// # async fn main() -> covet::Result<()> {
    /// let legacy = service_fn(async |request: http::Request<Body>| {
    ///     Ok::<_, std::convert::Infallible>(http::Response::new(format!("the old {}", request.uri())))
    /// });
    /// let app = App::new("Shop", "2.0.0").routes(Routes::mount("/old", legacy));
    /// let client = covet::test::Client::new(app)?;
    /// assert_eq!(client.get("/old/books").send().await.text(), "the old /books");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn mount<S, B>(prefix: &str, service: S) -> Self
    where
        S: tower_service::Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        crate::tower::mount(prefix, service)
    }

    /// All of them within a layer of tower: behind the pipeline's own duties, around each handler. A second layer goes around the
    /// first. An error of the layer is the problem 500.
    ///
    /// ```
    /// use covet::{App, get, routes};
    /// use tower::util::MapRequestLayer;
    ///
    /// /// Say how the client is called.
    /// #[get("/agent")]
    /// async fn agent(user_agent: covet::Header<String>) -> String { user_agent.0 }
    ///
    /// # #[covet::main]
    /// # async fn main() -> covet::Result<()> {
    /// let layer = MapRequestLayer::new(|mut request: http::Request<covet::Body>| {
    ///     request.headers_mut().insert("user-agent", http::HeaderValue::from_static("somebody"));
    ///     request
    /// });
    /// let app = App::new("Agents", "1.0.0").routes(routes![agent].layer(layer));
    /// assert_eq!(covet::test::Client::new(app)?.get("/agent").send().await.text(), "somebody");
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: tower_layer::Layer<Next> + Clone + Send + Sync + 'static,
        L::Service:
            tower_service::Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<http::Request<Body>>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<http::Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.list.iter_mut().for_each(|route| route.layers.push(layer.clone()));
        self
    }

    /// All of them only for callers with the permissions `R`, and those that a handler asks for itself. A handler that takes
    /// [`Public`](crate::Public) stays public.
    ///
    /// ```
    /// use covet::{get, routes};
    ///
    /// covet::permissions! {
    ///     Reports = "reports:read" => "See reports",
    /// }
    ///
    /// /// Count.
    /// #[get("/visits")]
    /// async fn visits() -> &'static str { "7" }
    ///
    /// let reports = routes![visits].require::<Reports>().under("/reports");
    /// ```
    #[cfg(feature = "auth")]
    pub fn require<R: crate::auth::Requirement>(mut self) -> Self {
        self.list.iter_mut().for_each(|route| route.decisions.push(crate::auth::Decision::required::<R>()));
        self
    }

    /// All of them for everybody, but for those whose handlers ask for a caller.
    #[cfg(feature = "auth")]
    pub fn public(mut self) -> Self {
        self.list.iter_mut().for_each(|route| route.decisions.push(crate::auth::Decision::Public));
        self
    }

    /// All of them left out of the OpenAPI document.
    pub fn hidden(mut self) -> Self {
        self.list.iter_mut().for_each(|route| route.in_document = false);
        self
    }

    /// The paths, in the order of the list.
    pub fn paths(&self) -> Vec<&str> {
        self.list.iter().map(|route| route.path.as_str()).collect()
    }
}
