//! Where a server listens, on which threads it works, and what it refuses.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use covet::test::Server;
use covet::{App, Body, Bytes, ClientAddress, ProxyHeader, Runtime, get, post, routes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// Say pong.
#[get("/ping")]
async fn ping() -> &'static str {
    "pong"
}

/// Take a while.
#[get("/slow")]
async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(400)).await;
    "done"
}

/// The thread that answers.
#[get("/thread")]
async fn thread() -> String {
    tokio::spawn(async { std::thread::current().name().unwrap_or_default().to_owned() }).await.unwrap_or_default()
}

/// The caller's address.
#[get("/address")]
async fn address(address: ClientAddress) -> String {
    address.ip().to_string()
}

/// Send for ever.
#[get("/endless")]
async fn endless() -> Body {
    Body::stream(futures_util::stream::pending())
}

/// Read a body as a whole, and keep it for a while.
#[post("/keep")]
async fn keep(body: Bytes) -> String {
    tokio::time::sleep(Duration::from_millis(300)).await;
    body.len().to_string()
}

fn app() -> App {
    App::new("Settings", "1.0.0").routes(routes![ping, slow, thread, address, endless, keep]).limits(|limits| {
        limits.drain = Duration::from_secs(2);
    })
}

/// Sends a request and reads until the server closes the connection.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, target: &str) -> String {
    let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn get(address: SocketAddr, target: &str) -> String {
    exchange(TcpStream::connect(address).await.unwrap(), target).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let bind = format!("unix:{}", path.display());
    // What a server that was killed has left.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let app = app().bind(&bind).socket_mode(0o600).trusted_proxies(["unix"], ProxyHeader::XForwardedFor);
    let serving = tokio::spawn(app.serve());
    let connect = async || {
        for _ in 0..100 {
            match UnixStream::connect(&path).await {
                Ok(stream) => return stream,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        panic!("nobody listens on {bind}");
    };
    assert!(exchange(connect().await, "/ping").await.ends_with("pong"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(exchange(connect().await, "/address").await.ends_with("\r\n::"));
    let mut stream = connect().await;
    let request = "GET /address HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.7\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("192.0.2.7"), "{answer}");

    let second = self::app().bind(&bind).serve().await.unwrap_err().to_string();
    assert!(second.contains("another server listens there"), "{second}");
    assert!(exchange(connect().await, "/ping").await.ends_with("pong"));
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "notes").unwrap();
    let error = app().bind(format!("unix:{}", path.display())).serve().await.unwrap_err().to_string();
    assert!(error.contains("what is there is no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "notes");
    for (bind, expected) in [("unix:relative", "begins with `/`"), ("unix:/nowhere/x", "No such file")] {
        let error = app().bind(bind).serve().await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_core_may_have_its_own_runtime() {
    let server = Server::start(app().runtime(Runtime::PerCore)).await.unwrap();
    for _ in 0..10 {
        let answer = get(server.address(), "/thread").await;
        assert!(answer.contains("\r\n\r\ncovet-core-"), "{answer}");
    }
    // Stopping is as it is on shared threads: what is at work is answered.
    let address = server.address();
    let slow = tokio::spawn(async move { get(address, "/slow").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop().await.unwrap();
    assert!(slow.await.unwrap().ends_with("done"));
    assert!(TcpStream::connect(address).await.is_err());
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_serves_all_cores() {
    use covet::{Db, Result, sql};

    /// Add two.
    #[get("/two")]
    async fn two(db: Db) -> Result<String> {
        Ok(db.fetch_value::<i64>(sql!("SELECT 1 + 1")).await?.to_string())
    }

    let db = Db::connect("sqlite::memory:").await.unwrap();
    let app = App::new("Cores", "1.0.0").database(db.clone()).routes(routes![two]).runtime(Runtime::PerCore);
    let server = Server::start(app).await.unwrap();
    let address = server.address();
    let requests = (0..50).map(|_| tokio::spawn(async move { get(address, "/two").await }));
    for request in requests.collect::<Vec<_>>() {
        assert!(request.await.unwrap().ends_with("\r\n2"));
    }
    server.stop().await.unwrap();
    assert_eq!(db.fetch_value::<i64>(sql!("SELECT 3")).await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_are_told_so() {
    let server = Server::start(app().limits(|limits| limits.connections = 3)).await.unwrap();
    let address = server.address();
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer = get(address, "/ping").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(answer.contains("/problems/overloaded") && answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.contains("x-request-id: "), "{answer}");
    let (head, _) = crate::server::over_http_2(address, "/ping").await;
    assert_eq!(head.status, 503);
    drop(held.pop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(get(address, "/ping").await.ends_with("pong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_limit_are_told_so() {
    let server = Server::start(app().limits(|limits| limits.requests = 2)).await.unwrap();
    let client = server.client();
    let streams = [get_head(server.address(), "/endless").await, get_head(server.address(), "/endless").await];
    let answer = client.get("/ping").send().await;
    assert_eq!((answer.status().as_u16(), answer.header("retry-after")), (503, Some("1")));
    assert_eq!(answer.problem()["type"], "/problems/overloaded");
    assert_eq!(client.get("/health/ready").send().await.status(), 200);
    drop(streams);
    for _ in 0..100 {
        if client.get("/ping").send().await.status() == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the places of streams that ended are not free");
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_have_a_limit_of_their_own() {
    let app = App::new("Limits", "1.0.0").routes(routes![slow].concurrency_limit(1).and(routes![ping]));
    let server = Server::start(app).await.unwrap();
    let address = server.address();
    let first = tokio::spawn(async move { get(address, "/slow").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(get(address, "/slow").await.starts_with("HTTP/1.1 503"));
    assert!(get(address, "/ping").await.ends_with("pong"));
    assert!(first.await.unwrap().ends_with("done"));
    assert!(get(address, "/slow").await.ends_with("done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_share_a_limit() {
    let server = Server::start(app().limits(|limits| limits.bodies = 150_000)).await.unwrap();
    let client = server.client();
    let send = |bytes: usize| client.post("/keep").body("x/y", vec![0; bytes]).send();
    let (first, second) = tokio::join!(send(100_000), send(100_000));
    // They are counted as they arrive, so that each may stand in the way of the other; both together never fit.
    let mut statuses = [first.status().as_u16(), second.status().as_u16()];
    statuses.sort_unstable();
    assert!([[200, 503], [503, 503]].contains(&statuses), "{first:?} {second:?}");
    assert_eq!(send(100_000).await.status(), 200);
    assert_eq!(send(200_000).await.status(), 413);
    assert_eq!(send(150_000).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_half_closes_gets_what_is_ready_soon() {
    let server = Server::start(app()).await.unwrap();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
}

/// The head of an answer, and the connection on which the rest would come.
async fn get_head(address: SocketAddr, target: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut head = [0; 1024];
    assert!(stream.read(&mut head).await.unwrap() > 0);
    assert!(head.starts_with(b"HTTP/1.1 200"));
    stream
}
