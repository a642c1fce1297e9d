//! The page in a real browser: it draws the operations, breaks no rule of its own policy, and
//! asks no other host for anything.
//!
//! `COVET_TEST_CHROMIUM` names the browser's program; `cargo xtask test` sets it. Without it there is nothing
//! to test with, and the test says so.

use super::{CONTENT_SECURITY_POLICY, asset, page};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

const DOCUMENT: &str = r##"{
    "openapi": "3.1.0",
    "info": { "title": "Shop", "version": "1", "description": "*Books* and <b>more</b>." },
    "paths": { "/api/books": { "post": {
        "operationId": "add_book", "tags": ["books"], "summary": "Add a book",
        "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Book" } } } },
        "responses": { "201": { "description": "The book" } }
    } } },
    "components": { "schemas": { "Book": { "type": "object", "properties": { "title": { "type": "string" } } } } }
}"##;

#[test]
fn a_browser_draws_the_page_within_its_policy() {
    let Some(browser) = std::env::var_os("COVET_TEST_CHROMIUM") else {
        eprintln!("not tested: COVET_TEST_CHROMIUM names no browser");
        return;
    };
    let (address, requests) = serve();
    // The fragment opens the operation, so that its parts are drawn as well.
    let seen = visit(browser, &format!("http://{address}/shop/docs#/books/add_book"));
    let html = String::from_utf8_lossy(&seen.stdout);
    let log = String::from_utf8_lossy(&seen.stderr);

    assert!(html.contains("Add a book") && html.contains("opblock-body"), "{html}\n{log}");
    assert!(!log.contains("Content Security Policy") && !log.contains("Uncaught"), "{log}");
    let requests: Vec<String> = requests.try_iter().collect();
    assert!(requests.iter().any(|path| path == "/shop/openapi.json"), "{requests:?}");
    assert!(!requests.iter().any(|path| path == "/violation"), "{requests:?}");
}

/// The browser's answer: the page as drawn on standard output, its console on standard error.
///
/// Names of other hosts do not resolve, so that a request to one would show as an error.
fn visit(browser: OsString, url: &str) -> Output {
    let profile = std::env::temp_dir().join(format!("covet-docs-browser-{}", std::process::id()));
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=15000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url)
        .output()
        .unwrap();
    // What the browser still writes there is nobody's loss.
    let _ = std::fs::remove_dir_all(profile);
    output
}

/// Serves the page below a prefix on a port of its own, and tells the path of every request.
fn serve() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            thread::spawn(move || answer(stream, &sender));
        }
    });
    (address, receiver)
}

fn answer(mut stream: TcpStream, requests: &Sender<String>) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(line) = lines.next() else { return };
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    // The rest of the head, up to the empty line.
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let (headers, body) = response(&path);
    let _ = requests.send(path);
    let head = format!("HTTP/1.1 {headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// The status line's rest with the header lines, and the body.
fn response(path: &str) -> (String, Vec<u8>) {
    let mut headers = "200 OK\r\n".to_owned();
    if path == "/shop/docs" {
        let policy = format!("{CONTENT_SECURITY_POLICY}; report-uri /violation");
        let _ = write!(headers, "content-type: text/html\r\ncontent-security-policy: {policy}\r\n");
        return (headers, page("Shop", "docs", "openapi.json", "").into_bytes());
    }
    if path == "/shop/openapi.json" {
        headers.push_str("content-type: application/json\r\n");
        return (headers, DOCUMENT.into());
    }
    let Some(asset) = path.strip_prefix("/shop/docs/").and_then(asset) else {
        return ("404 Not Found\r\n".into(), Vec::new());
    };
    let _ = write!(headers, "content-type: {}\r\ncontent-encoding: gzip\r\n", asset.content_type);
    (headers, asset.gzip.to_vec())
}
