//! A route, and a list of routes.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::openapi::Operation;
use crate::overload::Slots;
use crate::{RateLimit, Request, Response, SecurityHeaders};

/// What `#[get("…")]` and its siblings make of a handler. Not written by hand.
#[doc(hidden)]
pub trait Endpoint {
    /// The route.
    fn route() -> Route;
}

/// The future of a handler, erased: one allocation per request.
pub(crate) type HandlerFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler, erased.
pub(crate) type Handler = fn(Request) -> HandlerFuture;

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
    pub(crate) security_headers: Option<SecurityHeaders>,
    pub(crate) is_logged: bool,
    #[cfg(feature = "_compression")]
    pub(crate) compression: Option<crate::Compression>,
    pub(crate) slots: Option<Arc<Slots>>,
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
        handler: fn(Request) -> Pin<Box<dyn Future<Output = Response> + Send>>,
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
            security_headers: None,
            is_logged: true,
            #[cfg(feature = "_compression")]
            compression: None,
            slots: None,
            #[cfg(feature = "_db")]
            idempotency: None,
            #[cfg(feature = "auth")]
            decisions: Vec::new(),
            describe,
            handler,
            function,
            place,
        }
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
