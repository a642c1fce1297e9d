//! Whether every route says who may call it, and what the document says of that.

use covet_auth::rbac::Registry;
use http::Method;
use serde_json::{Value, json};

use super::App;
use super::build::{Building, StartFault};
use crate::auth::{Access, Authentication, Decision, FORBIDDEN, Guard, ResourceServer, RouteAccess, UNAUTHENTICATED};
use crate::openapi::{Operation, Schemas};
use crate::problem::{CROSS_SITE, MALFORMED_REQUEST};
use crate::routing::Route;

/// What was seen on the way.
#[derive(Debug)]
pub(super) struct Deciding {
    /// Whether the app knows its callers.
    is_configured: bool,
    /// Whether it knows them by sessions as well.
    has_sessions: bool,
    /// The names of what it knows them by.
    schemes: Vec<&'static str>,
    /// What was decided, in the order of the routes.
    guards: Vec<(Method, String, Option<Guard>)>,
    /// The list of the app's permissions, with the first route that asks for one.
    registry: Option<(&'static Registry, String)>,
}

/// Of an app whose routes ask for no permission.
static NOTHING: Registry = Registry::new(&[]);

/// What is wrong with the roles that an app was given, told before any of them is written.
pub(super) fn role_faults(app: &App) -> Vec<StartFault> {
    let Some(auth) = &app.auth else { return Vec::new() };
    let mut schemas = Schemas::new();
    let registry = app.routes.list.iter().find_map(|route| {
        let mut operation = Operation::new(&mut schemas, &route.method);
        (route.describe)(&mut operation);
        operation.decisions.iter().chain(&route.decisions).find_map(Decision::registry)
    });
    auth.role_faults(registry.unwrap_or(&NOTHING)).into_iter().map(StartFault::of_app).collect()
}

impl Deciding {
    pub(super) fn of(server: Option<&ResourceServer>) -> Self {
        let has_sessions = server.is_some_and(|server| server.session_cookie().is_some());
        let schemes = server.map(ResourceServer::schemes).unwrap_or_default();
        Deciding { is_configured: server.is_some(), has_sessions, schemes, guards: Vec::new(), registry: None }
    }
}

impl Building {
    /// What the route's arguments and groups say; what they should have said is a fault.
    pub(super) fn decide(&mut self, route: &Route, operation: &mut Operation<'_>) -> Option<Guard> {
        let guard = self.guard(route, operation);
        self.access.guards.push((route.method.clone(), route.path.clone(), guard.clone()));
        guard
    }

    fn guard(&mut self, route: &Route, operation: &mut Operation<'_>) -> Option<Guard> {
        let access = match Access::of(&operation.decisions, &route.decisions) {
            Ok(access) => access,
            Err(fault) => {
                self.fault(route, fault);
                return None;
            }
        };
        let guard = match (access, self.access.is_configured) {
            (Some(Access::Guarded(guard)), true) => guard,
            (Some(Access::Guarded(_)), false) => {
                self.fault(route, "asks who calls, which the app cannot tell; add .auth(…)");
                return None;
            }
            (None, true) => {
                let message = "does not say who may call it: take `Auth<…>`, `Option<Auth>` or `Public`, or put \
                               .require::<…>() or .public() on its group";
                self.fault(route, message);
                return None;
            }
            (Some(Access::Public), _) | (None, false) => return None,
        };
        for registry in guard.registries() {
            self.check_registry(route, registry);
        }
        operation.security = Some(self.security(&guard));
        operation.problem(&MALFORMED_REQUEST);
        operation.problem(&UNAUTHENTICATED);
        if !guard.is_optional() && !guard.alternatives().iter().any(|set| set.is_empty()) {
            operation.problem(&FORBIDDEN);
        }
        if self.access.has_sessions {
            describe_sessions(operation, &guard);
        }
        Some(guard)
    }

    /// Two lists of permissions would give two permissions the same place.
    fn check_registry(&mut self, route: &Route, registry: &'static Registry) {
        match &self.access.registry {
            None => self.access.registry = Some((registry, format!("`{}` at {}", route.function, route.place))),
            Some((first, _)) if std::ptr::eq(*first, registry) => {}
            Some((_, other)) => {
                let message = format!(
                    "asks for a permission of another `permissions!` than {other}; an app has one list of permissions"
                );
                self.fault(route, message);
            }
        }
    }

    /// The Security Requirement Objects (OpenAPI 3.1, section 4.8.30): one is enough; `{}` is for callers that nobody knows.
    fn security(&self, guard: &Guard) -> Value {
        let registry = self.access.registry.as_ref().map_or(&NOTHING, |(registry, _)| registry);
        let nobody = guard.is_optional().then(|| json!({}));
        let known = guard.alternatives().into_iter().flat_map(|set| {
            let names: Vec<_> = registry.names(set).collect();
            self.access.schemes.iter().map(move |scheme| json!({ *scheme: names }))
        });
        nobody.into_iter().chain(known).collect()
    }

    /// What the app knows its callers by, with the permissions that its routes ask for.
    pub(super) fn open(&mut self, auth: Option<ResourceServer>) -> Option<Authentication> {
        let registry = self.access.registry.as_ref().map_or(&NOTHING, |(registry, _)| registry);
        match auth?.open(registry) {
            Ok(mut auth) => {
                let guards = std::mem::take(&mut self.access.guards).into_iter();
                let route =
                    |(method, path, guard): (_, _, Option<_>)| RouteAccess::new(method, path, guard.as_ref(), registry);
                auth.matrix = guards.map(route).collect();
                Some(auth)
            }
            Err(faults) => {
                self.faults.extend(faults.into_iter().map(StartFault::of_app));
                None
            }
        }
    }
}

/// What a browser's session brings: other sites' pages are refused, and who asks for a page is sent to log in.
fn describe_sessions(operation: &mut Operation<'_>, guard: &Guard) {
    if !operation.method().is_safe() {
        operation.problem(&CROSS_SITE);
    } else if !guard.is_optional() && operation.media_types().contains(&"text/html") {
        operation.response_empty(303, "Log in first");
        operation.response_header(303, "Location", "Where to");
    }
}
