//! The app: what is served, and under which settings.

#[cfg(feature = "auth")]
mod access;
mod build;
mod health;
mod inspect;
mod pages;
mod settings;
mod startup;

pub use build::StartFault;
#[cfg(feature = "docs")]
pub(crate) use pages::{Pages, takes_gzip};
pub use settings::{Limits, TrailingSlash};
pub(crate) use startup::Startup;

use std::fmt::Display;

use bytes::Bytes;

use crate::principal::Identify;
use crate::request::Shared;
use crate::routing::Routes;
use crate::server::{self, Address};
use crate::service::Service;
use crate::tower::Layers;
use crate::{Body, BoxError, Cors, Error, Next, ProxyHeader, RateLimit, Result, Runtime, SecurityHeaders};

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
    #[cfg(feature = "_db")]
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) security_headers: SecurityHeaders,
    #[cfg(feature = "_compression")]
    pub(crate) compression: crate::Compression,
    #[cfg(feature = "auth")]
    pub(crate) auth: Option<crate::auth::ResourceServer>,
    #[cfg(feature = "_db")]
    pub(crate) idempotency: crate::Idempotency,
    pub(crate) bind: Option<String>,
    pub(crate) startup: Startup,
    pub(crate) server: server::Settings,
    pub(crate) layers: Layers,
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
            #[cfg(feature = "_db")]
            secret: None,
            security_headers: SecurityHeaders::default(),
            #[cfg(feature = "_compression")]
            compression: crate::Compression::off(),
            #[cfg(feature = "auth")]
            auth: None,
            #[cfg(feature = "_db")]
            idempotency: crate::Idempotency::default(),
            bind: None,
            startup: Startup::default(),
            server: server::Settings::default(),
            layers: Layers::default(),
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

    /// With the database that handlers take as `Db`: one that is connected, or the call that connects one, without its
    /// `.await`. The app then connects when it starts, and not at all when it is only looked into.
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
    /// let app = App::new("Bookshop", "1.0.0").database(Db::connect("sqlite::memory:")).routes(routes![count]);
    /// let app = app.prepare().await?;
    /// assert!(app.build().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "_db")]
    pub fn database<D>(mut self, db: D) -> Self
    where
        D: IntoFuture<Output = covet_db::Result<covet_db::Db>, IntoFuture: Send + 'static>,
    {
        match startup::Connecting::new(db.into_future()) {
            startup::Connecting::Done(db) => self.state(db),
            startup::Connecting::Pending(connecting) => {
                self.startup.database = Some(connecting);
                self
            }
        }
    }

    /// With migrations that are applied before the app is served, after those of the sets that were given before.
    ///
    /// ```no_run
    /// # use covet::{App, Db, Result};
    /// use covet::db::migrations;
    ///
    /// # #[covet::main]
    /// # async fn main() -> Result<()> {
    /// App::new("Bookshop", "1.0.0")
    ///     .database(Db::from_env_or("sqlite:bookshop.db"))
    /// # ;
    /// # macro_rules! migrations { ($folder:literal) => { covet::db::migrations!("../../examples/bookshop/migrations") } }
    /// # App::new("Bookshop", "1.0.0").database(Db::from_env_or("sqlite:bookshop.db"))
    ///     .migrations(migrations!("migrations"))
    ///     .serve()
    ///     .await
    /// # }
    /// ```
    #[cfg(feature = "_db")]
    pub fn migrations(mut self, migrations: covet_db::Migrations) -> Self {
        self.startup.migrations.push(migrations);
        self
    }

    /// With a step that is taken before the app is served, once the database is migrated; a program may have several.
    ///
    /// ```
    /// # use covet::{App, Db, Result};
    /// /// Without a first book the shop is empty.
    /// async fn first_book(db: Db) -> Result<()> {
    ///     db.execute("CREATE TABLE IF NOT EXISTS books (title TEXT NOT NULL)").await?;
    ///     db.execute("INSERT INTO books SELECT 'Emma' WHERE NOT EXISTS (SELECT * FROM books)").await?;
    ///     Ok(())
    /// }
    ///
    /// # #[covet::main]
    /// # async fn main() -> Result<()> {
    /// let app = App::new("Bookshop", "1.0.0").database(Db::connect("sqlite::memory:")).on_start(first_book);
    /// # app.prepare().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "_db")]
    pub fn on_start<F>(mut self, step: impl FnOnce(covet_db::Db) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.startup.steps.push(Box::new(|db| Box::pin(step(db))));
        self
    }

    /// With static files, each under a name that changes with its content.
    ///
    /// ```
    /// # use covet::{App, assets};
    /// let app = App::new("Bookshop", "1.0.0").assets(assets!("assets/swagger-ui"));
    /// assert!(app.build().is_ok());
    /// ```
    pub fn assets(self, assets: crate::Assets) -> Self {
        let routes = assets.routes();
        self.state(assets).routes(routes)
    }

    /// With templates, which structs with [`#[covet::view]`](macro@crate::view) render. Problems become pages for clients that
    /// rather read HTML than JSON; a template `error.html` makes them look as the app likes, and has the document of the
    /// problem as `problem`.
    ///
    /// ```
    /// # use covet::{App, templates};
    /// let app = App::new("Bookshop", "1.0.0").templates(templates!("tests/it/templates"));
    /// assert!(app.build().is_ok());
    /// ```
    #[cfg(feature = "template")]
    pub fn templates(self, templates: crate::Templates) -> Self {
        self.state(templates.ready())
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

    /// With pages of other origins that may call the app from a browser. Routes may have [their own](crate::Routes::cors).
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

    /// With proxies in front, as addresses or ranges (`10.0.0.0/8`) or as `unix` for whoever comes over the app's Unix socket, and the
    /// header in which they tell the client's address. From anybody else, and in any other header, it is ignored.
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

    /// With the secret from which the keys are made that sign what is given to clients and comes back, such as the cursors of
    /// [`Paging`](crate::Paging): at least 32 random bytes, the same for every process of the app. Without it that is the
    /// environment's `COVET_SECRET`, or else one that the app makes and keeps in its database.
    ///
    /// ```
    /// # use covet::App;
    /// let app = App::new("Bookshop", "1.0.0").secret("e3b0c44298fc1c149afbf4c8996fb924");
    /// assert!(app.build().is_ok());
    /// ```
    #[cfg(feature = "_db")]
    pub fn secret(mut self, secret: impl Into<Vec<u8>>) -> Self {
        self.secret = Some(secret.into());
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

    /// With callers that are known by their tokens. From here on every route must say who may call it: by an argument
    /// [`Auth`](crate::Auth), `Option<Auth>` or [`Public`](crate::Public), or by its group, with
    /// [`Routes::require`](crate::Routes::require) or [`Routes::public`](crate::Routes::public). A route that says
    /// nothing keeps the app from starting.
    ///
    /// The caller's subject is the [principal](crate::Request::principal) of the request.
    #[cfg(feature = "auth")]
    pub fn auth(self, auth: impl crate::auth::Install) -> Self {
        auth.install(self)
    }

    /// With the address to serve on, `host:port` or `unix:/path` for a Unix socket. Without it that is the environment's
    /// `COVET_BIND`, or else `127.0.0.1:8000`.
    ///
    /// ```
    /// # use covet::App;
    /// let app = App::new("Bookshop", "1.0.0").bind("0.0.0.0:8080");
    /// let app = App::new("Bookshop", "1.0.0").bind("unix:/run/bookshop/http.sock");
    /// ```
    pub fn bind(mut self, address: impl Display) -> Self {
        self.bind = Some(address.to_string());
        self
    }

    /// With the permissions of the Unix socket that it is served on, if it is on one. Without it they are `0o660`: its owner and its
    /// group can connect.
    ///
    /// ```
    /// # use covet::App;
    /// let app = App::new("Bookshop", "1.0.0").bind("unix:/run/bookshop/http.sock").socket_mode(0o666);
    /// ```
    pub fn socket_mode(mut self, mode: u32) -> Self {
        self.server.socket_mode = mode;
        self
    }

    /// With other threads for its connections than those of the runtime that serves it; which to choose when, [`Runtime`]
    /// says.
    ///
    /// ```
    /// # use covet::{App, Runtime};
    /// let app = App::new("Bookshop", "1.0.0").runtime(Runtime::PerCore);
    /// ```
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.server.runtime = runtime;
        self
    }

    /// Served over TLS, on TCP; a Unix socket stays without.
    ///
    /// ```no_run
    /// # use covet::{App, Result, Tls};
    /// # fn app() -> Result<App> {
    /// let tls = Tls::files("cert.pem", "key.pem")?;
    /// Ok(App::new("Bookshop", "1.0.0").bind("0.0.0.0:443").tls(tls))
    /// # }
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: crate::Tls) -> Self {
        self.server.tls = Some(tls);
        self
    }

    /// Within a layer of tower, around everything: it sees each request before the app does, and what it answers itself has no request
    /// id and is not counted. A second layer goes around the first. An error of the layer is the problem 500.
    ///
    /// [`Routes::layer`](crate::Routes::layer) puts one around some routes.
    ///
    /// ```
    /// use covet::{App, get, routes};
    /// use tower::util::MapResponseLayer;
    ///
    /// /// Say hello.
    /// #[get("/hello")]
    /// async fn hello() -> &'static str { "hello" }
    ///
    /// # #[covet::main]
    /// # async fn main() -> covet::Result<()> {
    /// let layer = MapResponseLayer::new(|mut response: covet::Response| {
    ///     response.headers_mut().insert("x-served-by", http::HeaderValue::from_static("us"));
    ///     response
    /// });
    /// let app = App::new("Greeter", "1.0.0").routes(routes![hello]).layer(layer);
    /// assert_eq!(covet::test::Client::new(app)?.get("/nowhere").send().await.header("x-served-by"), Some("us"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: tower_layer::Layer<Next> + Send + Sync + 'static,
        L::Service:
            tower_service::Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<http::Request<Body>>>::Error: Into<BoxError>,
        <L::Service as tower_service::Service<http::Request<Body>>>::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.layers.push(layer);
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
    /// nobody provided, two types that would share a name in the document, and the like. Also that the app has a
    /// database to connect, migrations or steps of the start: then it is [prepared](Self::prepare) first.
    pub fn build(self) -> Result<Service> {
        let built = build::build(self)?;
        if built.startup.is_pending() {
            let message = "the app has a database to connect, migrations or steps of its start; call \
                           `.prepare().await` before it is built";
            return Err(Error::start(vec![StartFault::of_app(message.to_owned())]));
        }
        Ok(built.into_service())
    }

    /// Does what comes before serving: connects the database, applies the migrations and takes the steps of
    /// [`on_start`](Self::on_start). [`serve`](Self::serve) does it by itself; tests, and programs that call the app's
    /// [`Service`] themselves, do it here.
    ///
    /// ```
    /// # use covet::{App, Db, Result, test::Client};
    /// # #[covet::main]
    /// # async fn main() -> Result<()> {
    /// let app = App::new("Bookshop", "1.0.0").database(Db::connect("sqlite::memory:"));
    /// let client = Client::new(app.prepare().await?)?;
    /// assert_eq!(client.get("/health").send().await.text(), "ready");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// That the database cannot be reached, that a migration cannot be applied, or the error of a step; and before all of that
    /// what is wrong with the roles that the app was given, so that none is written then. Routes come before it for that reason.
    pub async fn prepare(mut self) -> Result<Self> {
        #[cfg_attr(not(feature = "auth"), expect(unused_mut, reason = "without callers there are no roles"))]
        let mut faults = self.startup.faults(&self.shared);
        #[cfg(feature = "auth")]
        faults.extend(access::role_faults(&self));
        if !faults.is_empty() {
            return Err(Error::start(faults));
        }
        std::mem::take(&mut self.startup).run(&mut self.shared).await?;
        Ok(self)
    }

    /// Serves the app until the process is told to stop (SIGTERM or SIGINT): then no more connections are taken, the
    /// requests at work are answered, and what is left after [`Limits::drain`], or when the process is told again, is cut off.
    ///
    /// With `COVET_INSPECT=openapi`, `routes` or `migrations` in the environment it prints JSON about the app instead,
    /// and neither serves nor connects; with `COVET_MIGRATE=up` or `status` it applies its migrations or says how they
    /// stand, as JSON, and ends.
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
        #[cfg(feature = "_db")]
        if let Ok(command) = std::env::var("COVET_MIGRATE") {
            return startup::migrate::migrate(self, &command).await;
        }
        let address = self.bind.clone().or_else(|| std::env::var("COVET_BIND").ok());
        let address = address.unwrap_or_else(|| "127.0.0.1:8000".to_owned());
        let address = Address::resolve(&address).await?;
        let settings = self.server.clone();
        server::serve(build::build(self)?.started().await?, &address, &settings).await
    }
}
