//! The app: what is served, and under which settings.

mod build;
mod health;
mod inspect;
mod pages;
mod settings;

pub use build::StartFault;
#[cfg(feature = "docs")]
pub(crate) use pages::{Pages, takes_gzip};
pub use settings::{Limits, TrailingSlash};

use std::fmt::Display;
use std::net::SocketAddr;

use crate::principal::Identify;
use crate::request::Shared;
use crate::routing::Routes;
use crate::server;
use crate::service::Service;
use crate::{Cors, Error, ProxyHeader, RateLimit, Result, SecurityHeaders};

/// An app: routes, what they share, and the settings of the server.
///
/// ```
/// use covet::{get, routes, App};
///
/// /// Say hello.
/// #[get("/hello")]
/// async fn hello() -> &'static str { "hello" }
///
/// let app = App::new("Greeter", "1.0.0").routes(routes![hello]);
/// assert!(app.build().is_ok());
/// ```
#[derive(Debug)]
pub struct App {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) routes: Routes,
    pub(crate) shared: Shared,
    pub(crate) limits: Limits,
    pub(crate) trailing_slash: TrailingSlash,
    pub(crate) cors: Option<Cors>,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) proxy_header: ProxyHeader,
    pub(crate) metrics: bool,
    pub(crate) principal: Option<Identify>,
    pub(crate) access_log: bool,
    pub(crate) security_headers: SecurityHeaders,
    #[cfg(feature = "_compression")]
    pub(crate) compression: crate::Compression,
    #[cfg(feature = "_db")]
    pub(crate) idempotency: crate::Idempotency,
    pub(crate) bind: Option<String>,
}

