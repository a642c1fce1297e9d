//! The program as it is started.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use covet::db::sql;
use serde_json::json;

/// The running program; it is killed when the test ends, however it ends.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) address: String,
    /// A header line with the token of the demo's service.
    pub(crate) authorization: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bookshop"));
    command.current_dir(folder).env_remove("DATABASE_URL").env_remove("COVET_LOG").env("BOOKSHOP_BIND", "127.0.0.1:0");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(folder: &std::path::Path) -> Program {
    start_on(folder, "sqlite:bookshop.db")
}

pub(crate) fn start_on(folder: &std::path::Path, url: &str) -> Program {
    let mut child = command(folder).env("DATABASE_URL", url).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    let address = loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the program ended: {seen}");
        if let Some((_, address)) = line.split_once("serving http://") {
            break address.split_whitespace().next().unwrap().to_owned();
        }
        seen.push_str(&line);
    };
    // The log must be read on, or the program would wait for room in the pipe.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    let authorization = authorization(&address);
    Program { child, address, authorization }
}

fn authorization(address: &str) -> String {
    let form = "grant_type=client_credentials&client_id=demo-service&client_secret=demo-service-secret";
    let head =
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded";
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{form}", form.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, token) = answer.split_once("\"access_token\":\"").unwrap_or_else(|| panic!("no token: {answer}"));
    format!("authorization: Bearer {}\r\n", token.split('"').next().unwrap())
}

/// The events after the one with this id, until one contains a text.
fn follow(address: &str, authorization: &str, last: &str, until: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET /api/events HTTP/1.1\r\nhost: x\r\n{authorization}last-event-id: {last}\r\n\r\n").unwrap();
    let (mut seen, mut piece) = (String::new(), [0; 1024]);
    while !seen.contains(until) {
        let length = stream.read(&mut piece).unwrap();
        assert!(length > 0, "{seen}");
        seen.push_str(std::str::from_utf8(&piece[..length]).unwrap());
    }
    seen
}

fn order(program: &Program, book: i64) {
    let body = json!({ "lines": [{ "book": book, "copies": 1 }] }).to_string();
    let mut stream = TcpStream::connect(&program.address).unwrap();
    let head = "POST /api/orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json";
    write!(stream, "{head}\r\n{}content-length: {}\r\n\r\n{body}", program.authorization, body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

fn orders_are_told_by_every_process(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let start = || start_on(folder.path(), url);
    let (one, two) = (start(), start());
    let (address, authorization) = (two.address.clone(), two.authorization.clone());
    let follower = std::thread::spawn(move || follow(&address, &authorization, "0", "id: 2"));
    order(&one, 1);
    order(&two, 2);
    let seen = follower.join().unwrap();
    assert!(seen.contains("event: order\nid: 1\ndata: {\"id\":1,"), "{seen}");
    order(&two, 3);
    // Who comes back gets what it missed, from any process and nothing twice.
    let seen = follow(&one.address, &one.authorization, "1", "id: 3");
    assert!(seen.contains("id: 2\n") && !seen.contains("id: 1\n"), "{seen}");
}

#[test]
fn orders_are_told_by_every_process_on_sqlite() {
    orders_are_told_by_every_process("sqlite:bookshop.db");
}

#[test]
fn orders_are_told_by_every_process_on_postgres() {
    if let Some(url) = covet_testsuite::servers::fresh_postgres() {
        orders_are_told_by_every_process(&url);
    }
}

#[test]
fn orders_are_told_by_every_process_on_mysql() {
    if let Some(url) = covet_testsuite::servers::fresh_mysql() {
        orders_are_told_by_every_process(&url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_committed_late_is_told() {
    let Some(url) = covet_testsuite::servers::fresh_postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = start_on(folder.path(), &url);
    let db = covet::Db::connect(&url).await.unwrap();
    let late = db.begin().await.unwrap();
    let sql = "INSERT INTO orders (placed_at, customer, total) VALUES (now(), 'demo-service', 1) RETURNING id";
    assert_eq!(late.fetch_value::<i64>(sql).await.unwrap(), 1);
    tokio::task::block_in_place(|| {
        order(&program, 2);
        let seen = follow(&program.address, &program.authorization, "0", "id: 1\n");
        assert!(seen.contains("data: {\"id\":2,"), "{seen}");
    });
    late.commit().await.unwrap();
    tokio::task::block_in_place(|| {
        let seen = follow(&program.address, &program.authorization, "1", "id: 2\n");
        assert!(seen.contains("data: {\"id\":1,"), "{seen}");
    });
}

pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn it_fills_its_database_serves_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut program = start(folder.path());
        assert!(get(&program.address, "/api/books?limit=1").starts_with("HTTP/1.1 200"));
        assert!(get(&program.address, "/health").ends_with("ready"));
        assert!(get(&program.address, "/health/live").ends_with("live"));
        assert!(
            get(&program.address, "/metrics").contains("http_route=\"/api/books\",http_response_status_code=\"200\"")
        );
        let stopped = Command::new("kill").arg(program.child.id().to_string()).status().unwrap();
        assert!(stopped.success());
        let began = Instant::now();
        let status = program.child.wait().unwrap();
        assert!(status.success() && began.elapsed() < Duration::from_secs(5), "{status}");
    }
    let url = format!("sqlite:{}", folder.path().join("bookshop.db").display());
    let db = covet::Db::connect(&url).await.unwrap();
    assert_eq!(db.fetch_value::<i64>(sql!("SELECT count(*) FROM books")).await.unwrap(), 206);
}

#[test]
fn it_shows_itself_without_serving() {
    let folder = tempfile::tempdir().unwrap();
    let inspect = |subject: &str| command(folder.path()).env("COVET_INSPECT", subject).output().unwrap();
    let routes: serde_json::Value = serde_json::from_slice(&inspect("routes").stdout).unwrap();
    let paths: Vec<_> = routes.as_array().unwrap().iter().map(|route| route["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"/api/books/{id}"), "{paths:?}");
    let who = |method: &str, path: &str| {
        let is_asked = |route: &&serde_json::Value| route["method"] == method && route["path"] == path;
        routes.as_array().unwrap().iter().find(is_asked).unwrap()["auth"].clone()
    };
    assert_eq!(who("GET", "/api/books/{id}"), json!({ "who": "everybody" }));
    let write = who("PUT", "/api/books/{id}");
    assert_eq!((&write["permissions"], &write["roles"]), (&json!([["books:write"]]), &json!(["clerk", "admin"])));
    let document: serde_json::Value = serde_json::from_slice(&inspect("openapi").stdout).unwrap();
    assert_eq!(document["info"]["title"], "Bookshop");
    let migrations: serde_json::Value = serde_json::from_slice(&inspect("migrations").stdout).unwrap();
    let names: Vec<_> = migrations.as_array().unwrap().iter().map(|migration| &migration["name"]).collect();
    assert!(names.contains(&&json!("books")) && names[0] == "create_idempotency", "{names:?}");
    assert!(!folder.path().join("bookshop.db").exists(), "who is looked into connects to nothing");
    let wrong = inspect("colour");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("COVET_INSPECT is `colour`"));
}
