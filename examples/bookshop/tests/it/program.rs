//! The program as it is started.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use covet::db::sql;
use serde_json::json;

/// The running program; it is killed when the test ends, however it ends.
struct Program {
    child: Child,
    address: String,
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
    let mut child = command(folder).spawn().unwrap();
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
    Program { child, address }
}

fn get(address: &str, path: &str) -> String {
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
    let document: serde_json::Value = serde_json::from_slice(&inspect("openapi").stdout).unwrap();
    assert_eq!(document["info"]["title"], "Bookshop");
    let migrations: serde_json::Value = serde_json::from_slice(&inspect("migrations").stdout).unwrap();
    assert_eq!((&migrations[0]["number"], &migrations[0]["name"]), (&json!(1), &json!("books")));
    assert!(!folder.path().join("bookshop.db").exists(), "who is looked into connects to nothing");
    let wrong = inspect("colour");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("COVET_INSPECT is `colour`"));
}
