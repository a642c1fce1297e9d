//! What every app serves about itself: the OpenAPI document, the docs page, and the pages of the problem types.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use base64::Engine as _;
use bytes::Bytes;
use covet_template::escape;
use http::{HeaderValue, header};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::metrics::Metrics;
use crate::openapi::to_yaml;
use crate::problem::{NOT_FOUND, ProblemDetails, ProblemType, Problems};
use crate::request::Shared;
use crate::routing::Routes;
use crate::{Body, Html, Path, Problem, Responder, Responding, Response, State, get, openapi, routes};

/// The pages. They are shared with their handlers before they are made, since the document is about all routes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pages(Arc<OnceLock<Content>>);

#[derive(Debug, Default)]
struct Content {
    json: Bytes,
    yaml: Bytes,
    #[cfg_attr(not(feature = "docs"), expect(dead_code, reason = "only the docs page has the app's title"))]
    title: String,
    /// The client that the docs page is, where it can log in.
    #[cfg_attr(not(feature = "docs"), expect(dead_code, reason = "only the docs page logs in"))]
    docs_client: String,
    problems: BTreeMap<&'static str, &'static ProblemType>,
}

impl Pages {
    /// Puts the pages among the values that the app shares.
    pub(super) fn share(shared: &mut Shared) -> Self {
        let pages = Pages::default();
        shared.insert(pages.clone());
        pages
    }

    /// Makes the pages.
    pub(super) fn fill(&self, title: &str, document: &Value, problems: &Problems) {
        self.0.get_or_init(|| Content {
            json: document.to_string().into(),
            yaml: to_yaml(document).into(),
            title: title.to_owned(),
            docs_client: document["components"]["securitySchemes"]["oauth2"]["x-docs-client"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            problems: problems.types.iter().map(|problem| (problem.name, *problem)).collect(),
        });
    }

    fn content(&self) -> &Content {
        self.0.get_or_init(Content::default)
    }

    /// The client that the docs page is, or an empty text.
    #[cfg(feature = "docs")]
    pub(crate) fn docs_client(&self) -> &str {
        &self.content().docs_client
    }

    /// The title of the app.
    #[cfg(feature = "docs")]
    pub(crate) fn title(&self) -> &str {
        &self.content().title
    }
}

/// The routes of these pages. They are not part of the document: it is about the app, not about itself.
pub(super) fn routes() -> Routes {
    let routes = routes![openapi_json, openapi_yaml, problem_list, problem_page].and(super::health::routes());
    #[cfg(feature = "docs")]
    let routes = routes.and(crate::docs::routes());
    own(routes)
}

/// What the framework serves of itself is for everybody, and not a part of the app.
fn own(routes: Routes) -> Routes {
    #[cfg(feature = "auth")]
    let routes = routes.public();
    routes.hidden()
}

/// The route of the metrics, for an app that wants it.
pub(super) fn metrics_routes() -> Routes {
    own(routes![metrics])
}

/// What the server has done, for Prometheus.
#[get("/metrics", crate = "crate")]
async fn metrics(metrics: State<Arc<Metrics>>, database: super::health::Database) -> Plain {
    let mut text = metrics.text();
    database.write_metrics(&mut text);
    Plain { media_type: "text/plain; version=0.0.4; charset=utf-8", body: text.into() }
}

/// A response whose media type the route's other answers do not share.
pub(crate) struct Plain {
    pub(crate) media_type: &'static str,
    pub(crate) body: Body,
}

impl Responder for Plain {
    fn describe(operation: &mut openapi::Operation<'_>) {
        operation.response_anything();
    }

    fn respond(self, _: &Responding<'_>) -> Response {
        let mut response = Response::new(self.body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        response
    }
}

/// The OpenAPI document.
#[get("/openapi.json", crate = "crate")]
async fn openapi_json(pages: State<Pages>) -> Plain {
    Plain { media_type: "application/json", body: pages.content().json.clone().into() }
}

/// The OpenAPI document.
#[get("/openapi.yaml", crate = "crate")]
async fn openapi_yaml(pages: State<Pages>) -> Plain {
    Plain { media_type: "application/yaml", body: pages.content().yaml.clone().into() }
}

/// No problem type has this name.
#[derive(Debug)]
struct NoSuchProblem;

impl Problem for NoSuchProblem {
    fn describe(problems: &mut Problems) {
        problems.add(&NOT_FOUND);
    }

    fn into_details(self) -> ProblemDetails {
        ProblemDetails::new(&NOT_FOUND)
    }
}

/// All problem types.
#[get("/problems", crate = "crate")]
async fn problem_list(pages: State<Pages>) -> OwnPage {
    let mut rows = String::new();
    for problem in pages.content().problems.values() {
        let title = escape::html(problem.title);
        rows.push_str(&format!("<li><a href=\"{}\">{title}</a> ({})</li>\n", problem.uri(), problem.status));
    }
    page("Problems", &format!("<h1>Problems</h1>\n<ul>\n{rows}</ul>"))
}

/// One problem type.
#[get("/problems/{name}", crate = "crate")]
async fn problem_page(name: Path<String>, pages: State<Pages>) -> Result<OwnPage, NoSuchProblem> {
    let problem = pages.content().problems.get(name.as_str()).ok_or(NoSuchProblem)?;
    let description = match problem.description {
        "" => String::new(),
        text => format!("<p>{}</p>\n", with_code(text)),
    };
    let body = format!(
        "<h1>{}</h1>\n<p>Status {}, type <code>{}</code></p>\n{description}<p><a href=\"/problems\">All problems</a></p>",
        escape::html(problem.title),
        problem.status,
        problem.uri(),
    );
    Ok(page(problem.title, &body))
}

/// The text with what stands between backticks as code.
fn with_code(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| match (index % 2, escape::html(part)) {
        (0, part) => part.into_owned(),
        (_, part) => format!("<code>{part}</code>"),
    });
    parts.collect()
}

/// Enough for a page to be read with pleasure on a phone and at night.
const STYLE: &str = "body{max-width:40rem;margin:3rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif;\
                     color-scheme:light dark}code{font-size:.9em}li{margin:.3rem 0}";

/// A page with its own style, which its policy knows by its digest.
pub(crate) struct OwnPage(String);

impl Responder for OwnPage {
    fn describe(operation: &mut openapi::Operation<'_>) {
        Html::describe(operation);
    }

    fn respond(self, to: &Responding<'_>) -> Response {
        static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
            let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE));
            let policy =
                format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'");
            policy.try_into().ok()
        });
        let mut response = Html(self.0).respond(to);
        response.headers_mut().extend(POLICY.clone().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
        response
    }
}

fn page(title: &str, body: &str) -> OwnPage {
    OwnPage(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>{STYLE}</style>\n{body}\n</html>\n",
        escape::html(title)
    ))
}

/// Whether a client takes gzip; a request that does not say is answered so as well (RFC 9110, section 12.5.3).
#[cfg(feature = "docs")]
pub(crate) fn takes_gzip(headers: &http::HeaderMap) -> bool {
    if !headers.contains_key(header::ACCEPT_ENCODING) {
        return true;
    }
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let refused = parts.any(|part| part.trim().trim_start_matches("q=").parse() == Ok(0.0_f32));
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
    })
}