impl App {
    /// An app with the title and the version that its OpenAPI document shall have.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        App {
            title: title.into(),
            version: version.into(),
            description: String::new(),
            routes: Routes::default(),
            shared: Shared::default(),
            limits: Limits::default(),
            trailing_slash: TrailingSlash::default(),
            cors: None,
            rate_limit: None,
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            metrics: false,
            principal: None,
            access_log: false,
            security_headers: SecurityHeaders::default(),
            #[cfg(feature = "_compression")]
            compression: crate::Compression::off(),
            #[cfg(feature = "_db")]
            idempotency: crate::Idempotency::default(),
            bind: None,
        }
    }

    /// With a description, in CommonMark, for the OpenAPI document.
    ///
    /// ```
    /// # use covet::App;
    /// let app = App::new("Bookshop", "1.0.0").description("Books, and *what can be done* with them.");
    /// assert_eq!(app.build().unwrap().openapi()["info"]["description"], "Books, and *what can be done* with them.");
    /// ```
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// With these routes, beside the ones that it has.
    ///
    /// ```
    /// # use covet::{App, get, routes};
    /// /// Say hello.
    /// #[get("/hello")]
    /// async fn hello() -> &'static str { "hello" }
    ///
    /// let app = App::new("Greeter", "1.0.0").routes(routes![hello]).routes(routes![hello].under("/v2").hidden());
    /// assert!(app.build().is_ok());
    /// ```
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = self.routes.and(routes);
        self
    }

    /// With a value that handlers take as `State<T>`; a second one of the same type replaces the first.
    ///
    /// ```
    /// # use covet::{App, State, get, routes};
    /// struct Greeting(String);
    ///
    /// /// Greet.
    /// #[get("/greeting")]
    /// async fn greet(greeting: State<Greeting>) -> String { greeting.0.clone() }
    ///
    /// let app = App::new("Greeter", "1.0.0").routes(routes![greet]);
    /// assert!(app.build().is_err());
    /// let app = App::new("Greeter", "1.0.0").routes(routes![greet]).state(Greeting("hello".into()));
    /// assert!(app.build().is_ok());
    /// ```
    pub fn state<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.shared.insert(value);
        self
    }

    /// With the database that handlers take as `Db`.
    ///
    /// ```
    /// # use covet::{App, Db, Result, get, routes, sql};
    /// /// Count the books.
    /// #[get("/count")]
    /// async fn count(db: Db) -> Result<String> {
    ///     Ok(db.fetch_value::<i64>(sql!("SELECT count(*) FROM books")).await?.to_string())
    /// }
    ///
    /// # #[covet::main]
    /// # async fn main() -> Result<()> {
    /// let db = Db::connect("sqlite::memory:").await?;
    /// let app = App::new("Bookshop", "1.0.0").database(db).routes(routes![count]);
    /// assert!(app.build().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "_db")]
    pub fn database(self, db: covet_db::Db) -> Self {
        self.state(db)
    }

    /// With other limits and time-outs than the [defaults](Limits).
    ///
    /// ```
    /// # use covet::App;
    /// let app = App::new("Uploads", "1.0.0").limits(|limits| limits.body = 100 << 20);
    /// ```
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// With another treatment of a slash too many or too few at the end of a path.
    ///
    /// ```
    /// # use covet::{App, TrailingSlash};
    /// let app = App::new("Bookshop", "1.0.0").trailing_slash(TrailingSlash::Strict);
    /// ```
    pub fn trailing_slash(mut self, policy: TrailingSlash) -> Self {
        self.trailing_slash = policy;
        self
    }

    /// With pages of other origins that may call the app from a browser.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// With a limit of each client's requests to all routes together, beside the limits of the routes themselves. What
    /// the framework serves about the app, such as `/health`, is not counted.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// With proxies in front, as addresses or ranges (`10.0.0.0/8`), and the header in which they tell the client's
    /// address. From anybody else, and in any other header, it is ignored.
    pub fn trusted_proxies<T: Into<String>>(
        mut self,
        networks: impl IntoIterator<Item = T>,
        header: ProxyHeader,
    ) -> Self {
        self.trusted_proxies.extend(networks.into_iter().map(Into::into));
        self.proxy_header = header;
        self
    }

    /// With the way to tell who sends a request, for what is kept for each [principal](crate::Request::principal): the
    /// keys of [`IdempotencyKey`](crate::IdempotencyKey) and [`RateLimit::per_principal`](crate::RateLimit::per_principal).
    /// It must be proved: a header that anybody may write makes everybody whoever they like.
    ///
    /// ```
    /// # use covet::App;
    /// # fn account_of(_: &http::HeaderValue) -> Option<String> { None }
    /// let app = App::new("Bookshop", "1.0.0").principal(|head| account_of(head.headers.get("x-api-key")?));
    /// ```
    pub fn principal<F>(mut self, identify: F) -> Self
    where
        F: Fn(&http::request::Parts) -> Option<String> + Send + Sync + 'static,
    {
        self.principal = Some(Identify::new(identify));
        self
    }

    /// With other headers for browsers than the [usual ones](SecurityHeaders). Routes may have
    /// [their own](crate::Routes::security_headers).
    pub fn security_headers(mut self, headers: SecurityHeaders) -> Self {
        self.security_headers = headers;
        self
    }

    /// With compressed answers, for clients that take them. Routes may have [rules of their own](crate::Routes::compression).
    #[cfg(feature = "_compression")]
    pub fn compression(mut self, compression: crate::Compression) -> Self {
        self.compression = compression;
        self
    }

    /// With a line in the log for every request, when the last byte of its answer is on its way: an event of `tracing` at
    /// the level `info` with the target `covet::access`, which has the method, the route, the status, the duration, the bytes of
    /// the body, the address of the client and the request's id. Neither the query nor the path itself stand in it,
    /// since people put secrets into both. Routes may be [left out](crate::Routes::without_access_log).
    pub fn access_log(mut self) -> Self {
        self.access_log = true;
        self
    }

    /// With other rules for the keys of [`IdempotencyKey`](crate::IdempotencyKey). Routes may have
    /// [their own](crate::Routes::idempotency).
    #[cfg(feature = "_db")]
    pub fn idempotency(mut self, rules: crate::Idempotency) -> Self {
        self.idempotency = rules;
        self
    }

    /// With `/metrics`: counts and durations of the answered requests by method, route and status, as Prometheus reads
    /// them. Whoever can reach the app can read it, so keep it behind a proxy or in a private network.
    pub fn metrics(mut self) -> Self {
        self.metrics = true;
        self
    }

    /// With the address to serve on, `host:port`. Without it that is the environment's `COVET_BIND`, or else
    /// `127.0.0.1:8000`.
    ///
    /// ```
    /// # use covet::App;
    /// let app = App::new("Bookshop", "1.0.0").bind("0.0.0.0:8080");
    /// ```
    pub fn bind(mut self, address: impl Display) -> Self {
        self.bind = Some(address.to_string());
        self
    }

    /// Verifies the app and makes it ready to answer.
    ///
    /// ```
    /// # use covet::{App, get, routes};
    /// /// Say hello.
    /// #[get("/hello")]
    /// async fn hello() -> &'static str { "hello" }
    ///
    /// /// Say it at the same place.
    /// #[get("/hello")]
    /// async fn again() -> &'static str { "hello again" }
    ///
    /// let error = App::new("Greeter", "1.0.0").routes(routes![hello, again]).build().unwrap_err();
    /// assert_eq!(error.start_faults().len(), 1);
    /// assert!(error.to_string().contains("the same method and path"));
    /// ```
    ///
    /// # Errors
    /// Every fault at once, each with the place of the route in the source: conflicting routes, a type of state that
    /// nobody provided, two types that would share a name in the document, and the like.
    pub fn build(self) -> Result<Service> {
        build::build(self)
    }

    /// Serves the app until the process is told to stop (SIGTERM or SIGINT): then no more connections are taken, the
    /// requests at work are answered, and what is left after [`Limits::drain`] is cut off.
    ///
    /// With `COVET_INSPECT=openapi` or `COVET_INSPECT=routes` in the environment it prints JSON about the app instead,
    /// and serves nothing.
    ///
    /// ```no_run
    /// # use covet::{App, Result, get, routes};
    /// /// Say hello.
    /// #[get("/hello")]
    /// async fn hello() -> &'static str { "hello" }
    ///
    /// #[covet::main]
    /// async fn main() -> Result<()> {
    ///     App::new("Greeter", "1.0.0").routes(routes![hello]).serve().await
    /// }
    /// ```
    ///
    /// # Errors
    /// The faults of [`build`](Self::build), or an address that cannot be bound.
    pub async fn serve(self) -> Result<()> {
        if let Ok(subject) = std::env::var("COVET_INSPECT") {
            return inspect::inspect(self, &subject);
        }
        let address = self.bind.clone().or_else(|| std::env::var("COVET_BIND").ok());
        let address = address.unwrap_or_else(|| "127.0.0.1:8000".to_owned());
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host(&address)
            .await
            .map_err(|error| Error::new(format!("`{address}` is not an address to serve on: {error}")))?
            .collect();
        let service = self.build()?;
        server::serve(service, &addresses).await
    }
}
