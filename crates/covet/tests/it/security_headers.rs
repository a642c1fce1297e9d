//! Headers that make browsers careful, and the log of requests.

use std::io;
use std::sync::{Arc, Mutex};

use covet::test::{Answer, Client};
use covet::{App, Body, Bytes, CspNonce, Hsts, Html, Json, Response, SecurityHeaders, get, routes};
use futures_util::stream;

/// Data.
#[get("/data")]
async fn data() -> Json<i64> {
    Json(1)
}

/// A page.
#[get("/page")]
async fn page() -> Html {
    Html("<!doctype html><title>x</title>".into())
}

/// A page with a script.
#[get("/script")]
async fn script(nonce: CspNonce) -> Html {
    Html(nonce.to_string())
}

/// A page with a policy of its own.
#[get("/own")]
async fn own() -> Response {
    let mut response = Response::new("<!doctype html>".into());
    for (name, value) in
        [("content-type", "text/html"), ("content-security-policy", "sandbox"), ("x-frame-options", "SAMEORIGIN")]
    {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}

/// A stream.
#[get("/stream/{id}")]
async fn streamed(id: covet::Path<i64>) -> Body {
    assert_eq!(*id, 7);
    Body::stream(stream::iter((0..3).map(|_| Ok(Bytes::from_static(b"12345")))))
}

fn app() -> App {
    App::new("Pages", "1.0.0").routes(routes![data, page, script, own])
}

async fn get(client: &Client, target: &str) -> Answer {
    client.get(target).send().await
}

#[tokio::test]
async fn data_has_two_headers_and_pages_have_all() {
    let client = Client::new(app()).unwrap();
    let answer = get(&client, "/data").await;
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    for name in ["content-security-policy", "x-frame-options", "referrer-policy", "strict-transport-security"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    let answer = get(&client, "/page").await;
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert_eq!(answer.header("referrer-policy"), Some("strict-origin-when-cross-origin"));
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    // What no handler answers has them as well.
    for target in ["/nowhere", "/problems", "/docs"] {
        assert_eq!(get(&client, target).await.header("x-content-type-options"), Some("nosniff"), "{target}");
    }
    let policy = get(&client, "/problems").await.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("style-src 'sha256-"), "{policy}");
}

#[tokio::test]
async fn a_nonce_is_that_of_its_answer_alone() {
    let client = Client::new(app()).unwrap();
    let [first, second] = [get(&client, "/script").await, get(&client, "/script").await];
    assert_ne!(first.text(), second.text());
    for answer in [first, second] {
        assert_eq!(answer.text().len(), 32);
        let expected = format!("script-src 'self' 'nonce-{0}'; style-src 'self' 'nonce-{0}';", answer.text());
        assert!(answer.header("content-security-policy").unwrap().contains(&expected), "{answer:?}");
    }
}

#[tokio::test]
async fn handlers_routes_and_the_app_have_their_say() {
    let answer = get(&Client::new(app()).unwrap(), "/own").await;
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
    assert_eq!(answer.header("x-frame-options"), Some("SAMEORIGIN"));

    let own = SecurityHeaders::default()
        .set("x-frame-options", "SAMEORIGIN")
        .set("permissions-policy", "camera=()")
        .set("strict-transport-security", "max-age=60")
        .without("referrer-policy")
        .content_security_policy("script-src 'nonce-{nonce}'")
        .hsts(Hsts::Always);
    let app = App::new("Pages", "1.0.0")
        .security_headers(own)
        .routes(routes![page, script].and(routes![data].security_headers(SecurityHeaders::off())));
    let client = Client::new(app).unwrap();
    let answer = get(&client, "/page").await;
    assert_eq!(answer.header("x-frame-options"), Some("SAMEORIGIN"));
    assert_eq!(answer.header("permissions-policy"), Some("camera=()"));
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=60"));
    assert_eq!(answer.header("referrer-policy"), None);
    assert_eq!(answer.header("content-security-policy"), Some("script-src"));
    assert_eq!(get(&client, "/data").await.header("x-content-type-options"), None);

    let wrong = App::new("Pages", "1.0.0")
        .security_headers(SecurityHeaders::default().set("a b", "c").content_security_policy("a\nb"))
        .routes(routes![data].security_headers(SecurityHeaders::off().set("x", "\0")));
    let error = wrong.build().unwrap_err();
    assert_eq!(error.start_faults().len(), 3, "{error}");
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_request_has_a_line_without_what_may_be_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let app =
        app().access_log().routes(routes![streamed].and(routes![data].under("/quiet").hidden().without_access_log()));
    let client = Client::new(app).unwrap();
    for target in ["/data?token=hush", "/stream/7?password=hush", "/nowhere?hush", "/quiet/data"] {
        get(&client, target).await;
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("covet::access")).collect();
    assert_eq!(lines.len(), 3, "{text}");
    for (line, route, status, bytes) in
        [(lines[0], "/data", 200, 1), (lines[1], "/stream/{id}", 200, 15), (lines[2], "", 404, 0)]
    {
        assert!(line.contains(&format!("http.route=\"{route}\"")), "{line}");
        assert!(line.contains(&format!("http.response.status_code={status}")), "{line}");
        assert!(bytes == 0 || line.contains(&format!("http.response.body.size={bytes} ")), "{line}");
        assert!(
            line.contains("client.address=::") && line.contains("request.id=") && line.contains("whole=true"),
            "{line}"
        );
    }
    assert!(!text.contains("hush"), "{text}");
}
