//! Layers and services of tower, and extractors of axum.

use std::convert::Infallible;
use std::time::Duration;

use covet::test::Client;
use covet::{App, Body, Next, Path, RequestId, Routes, get, post, routes};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

/// A thing.
#[get("/things/{name}")]
async fn thing(name: Path<String>) -> String {
    format!("thing {}", *name)
}

/// Say the text back.
#[post("/echo")]
async fn echo(text: String) -> String {
    text
}

/// Wait.
#[get("/slow")]
async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(60)).await;
    "done"
}

fn app() -> App {
    App::new("Edges", "1.0.0").routes(routes![thing, echo, slow])
}

#[tokio::test]
async fn an_app_is_a_service_of_tower() {
    let service = ServiceBuilder::new().concurrency_limit(1).service(app().build().unwrap());
    for name in ["a", "b"] {
        let request = http::Request::get(format!("/things/{name}")).body(http_body_util::Empty::new()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(response.headers().contains_key("x-request-id"));
        assert_eq!(response.into_body().bytes().await.unwrap(), format!("thing {name}"));
    }
}

/// Adds a header to what comes back.
fn stamped(name: &'static str) -> tower::util::MapResponseLayer<impl Fn(covet::Response) -> covet::Response + Clone> {
    tower::util::MapResponseLayer::new(move |mut response: covet::Response| {
        response.headers_mut().append("x-stamp", http::HeaderValue::from_static(name));
        response
    })
}

#[tokio::test]
async fn layers_go_around_an_app_and_around_routes() {
    let routes = routes![thing].layer(stamped("inner")).layer(stamped("outer")).and(routes![echo]);
    let app = App::new("Layers", "1.0.0").routes(routes).layer(stamped("app"));
    let client = Client::new(app).unwrap();
    let stamps = async |target: &str| {
        let answer = client.get(target).send().await;
        let stamps = answer.headers().get_all("x-stamp").iter().map(|stamp| stamp.to_str().unwrap().to_owned());
        stamps.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(stamps("/things/x").await, "inner outer app");
    assert_eq!(stamps("/nowhere").await, "app");
    assert_eq!(client.get("/things/a%20b").send().await.text(), "thing a b");
    assert_eq!(client.post("/echo").body("text/plain", "hello").send().await.text(), "hello");
}

/// A layer that does not always let the handler answer.
#[derive(Clone)]
struct Gate;

#[derive(Clone)]
struct Gated(Next);

impl tower::Layer<Next> for Gate {
    type Service = Gated;

    fn layer(&self, next: Next) -> Gated {
        Gated(next)
    }
}

impl Service<http::Request<Body>> for Gated {
    type Response = http::Response<http_body_util::Either<Body, http_body_util::Full<covet::Bytes>>>;
    type Error = covet::BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, covet::BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), covet::BoxError>> {
        <Next as Service<http::Request<Body>>>::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        use http_body_util::Either;
        let how = request.headers().get("x-how").map(|how| how.as_bytes().to_vec()).unwrap_or_default();
        let mut next = self.0.clone();
        Box::pin(async move {
            match &how[..] {
                b"refuse" => {
                    let answer = http::Response::builder().status(403).body(Either::Right("no".into()));
                    Ok(answer.map_err(covet::BoxError::from)?)
                }
                b"fail" => Err("the gate is broken".into()),
                b"replace" => Ok(next.call(http::Request::new(Body::empty())).await?.map(Either::Left)),
                _ => Ok(next.call(request).await?.map(Either::Left)),
            }
        })
    }
}

#[tokio::test]
async fn a_layer_may_answer_itself_and_its_error_is_a_problem() {
    for app in [app().layer(Gate), App::new("Gated", "1.0.0").routes(routes![thing].layer(Gate))] {
        let client = Client::new(app).unwrap().unchecked();
        let answer = client.get("/things/x").header("x-how", "refuse").send().await;
        assert_eq!((answer.status().as_u16(), answer.text()), (403, "no"));
        let answer = client.get("/things/x").header("x-how", "fail").send().await;
        assert_eq!((answer.status().as_u16(), &answer.problem()["type"]), (500, &"/problems/internal-error".into()));
        assert!(answer.header("x-request-id").is_some() && !answer.text().contains("broken"), "{answer:?}");
        assert_eq!(client.get("/things/x").send().await.text(), "thing x");
    }
    let client = Client::new(App::new("Gated", "1.0.0").routes(routes![thing].layer(Gate))).unwrap();
    assert_eq!(client.get("/things/x").header("x-how", "replace").send().await.status(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_layer_of_tower_itself_works() {
    let layer = tower::timeout::TimeoutLayer::new(Duration::from_secs(1));
    let client = Client::new(App::new("Slow", "1.0.0").routes(routes![slow, thing].layer(layer))).unwrap();
    assert_eq!(client.get("/things/x").send().await.text(), "thing x");
    assert_eq!(client.get("/slow").send().await.status(), 500);
}

#[tokio::test]
async fn a_service_is_mounted_under_a_prefix() {
    let service = service_fn(async |request: http::Request<Body>| {
        let (head, body) = request.into_parts();
        let id = head.extensions.get::<RequestId>().unwrap().to_string();
        let body = body.bytes().await.map_err(covet::BoxError::from)?;
        Ok::<_, covet::BoxError>(http::Response::new(format!(
            "{} {} {} {id}",
            head.method,
            head.uri,
            String::from_utf8_lossy(&body)
        )))
    });
    let mounted = Routes::mount("/old", service).and(routes![thing]).under("/api");
    let app = App::new("Mounts", "1.0.0").routes(mounted).metrics();
    let client = Client::new(app).unwrap();
    let check = async |method: http::Method, target: &str, expected: &str| {
        let answer = client.request(method, target).send().await;
        let id = answer.header("x-request-id").unwrap();
        assert_eq!(answer.text(), format!("{expected} {id}"), "{target}");
    };
    check(http::Method::GET, "/api/old", "GET / ").await;
    check(http::Method::GET, "/api/old/", "GET / ").await;
    check(http::Method::DELETE, "/api/old/a/b%2Fc?q=1", "DELETE /a/b%2Fc?q=1 ").await;
    check(http::Method::OPTIONS, "/api/old/a", "OPTIONS /a ").await;
    let answer = client.post("/api/old/x").body("text/plain", "hello").send().await;
    assert!(answer.text().starts_with("POST /x hello "), "{answer:?}");
    assert_eq!(client.get("/api/things/x").send().await.text(), "thing x");
    assert_eq!(client.get("/api/older").send().await.status(), 404);
    let too_long = client.post("/api/old/x").body("text/plain", vec![0; 3 << 20]).send().await;
    assert_eq!(too_long.status(), 413);
    let metrics = client.get("/metrics").send().await;
    assert!(metrics.text().contains("http_route=\"/api/old\""), "{}", metrics.text());
    assert!(!client.openapi()["paths"].as_object().unwrap().keys().any(|path| path.starts_with("/api/old")));
}

#[tokio::test]
async fn a_mount_at_the_root_answers_where_nothing_else_does() {
    let service = service_fn(async |request: http::Request<Body>| {
        Ok::<_, Infallible>(http::Response::new(format!("elsewhere {}", request.uri().path())))
    });
    let client = Client::new(app().routes(Routes::mount("/", service))).unwrap();
    assert_eq!(client.get("/things/x").send().await.text(), "thing x");
    assert_eq!(client.get("/").send().await.text(), "elsewhere /");
    assert_eq!(client.get("/a/b").send().await.text(), "elsewhere /a/b");
    assert_eq!(client.get("/health/live").send().await.text(), "live");
}

#[tokio::test]
async fn mounts_that_cannot_be_are_faults_of_the_start() {
    let service = service_fn(async |_: http::Request<Body>| Ok::<_, Infallible>(http::Response::new(String::new())));
    let twice = app().routes(Routes::mount("/old", service)).routes(Routes::mount("/old", service));
    let error = twice.build().unwrap_err().to_string();
    assert!(error.contains("the same method and path") && error.contains("tower.rs"), "{error}");
    let error = app().routes(Routes::mount("/{shop}", service)).build().unwrap_err().to_string();
    assert!(error.contains("a prefix has no parameters"), "{error}");
}

#[tokio::test]
async fn an_axum_router_is_mounted() {
    use axum::routing;
    let router = axum::Router::new()
        .route("/hello/{name}", routing::get(async |name: axum::extract::Path<String>| format!("hello {}", name.0)))
        .route("/sum", routing::post(async |numbers: axum::Json<Vec<i64>>| numbers.iter().sum::<i64>().to_string()));
    let client = Client::new(app().routes(Routes::mount("/axum", router))).unwrap();
    assert_eq!(client.get("/axum/hello/you").send().await.text(), "hello you");
    assert_eq!(client.post("/axum/sum").body("application/json", "[1,2,3]").send().await.text(), "6");
    assert_eq!(client.get("/axum/nowhere").send().await.status(), 404);
    assert_eq!(client.get("/things/x").send().await.text(), "thing x");
}

#[tokio::test]
async fn a_mounted_service_has_the_deadline_and_the_rate_limit() {
    let service = service_fn(async |_: http::Request<Body>| {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok::<_, Infallible>(http::Response::new(String::new()))
    });
    let limit = covet::RateLimit::per_address(1, Duration::from_secs(60));
    let mounted = Routes::mount("/old", service).deadline(Duration::from_millis(50)).rate_limit(limit);
    let client = Client::new(app().routes(mounted)).unwrap();
    assert_eq!(client.get("/old/x").send().await.problem()["type"], "/problems/timed-out");
    assert_eq!(client.get("/old/x").send().await.status(), 429);
}

#[cfg(feature = "axum")]
mod extractors {
    use axum::extract::{FromRequestParts, Query, RawQuery};
    use covet::{Axum, AxumBody, Json};

    use super::*;

    #[derive(serde::Deserialize)]
    struct Page {
        page: u32,
    }

    /// Turn a page.
    #[get("/pages")]
    async fn page(page: Axum<Query<Page>>, raw: Axum<RawQuery>) -> String {
        format!("page {} of {}", page.0.0.page, raw.0.0.unwrap_or_default())
    }

    /// Add up.
    #[post("/sum")]
    async fn sum(factor: covet::Query<Option<i64>>, numbers: AxumBody<axum::Json<Vec<i64>>>) -> Json<i64> {
        Json(numbers.0.0.iter().sum::<i64>() * factor.0.unwrap_or(1))
    }

    struct Guard;

    impl<S: Send + Sync> FromRequestParts<S> for Guard {
        type Rejection = (http::StatusCode, &'static str);

        async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
            let asked = parts.headers.get("x-status").and_then(|status| status.to_str().ok()?.parse().ok());
            asked.map_or(Ok(Guard), |status| {
                Err((http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::OK), "guarded"))
            })
        }
    }

    /// Come in.
    #[get("/guarded")]
    async fn guarded(_guard: Axum<Guard>) -> &'static str {
        "in"
    }

    #[tokio::test]
    async fn extractors_of_axum_are_arguments() {
        let client = Client::new(App::new("Axum", "1.0.0").routes(routes![page, sum, guarded])).unwrap();
        assert_eq!(client.get("/pages?page=7").send().await.text(), "page 7 of page=7");
        let answer = client.get("/pages?page=x").send().await;
        assert_eq!((answer.status().as_u16(), &answer.problem()["type"]), (400, &"/problems/malformed-request".into()));
        assert!(answer.problem()["detail"].as_str().unwrap().contains("page"), "{answer:?}");
        let answer = client.post("/sum?factor=2").body("application/json", "[1,2]").send().await;
        assert_eq!(answer.text(), "6");
        let statuses = [("application/json", "[1,", 400), ("application/json", "{}", 422), ("text/plain", "[1]", 415)];
        for (media_type, body, status) in statuses {
            let answer = client.post("/sum").body(media_type, body).send().await;
            assert_eq!((answer.status().as_u16(), &answer.problem()["status"]), (status, &status.into()), "{body}");
        }
    }

    #[tokio::test]
    async fn a_rejection_is_a_problem_with_its_status() {
        let client = Client::new(App::new("Axum", "1.0.0").routes(routes![guarded])).unwrap();
        assert_eq!(client.get("/guarded").send().await.text(), "in");
        let statuses =
            [("400", 400), ("401", 401), ("403", 403), ("422", 422), ("418", 400), ("503", 500), ("200", 500)];
        for (asked, expected) in statuses {
            let answer = client.get("/guarded").header("x-status", asked).send().await;
            assert_eq!(
                (answer.status().as_u16(), &answer.problem()["status"]),
                (expected, &expected.into()),
                "{asked}"
            );
            assert_eq!(answer.text().contains("guarded"), expected != 500, "{}", answer.text());
        }
    }
}
