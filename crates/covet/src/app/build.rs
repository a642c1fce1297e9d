//! From an app to a service: everything is verified, and every fault is told at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{App, Startup, pages};
use crate::client_address::{Network, Proxies};
use crate::finish::FinishSettings;
use crate::metrics::Metrics;
use crate::openapi::{Described, Operation, Schemas, document};
use crate::problem::{self, ProblemType, Problems};
use crate::request::Shared;
use crate::routing::{Pattern, Registered, Route, Router, RouterBuilder};
use crate::service::{Service, Settings};
use crate::tower::Layers;
use crate::{Cors, Error, Result, SecurityHeaders};

/// One reason why an app cannot start.
///
/// ```
/// # use covet::{App, State, get, routes};
/// /// Take what nobody gave.
/// #[get("/")]
/// async fn index(_: State<Vec<u8>>) -> &'static str { "" }
///
/// let error = App::new("Empty", "1.0.0").routes(routes![index]).build().unwrap_err();
/// assert!(error.start_faults()[0].message().contains("add it with .state(…)"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartFault {
    pub(super) message: String,
    pub(super) route: Option<String>,
}

impl StartFault {
    /// One that is not about a route.
    pub(super) fn of_app(message: String) -> Self {
        StartFault { message, route: None }
    }

    /// What is wrong, with the route that it is about and its place in the source.
    pub fn message(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.route {
            Some(route) => write!(f, "{route}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// What is gathered on the way.
pub(super) struct Building {
    schemas: Schemas,
    router: RouterBuilder,
    problems: Problems,
    described: Vec<Described>,
    operations: HashMap<String, String>,
    pub(super) faults: Vec<StartFault>,
    /// Whether an operation works on the framework's own tables.
    needs_tables: bool,
    /// Whether the app's secret comes from its database.
    has_stored_secret: bool,
    #[cfg(feature = "auth")]
    pub(super) access: super::access::Deciding,
}

/// An app in which no fault was found, before it has started.
pub(super) struct Built {
    pub(super) document: Value,
    pub(super) startup: Startup,
    pub(super) shared: Shared,
    router: Router,
    settings: Settings,
    layers: Layers,
}

impl Built {
    /// Connects, migrates and runs the program's steps.
    pub(super) async fn started(mut self) -> Result<Service> {
        std::mem::take(&mut self.startup).run(&mut self.shared).await?;
        Ok(self.into_service())
    }

    /// Who may call a route, for people.
    #[cfg(feature = "auth")]
    pub(super) fn access(&self, method: &http::Method, path: &str) -> Option<Value> {
        let auth = self.settings.auth.as_ref()?;
        let route = auth.matrix.iter().find(|route| route.method == method && route.path == path)?;
        Some(route.to_json(&auth.roles()))
    }

    pub(super) fn into_service(self) -> Service {
        Service::new(self.router, Arc::new(self.shared), self.settings, self.document).within(&self.layers)
    }
}

pub(super) fn build(mut app: App) -> Result<Built> {
    let pages = pages::Pages::share(&mut app.shared);
    let mut building = Building {
        schemas: Schemas::new(),
        router: RouterBuilder::default(),
        problems: Problems::default(),
        described: Vec::new(),
        operations: HashMap::new(),
        faults: Vec::new(),
        needs_tables: false,
        has_stored_secret: false,
        #[cfg(feature = "auth")]
        access: super::access::Deciding::of(app.auth.as_ref()),
    };
    #[cfg(feature = "_db")]
    {
        let secret = crate::secret::Secret::new(app.secret.take());
        building.has_stored_secret = secret.is_stored();
        building.faults.extend(secret.fault().map(StartFault::of_app));
        app.shared.insert(secret);
    }
    problem::ALL.iter().for_each(|problem| building.problems.add(problem));
    let own = match &app.rate_limit {
        Some(limit) => app.routes.clone().rate_limit(limit.clone()),
        None => app.routes.clone(),
    };
    let metrics = app.metrics.then(Arc::<Metrics>::default);
    let mut routes = own.and(pages::routes());
    if let Some(metrics) = &metrics {
        app.shared.insert(metrics.clone());
        routes = routes.and(pages::metrics_routes());
    }
    let own = app.routes.list.len();
    let routes = routes.list.into_iter().enumerate();
    routes.for_each(|(index, route)| building.add(&app, route, index < own));
    building.check_problem_names();
    #[cfg(feature = "template")]
    building.connect_templates(&app.shared);
    building.faults.extend(app.startup.faults(&app.shared));
    building.finish(app, &pages, metrics)
}

impl Building {
    pub(super) fn fault(&mut self, route: &Route, message: impl Into<String>) {
        let Route { method, path, function, place, .. } = route;
        let route = Some(format!("{method} {path} (`{function}` at {place})"));
        self.faults.push(StartFault { message: message.into(), route });
    }

    fn add(&mut self, app: &App, route: Route, is_counted: bool) {
        let pattern = match Pattern::parse(&route.path) {
            Ok(pattern) => pattern,
            Err(fault) => return self.fault(&route, fault),
        };
        let mut schemas = std::mem::replace(&mut self.schemas, Schemas::new());
        let mut operation = Operation::new(&mut schemas, &route.method);
        (route.describe)(&mut operation);
        for (id, name) in &operation.state {
            if !app.shared.contains(*id) && !app.startup.brings(*id) {
                let how = match name.rsplit("::").next() {
                    Some("Db") => ".database(…)",
                    Some("Templates") => ".templates(…)",
                    Some("Provider") => ".auth(Server::…)",
                    Some("Accounts>") => ".auth(Server::….people(Accounts::…))",
                    _ => ".state(…)",
                };
                self.fault(&route, format!("takes `{name}`, which the app was not given; add it with {how}"));
            }
        }
        for fault in std::mem::take(&mut operation.faults) {
            self.fault(&route, fault);
        }
        let headers = route.security_headers.iter().flat_map(SecurityHeaders::faults);
        for fault in headers.chain(route.cors.iter().flat_map(Cors::faults)) {
            self.fault(&route, fault);
        }
        #[cfg(feature = "template")]
        for fault in view_faults(&app.shared, &operation) {
            self.fault(&route, fault);
        }
        let media_types = operation.media_types();
        let reads_body = operation.body.is_some() || route.is_mount();
        let body_types = operation.body.iter().flat_map(|body| body.content.keys().copied()).collect();
        let refuses_cross_site = operation.refuses_cross_site();
        if refuses_cross_site {
            operation.problem(&problem::CROSS_SITE);
        }
        let (is_idempotent, takes_nonce) = (operation.is_idempotent, operation.takes_nonce);
        self.needs_tables |= is_idempotent || (operation.needs_secret && self.has_stored_secret);
        if is_idempotent {
            describe_replay(&mut operation);
        }
        add_framework_problems(&mut operation, &media_types);
        #[cfg(feature = "auth")]
        let guard = self.decide(&route, &mut operation);
        if !route.rate_limits.is_empty() {
            operation.problem(&problem::TOO_MANY_REQUESTS);
        }
        operation.problems.types.iter().for_each(|problem| self.problems.add(problem));
        if route.in_document {
            self.check_operation_id(&route);
            self.described.push(Described::new(&route, operation));
        }
        self.schemas = schemas;
        let registered = Registered {
            parameters: pattern.parameters.clone(),
            media_types,
            reads_body,
            is_counted,
            body_types,
            is_idempotent,
            takes_nonce,
            #[cfg(feature = "auth")]
            guard,
            refuses_cross_site,
            label: route.path.as_str().into(),
            handler: route.finished_handler(),
            route: route.clone(),
        };
        let registered = Arc::new(registered);
        let added = if route.is_mount() {
            self.router.add_mount(&pattern, &registered)
        } else {
            self.router.add(pattern, registered)
        };
        if let Err(fault) = added {
            self.fault(&route, fault);
        }
    }

    /// Lets templates find the static files, and looks at those that stand in place of the framework's own pages.
    #[cfg(feature = "template")]
    fn connect_templates(&mut self, shared: &Shared) {
        let Some(templates) = shared.get::<crate::Templates>() else { return };
        if let Some(assets) = shared.get::<crate::Assets>() {
            templates.connect(assets);
        }
        self.faults.extend(templates.check_error_page().err().map(StartFault::of_app));
        #[cfg(all(feature = "auth", feature = "_db"))]
        for (template, sample) in crate::auth::replaceable_pages(shared) {
            let fault = templates.check_replacement(template, &sample).err();
            // The samples of one page mostly find the same.
            let fault = fault.map(StartFault::of_app).filter(|fault| !self.faults.contains(fault));
            self.faults.extend(fault);
        }
    }

    fn check_operation_id(&mut self, route: &Route) {
        let here = format!("`{}` at {}", route.function, route.place);
        if let Some(other) = self.operations.insert(route.operation_id.clone(), here) {
            self.fault(
                route,
                format!(
                    "has the operation id `{}` of {other}; give one of them another with operation_id = \"…\"",
                    route.operation_id
                ),
            );
        }
    }

    fn check_problem_names(&mut self) {
        let mut names: HashMap<&str, &ProblemType> = HashMap::new();
        for problem in &self.problems.types {
            if let Some(other) = names.insert(problem.name, problem) {
                let message = format!(
                    "the problem type `{}` is declared twice, by {} and by {}; give one of them another name with \
                     #[problem(type = \"…\")]",
                    problem.name, other.declared_at, problem.declared_at
                );
                self.faults.push(StartFault::of_app(message));
            }
        }
    }

    fn finish(mut self, app: App, pages: &pages::Pages, metrics: Option<Arc<Metrics>>) -> Result<Built> {
        let info = info(&app);
        #[cfg(feature = "auth")]
        let auth = self.open(app.auth);
        #[cfg(feature = "auth")]
        let security_schemes = auth.iter().flat_map(|auth| auth.security_schemes()).collect();
        #[cfg(not(feature = "auth"))]
        let security_schemes = serde_json::Map::new();
        let (document, faults) = document(info, self.schemas, self.described, &self.problems, security_schemes);
        self.faults.extend(faults.into_iter().map(StartFault::of_app));
        let headers = app.security_headers.faults();
        self.faults.extend(headers.into_iter().map(StartFault::of_app));
        let cors = app.cors.iter().flat_map(Cors::faults);
        self.faults.extend(cors.map(StartFault::of_app));
        let (networks, faults) = networks(&app.trusted_proxies);
        let proxies = Proxies { networks, header: app.proxy_header };
        self.faults.extend(faults.into_iter().map(StartFault::of_app));
        if !self.faults.is_empty() {
            return Err(Error::start(self.faults));
        }
        pages.fill(&app.title, &document, &self.problems);
        let settings = Settings {
            limits: app.limits,
            trailing_slash: app.trailing_slash,
            cors: app.cors,
            proxies,
            metrics,
            principal: app.principal,
            rate_limit: app.rate_limit,
            access_log: app.access_log,
            finish: FinishSettings {
                security: app.security_headers,
                #[cfg(feature = "_compression")]
                compression: app.compression,
            },
            #[cfg(feature = "auth")]
            auth,
            #[cfg(feature = "_db")]
            idempotency: app.idempotency,
        };
        #[cfg_attr(not(feature = "_db"), expect(unused_mut, reason = "without a database there are no tables"))]
        let mut startup = app.startup;
        #[cfg(feature = "_db")]
        if self.needs_tables {
            startup.own = Some(&crate::tables::MIGRATIONS);
        }
        Ok(Built { document, startup, router: self.router.build(), shared: app.shared, settings, layers: app.layers })
    }
}

/// What is wrong with the templates of an operation's pages; without any templates that is told as a missing state.
#[cfg(feature = "template")]
fn view_faults(shared: &Shared, operation: &Operation<'_>) -> Vec<String> {
    let Some(templates) = shared.get::<crate::Templates>() else { return Vec::new() };
    operation.views.iter().filter_map(|view| templates.check(view).err()).collect()
}

/// The problems that the framework itself can answer at any operation, by what the operation does.
fn add_framework_problems(operation: &mut Operation<'_>, media_types: &[&str]) {
    operation.problem(&problem::URI_TOO_LONG);
    operation.problem(&problem::HEADERS_TOO_LARGE);
    operation.problem(&problem::INTERNAL);
    operation.problem(&problem::TIMED_OUT);
    operation.problem(&problem::OVERLOADED);
    if !media_types.is_empty() {
        operation.problem(&problem::NOT_ACCEPTABLE);
    }
}

/// An operation that takes a key may answer what it has answered before.
fn describe_replay(operation: &mut Operation<'_>) {
    for status in operation.statuses() {
        operation.response_header(&status, "Idempotent-Replayed", "`true` where the answer was given before");
    }
}

/// The ranges of addresses, and the texts that are none.
fn networks(texts: &[String]) -> (Vec<Network>, Vec<String>) {
    let (mut networks, mut faults) = (Vec::new(), Vec::new());
    for text in texts {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(fault) => faults.push(format!("trusted proxies: {fault}")),
        }
    }
    (networks, faults)
}

/// The Info Object (OpenAPI 3.1, section 4.8.2).
fn info(app: &App) -> Value {
    let mut info = json!({ "title": app.title, "version": app.version });
    if !app.description.is_empty() {
        info["description"] = json!(app.description);
    }
    info
}
