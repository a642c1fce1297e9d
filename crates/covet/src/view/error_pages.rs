//! Problems as pages, for clients that rather read HTML: browsers.

use std::sync::{Arc, LazyLock};

use covet_template::Engine;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

use super::developer::DeveloperPage;
use super::rendered::Rendered;
use super::templates::{self, ERROR_PAGE, Templates};
use crate::negotiation;
use crate::problem::MEDIA_TYPE;
use crate::request::Shared;
use crate::routing::Registered;
use crate::{Body, RequestId, Response};

/// What a page of the framework's own may load: its style sheet alone.
pub(super) const OWN_POLICY: &str = "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// The pages that the framework brings itself.
pub(super) static OWN: LazyLock<Engine> = LazyLock::new(|| {
    let mut engine = Engine::new();
    engine.add_embedded(&[
        ("style.css", include_str!("style.css")),
        (ERROR_PAGE, include_str!("error.html")),
        ("template_error.html", include_str!("template_error.html")),
    ]);
    engine
});

/// How the problems of one request are shown.
#[derive(Debug)]
pub(crate) struct ErrorPages {
    templates: Arc<Templates>,
    /// Whether the client likes a page better than JSON.
    wanted: bool,
}

impl ErrorPages {
    /// Those of an app that has templates.
    ///
    /// An operation that answers something else than pages, such as JSON, does so with its problems as well.
    pub(crate) fn of(shared: &Shared, route: Option<&Arc<Registered>>, headers: &HeaderMap) -> Option<Self> {
        let is_page = |types: &[&str]| types.is_empty() || types.contains(&"text/html");
        if !route.is_none_or(|route| is_page(&route.media_types)) {
            return None;
        }
        let templates = shared.get::<Templates>()?;
        Some(ErrorPages { templates, wanted: negotiation::prefers_html(headers) })
    }

    /// The response, or in place of a problem its page.
    pub(crate) async fn apply(self, response: Response, id: RequestId) -> Response {
        let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == MEDIA_TYPE);
        if !is_problem {
            return response;
        }
        let (mut head, body) = response.into_parts();
        head.headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        if !self.wanted {
            return Response::from_parts(head, body);
        }
        // A problem is small and lies in memory as a whole.
        let bytes = match body.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(request.id = %id, %error, "a problem could not be shown as a page");
                return Response::from_parts(head, Body::empty());
            }
        };
        let page = match head.extensions.remove::<DeveloperPage>() {
            Some(page) => Some(page.0),
            None => serde_json::from_slice(&bytes).ok().and_then(|problem| self.page(&problem, id)),
        };
        let Some(page) = page else { return Response::from_parts(head, Body::from(bytes)) };
        let body = page.into_body(&mut head);
        Response::from_parts(head, body)
    }

    /// The page of a problem: the app's own, or where it has none or that fails, the framework's.
    fn page(&self, problem: &Value, id: RequestId) -> Option<Rendered> {
        let context = json!({ "problem": problem });
        match self.templates.page(ERROR_PAGE, &context) {
            Ok(page) => return Some(page),
            Err(error) if templates::is_absent(&error) => {}
            Err(error) => {
                tracing::error!(request.id = %id, "the page of a problem could not be rendered: {error:#}");
            }
        }
        match Rendered::new(&OWN, Some(OWN_POLICY), ERROR_PAGE, &context) {
            Ok(page) => Some(page),
            Err(error) => {
                tracing::error!(request.id = %id, "the page of a problem could not be rendered: {error:#}");
                None
            }
        }
    }
}
