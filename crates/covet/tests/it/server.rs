//! The server on a real socket.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use covet::test::Server;
use covet::{App, Body, Bytes, NoContent, Result, get, post, routes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Say pong.
#[get("/ping")]
async fn ping() -> &'static str {
    "pong"
}

/// Take a while.
#[get("/slow")]
async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "done"
}

/// Wait for ever.
#[get("/never")]
async fn never() -> NoContent {
    std::future::pending().await
}

/// Read the body as a whole.
#[post("/bytes")]
async fn bytes(body: Bytes) -> String {
    body.len().to_string()
}

/// Read the body in pieces.
#[post("/stream")]
async fn stream(mut body: Body) -> Result<String> {
    let mut total = 0;
    while let Some(chunk) = body.chunk().await? {
        total += chunk.len();
    }
    Ok(total.to_string())
}

fn app() -> App {
    App::new("Server", "1.0.0").routes(routes![ping, slow, never, bytes, stream]).limits(|limits| {
        limits.header_read = Duration::from_millis(300);
        limits.body_read = Duration::from_millis(300);
        limits.drain = Duration::from_millis(800);
        limits.body = 100_000;
    })
}

/// Sends bytes and reads until the server closes the connection.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer))
        .await
        .expect("the server closes")
        .ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_until_the_server_stops() {
    let server = Server::start(app()).await.unwrap();
    let client = server.client();
    assert_eq!(client.get("/ping").send().await.text(), "pong");
    assert_eq!(client.post("/bytes").body("x/y", vec![0; 100_000]).send().await.text(), "100000");
    assert_eq!(client.post("/stream").body("x/y", vec![0; 100_000]).send().await.text(), "100000");
    assert_eq!(client.post("/stream").body("x/y", vec![0; 100_001]).send().await.status(), 413);
    let address = server.address();
    server.stop().await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_at_work_is_answered_before_the_server_ends() {
    let server = Server::start(app()).await.unwrap();
    let client = server.client();
    let slow = tokio::spawn(async move { client.get("/slow").send().await.text().to_owned() });
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop().await.unwrap();
    assert_eq!(slow.await.unwrap(), "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_is_cut_off_when_draining_takes_too_long() {
    let server = Server::start(app()).await.unwrap();
    let address = server.address();
    let hanging = tokio::spawn(async move { raw(address, b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let began = Instant::now();
    server.stop().await.unwrap();
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(700) && took < Duration::from_secs(4), "{took:?}");
    assert_eq!(hanging.await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_port_fails_to_start() {
    let server = Server::start(app()).await.unwrap();
    let error = app().bind(server.address()).serve().await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot serve on {}: ", server.address())), "{error}");
    assert_eq!(server.client().get("/ping").send().await.text(), "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_are_slow_are_cut_off() {
    let server = Server::start(app()).await.unwrap();
    let address = server.address();
    let began = Instant::now();
    // A connection without a byte, one with half a head, one that is idle after an answer.
    let (silent, half, idle) = tokio::join!(
        raw(address, b""),
        raw(address, b"GET /ping HTTP/1.1\r\nho"),
        raw(address, b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n"),
    );
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(silent, "");
    assert!(half.is_empty() || half.starts_with("HTTP/1.1 408"), "{half}");
    assert!(idle.starts_with("HTTP/1.1 200") && idle.ends_with("pong"), "{idle}");
    // A body that stops coming, read as a whole and in pieces.
    for path in ["/bytes", "/stream"] {
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc");
        let answer = raw(address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("/problems/request-timeout"), "{answer}");
    }
    assert_eq!(server.client().get("/ping").send().await.text(), "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_gets_its_problem() {
    let server = Server::start(app()).await.unwrap();
    let check = async |request: String, expected: &str| {
        let answer = raw(server.address(), request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{expected}: {}",
            &answer[..answer.len().min(300)]
        );
    };
    let end = "host: x\r\nconnection: close\r\n\r\n";
    check(format!("GET /ping?{} HTTP/1.1\r\n{end}", "x".repeat(9000)), "414").await;
    check(format!("GET /ping HTTP/1.1\r\n{}{end}", "a: b\r\n".repeat(150)), "431").await;
    check(format!("GET /ping HTTP/1.1\r\na: {}\r\n{end}", "x".repeat(40_000)), "431").await;
    check(format!("GET /ping HTTP/1.1\r\n{}{end}", "a: b\r\n".repeat(100_000)), "431").await;
    // The body is refused when it is announced, not when it has come.
    check("POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\nconnection: close\r\n\r\n".into(), "413")
        .await;
    let chunked = "POST /bytes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    check(format!("{chunked}{:x}\r\n{}\r\n0\r\n\r\n", 200_000, "x".repeat(200_000)), "413").await;
    check("nonsense\r\n\r\n".into(), "400").await;
    check(format!("GET /%ff%fe HTTP/1.1\r\n{end}"), "404").await;
    check(format!("GET /%00 HTTP/1.1\r\n{end}"), "404").await;
    assert_eq!(server.client().get("/ping").send().await.text(), "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_harms_nobody() {
    let server = Server::start(app()).await.unwrap();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(b"POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nabc").await.unwrap();
        drop(stream);
    }
    assert_eq!(server.client().get("/ping").send().await.text(), "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_answer_has_the_length_and_no_body() {
    let server = Server::start(app()).await.unwrap();
    let answer = raw(server.address(), b"HEAD /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.to_ascii_lowercase().contains("content-length: 4\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_requests_are_counted() {
    let server = Server::start(app().metrics()).await.unwrap();
    let client = server.client();
    for target in ["/ping", "/ping", "/nowhere", "/elsewhere"] {
        client.get(target).send().await;
    }
    for _ in 0..2 {
        assert_eq!(client.delete("/ping").send().await.status(), 405);
    }
    let answer = client.get("/metrics").send().await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let count = |labels: &str| format!("http_server_request_duration_seconds_count{{{labels}}} 2\n");
    for (method, route, status) in [("GET", "/ping", 200), ("GET", "", 404), ("DELETE", "", 405)] {
        let labels =
            format!("http_request_method=\"{method}\",http_route=\"{route}\",http_response_status_code=\"{status}\"");
        assert!(answer.text().contains(&count(&labels)), "{}", answer.text());
    }
    let without = Server::start(app()).await.unwrap();
    assert_eq!(without.client().get("/metrics").send().await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_certain_host_or_end_is_refused() {
    let server = Server::start(app()).await.unwrap();
    let check = async |headers: &str, expected: &str| {
        let request = format!("GET /ping HTTP/1.1\r\n{headers}\r\n");
        let answer = raw(server.address(), request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{headers}: {answer}");
        assert!(expected == "200" || answer.contains("/problems/"), "{answer}");
    };
    check("host: a\r\nhost: b\r\n", "400").await;
    check("", "400").await;
    check("host: a b\r\n", "400").await;
    check("host: user@a\r\n", "400").await;
    check("host: \r\n", "200").await;
    check("host: [::1]:8000\r\n", "200").await;
    check("host: a\r\ntransfer-encoding: gzip, chunked\r\n", "501").await;
    check("host: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", "501").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_on_their_way_when_the_server_stops_are_answered() {
    let server = Server::start(app()).await.unwrap();
    let address = server.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut buffer = vec![0; 4096];
    assert!(idle.read(&mut buffer).await.unwrap() > 0);
    let stopping = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(50)).await;
    // On a connection that was idle, and on one that comes only now.
    idle.write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    idle.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    let answer = raw(address, b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    stopping.await.unwrap().unwrap();
}

/// One request over HTTP/2 by prior knowledge: its status, its headers and its body.
pub(crate) async fn over_http_2(address: SocketAddr, target: &str) -> (http::response::Parts, Bytes) {
    let request = http::Request::get(format!("http://{address}{target}")).body(String::new()).unwrap();
    send_over_http_2(address, request).await
}

async fn send_over_http_2(address: SocketAddr, request: http::Request<String>) -> (http::response::Parts, Bytes) {
    use http_body_util::BodyExt;
    let io = hyper_util::rt::TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    (head, body.collect().await.unwrap().to_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_spoken_by_prior_knowledge() {
    let server = Server::start(app()).await.unwrap();
    let request = |method: &str, host: Option<&str>| {
        let mut request = http::Request::builder().method(method).uri(format!("http://{}/ping", server.address()));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        request.body(String::new()).unwrap()
    };
    let (head, body) = send_over_http_2(server.address(), request("GET", None)).await;
    assert_eq!((head.status.as_u16(), &body[..]), (200, &b"pong"[..]));
    let (head, body) = send_over_http_2(server.address(), request("HEAD", None)).await;
    assert_eq!((head.status.as_u16(), head.headers["content-length"].to_str().unwrap(), body.len()), (200, "4", 0));
    let (head, _) = send_over_http_2(server.address(), request("GET", Some("other.example"))).await;
    assert_eq!(head.status, 400);
    server.stop().await.unwrap();
}
