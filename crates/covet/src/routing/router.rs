//! From a method and a path to a route.

use std::sync::Arc;

use http::{HeaderValue, Method};

use super::route::ANY_METHOD;
use super::{Handler, Pattern, Route};
use crate::request::MatchedPath;

/// A route that is being served.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) route: Route,
    pub(crate) handler: Handler,
    pub(crate) parameters: Vec<Arc<str>>,
    /// The media types of its answers; empty where it may answer anything.
    pub(crate) media_types: Vec<&'static str>,
    pub(crate) reads_body: bool,
    /// Whether its requests count among those that may be at work.
    pub(crate) is_counted: bool,
    /// The media types of its body.
    pub(crate) body_types: Vec<&'static str>,
    #[cfg_attr(not(feature = "_db"), expect(dead_code, reason = "keys are kept in a database"))]
    pub(crate) is_idempotent: bool,
    pub(crate) takes_nonce: bool,
    /// Who may call, where that is not everybody.
    #[cfg(feature = "auth")]
    pub(crate) guard: Option<crate::auth::Guard>,
    /// Whether it is kept from pages of other sites.
    pub(crate) refuses_cross_site: bool,
    /// The path, as what is counted is called.
    pub(crate) label: Arc<str>,
}

/// All routes, by path and method.
#[derive(Debug)]
pub(crate) struct Router {
    tree: matchit::Router<usize>,
    paths: Vec<PathEntry>,
}

#[derive(Debug)]
struct PathEntry {
    methods: Vec<(Method, Arc<Registered>)>,
    options: Options,
}

/// What OPTIONS tells of a path.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) allow: HeaderValue,
    /// The media types of the patches that it takes (RFC 5789, section 3.1).
    pub(crate) accept_patch: Option<HeaderValue>,
}

/// What the router knows of a request.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// The route, and its parameters' places.
    Route(&'a Arc<Registered>, MatchedPath),
    /// The path exists, but not with this method.
    OtherMethods(&'a Options),
    /// OPTIONS on a path that has no handler for it.
    Options(&'a Options),
    /// Nothing is here.
    Nothing,
}

impl<'a> Found<'a> {
    /// The route, where there is one.
    pub(crate) fn route(&self) -> Option<&'a Arc<Registered>> {
        match self {
            Found::Route(registered, _) => Some(registered),
            Found::OtherMethods(_) | Found::Options(_) | Found::Nothing => None,
        }
    }
}

/// The path with its trailing slash added or taken away.
#[derive(Debug)]
pub(crate) struct TrailingSlashFound(pub(crate) String);

impl Router {
    /// The route of a request.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let normalized = super::normalize(path);
        let matched_path = normalized.as_deref().unwrap_or(path);
        let Ok(matched) = self.tree.at(matched_path) else { return Found::Nothing };
        let entry = &self.paths[*matched.value];
        let Some(registered) = entry.get(method) else {
            return if method == Method::OPTIONS {
                Found::Options(&entry.options)
            } else {
                Found::OtherMethods(&entry.options)
            };
        };
        let start = matched_path.as_ptr() as usize;
        let range = |value: &str| {
            let begin = value.as_ptr() as usize - start;
            begin..begin + value.len()
        };
        let values = matched.params.iter().map(|(_, value)| range(value));
        let parameters = registered.parameters.iter().cloned().zip(values).collect();
        Found::Route(registered, MatchedPath { normalized, parameters })
    }

    /// Whether something is served at the path.
    pub(crate) fn has(&self, path: &str) -> bool {
        let normalized = super::normalize(path);
        self.tree.at(normalized.as_deref().unwrap_or(path)).is_ok()
    }

    /// The other spelling of the path, with or without its last slash, when something is served there. A path that
    /// begins with two slashes has none: as the target of a redirect it would name another host. Browsers take a
    /// backslash for a slash.
    pub(crate) fn other_slash(&self, path: &str) -> Option<TrailingSlashFound> {
        if path.starts_with("//") || path.contains('\\') || path == "/" {
            return None;
        }
        let other = path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
        self.has(&other).then_some(TrailingSlashFound(other))
    }
}

