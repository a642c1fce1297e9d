//! A whole request without a socket, among 200 routes: Covet with its duties, axum without any, and the tree of paths alone.

use std::hint::black_box;

use covet::{App, Path, Routes, get, routes};
use http::Request;
use tower::ServiceExt as _;

use crate::clock::fastest;

/// Answer.
#[get("/fixed")]
async fn fixed() -> &'static str {
    "hello"
}

/// Answer with two numbers.
#[get("/numbers/{first}/of/{second}")]
async fn numbers(first: Path<u64>, second: Path<u64>) -> String {
    (*first + *second).to_string()
}

/// So many prefixes, each with two routes.
const PREFIXES: usize = 100;

const COUNT: u32 = 2000;

pub(crate) fn measure(batches: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let ours = (0..PREFIXES).fold(Routes::default(), |all, number| {
        all.and(routes![fixed, numbers].hidden().under(&format!("/prefix{number}")))
    });
    let ours = App::new("Routes", "1.0.0").routes(ours).build().expect("the routes are right");
    let theirs = (0..PREFIXES).fold(axum::Router::new(), |all, number| {
        let numbers =
            async |axum::extract::Path((first, second)): axum::extract::Path<(u64, u64)>| (first + second).to_string();
        all.route(&format!("/prefix{number}/fixed"), axum::routing::get(async || "hello"))
            .route(&format!("/prefix{number}/numbers/{{first}}/of/{{second}}"), axum::routing::get(numbers))
    });
    let mut tree = matchit::Router::new();
    for number in 0..PREFIXES {
        tree.insert(format!("/prefix{number}/fixed"), ()).expect("a route");
        tree.insert(format!("/prefix{number}/numbers/{{first}}/of/{{second}}"), ()).expect("a route");
    }
    println!(
        "| request among {} routes | the tree alone µs | axum µs | Covet, all duties µs | ours to axum |",
        2 * PREFIXES
    );
    println!("|---|---:|---:|---:|---:|");
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (name, path, accept, status) in [
        ("a fixed path", "/prefix77/fixed", None, 200),
        ("the same with a browser's `Accept`", "/prefix77/fixed", Some(browser), 200),
        ("a path with two numbers", "/prefix77/numbers/12/of/1234", None, 200),
        ("a path that is not there", "/prefix77/nothing", None, 404),
    ] {
        let alone = fastest(batches, COUNT, || tree.at(black_box(path)).map_or(0, |found| found.params.len()));
        let request = || {
            let request = Request::get(path).header("host", "bench.example");
            match accept {
                Some(accept) => request.header("accept", accept),
                None => request,
            }
        };
        let axum = fastest(batches, COUNT, || {
            let request = request().body(axum::body::Body::empty()).expect("a request");
            let response = runtime.block_on(theirs.clone().oneshot(request)).expect("an answer");
            assert_eq!(response.status(), status);
            response.headers().len()
        });
        let covet = fastest(batches, COUNT, || {
            let request = request().body(covet::Body::empty()).expect("a request");
            let response = runtime.block_on(ours.call(request));
            assert_eq!(response.status(), status);
            response.headers().len()
        });
        println!("| {name} | {alone:.2} | {axum:.2} | {covet:.2} | {:.2} × |", covet / axum);
    }
}