impl PathEntry {
    fn get(&self, method: &Method) -> Option<&Arc<Registered>> {
        let find = |wanted: &Method| self.methods.iter().find(|(known, _)| known == wanted).map(|(_, route)| route);
        // A HEAD is a GET whose body is not sent (RFC 9110, section 9.3.2).
        let found = find(method).or_else(|| (method == Method::HEAD).then(|| find(&Method::GET)).flatten());
        found.or_else(|| self.methods.iter().find(|(_, route)| route.route.is_mount()).map(|(_, route)| route))
    }

    fn accept_patch(&self) -> Option<HeaderValue> {
        let types = &self.get(&Method::PATCH)?.body_types;
        HeaderValue::try_from(types.join(", ")).ok().filter(|value| !value.is_empty())
    }

    fn allow(&self) -> HeaderValue {
        let mut methods: Vec<&str> = self.methods.iter().map(|(method, _)| method.as_str()).collect();
        methods.retain(|method| *method != ANY_METHOD);
        for (implied, by) in [("HEAD", Some("GET")), ("OPTIONS", None)] {
            if !methods.contains(&implied) && by.is_none_or(|by| methods.contains(&by)) {
                methods.push(implied);
            }
        }
        HeaderValue::try_from(methods.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("OPTIONS"))
    }
}

/// Collects routes, and every fault among them.
#[derive(Debug, Default)]
pub(crate) struct RouterBuilder {
    tree: matchit::Router<usize>,
    paths: Vec<Vec<Arc<Registered>>>,
    shapes: std::collections::HashMap<String, usize>,
}

impl RouterBuilder {
    /// Adds a route.
    ///
    /// # Errors
    /// Why it cannot stand beside the ones before it.
    pub(crate) fn add(&mut self, pattern: Pattern, registered: Arc<Registered>) -> Result<(), String> {
        let Some(&index) = self.shapes.get(&pattern.shape) else {
            return self.add_path(pattern.shape, registered);
        };
        let known = &mut self.paths[index];
        if let Some(same) = known.iter().find(|one| one.route.method == registered.route.method) {
            return Err(format!("the same method and path as `{}` at {}", same.route.function, same.route.place));
        }
        if let Some(other) = known.iter().find(|one| one.route.path != registered.route.path && !one.route.is_mount()) {
            return Err(format!(
                "its parameters have other names than in `{}` of `{}` at {}; a path has one spelling",
                other.route.path, other.route.function, other.route.place
            ));
        }
        known.push(registered);
        Ok(())
    }

    /// Adds a service that takes everything below its path.
    ///
    /// # Errors
    /// Why it cannot stand beside the routes before it.
    pub(crate) fn add_mount(&mut self, pattern: &Pattern, registered: &Arc<Registered>) -> Result<(), String> {
        if !pattern.parameters.is_empty() {
            return Err("a prefix has no parameters".into());
        }
        let prefix = pattern.shape.trim_end_matches('/');
        let mut shapes = vec![format!("{prefix}/"), format!("{prefix}/{{*0}}")];
        shapes.extend((!prefix.is_empty()).then(|| prefix.to_owned()));
        for shape in shapes {
            self.add(Pattern { parameters: Vec::new(), shape }, registered.clone())?;
        }
        Ok(())
    }

    fn add_path(&mut self, shape: String, registered: Arc<Registered>) -> Result<(), String> {
        let index = self.paths.len();
        self.tree.insert(shape.as_str(), index).map_err(|error| match error {
            matchit::InsertError::Conflict { with } => {
                let other = self.shapes.get(&with).and_then(|&index| self.paths[index].first());
                other.map_or_else(
                    || format!("its path conflicts with `{with}`"),
                    |other| {
                        let Route { path, function, place, .. } = &other.route;
                        format!("its path conflicts with `{path}` of `{function}` at {place}")
                    },
                )
            }
            other => other.to_string(),
        })?;
        self.shapes.insert(shape, index);
        self.paths.push(vec![registered]);
        Ok(())
    }

    pub(crate) fn build(self) -> Router {
        let entry = |routes: Vec<Arc<Registered>>| {
            let methods = routes.into_iter().map(|route| (route.route.method.clone(), route)).collect();
            let options = Options { allow: HeaderValue::from_static(""), accept_patch: None };
            let mut entry = PathEntry { methods, options };
            entry.options = Options { allow: entry.allow(), accept_patch: entry.accept_patch() };
            entry
        };
        Router { tree: self.tree, paths: self.paths.into_iter().map(entry).collect() }
    }
}
