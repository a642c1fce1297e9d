//! HTTP/1.1 as it should not be.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::child::Server;

/// The answer to a GET.
pub(super) async fn exchange(address: SocketAddr, target: &str) -> String {
    raw(address, format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await
}

/// Sends bytes and reads until the server closes the connection.
async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may close before it has read all.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    read.await.expect("the server closes").ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_it_should_be_is_refused() {
    let server = Server::start("hostile");
    let check = async |bytes: &[u8], expected: &[&str]| {
        let answer = raw(server.address, bytes).await;
        let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(statuses, expected, "{}: {answer}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)]));
        server.serves_the_next().await;
    };
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes();
    check(b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n", &["400"]).await;
    check(b"GET /a\0b HTTP/1.1\r\nhost: x\r\n\r\n", &["400"]).await;
    check(&get("/%00"), &["404"]).await;
    check(&get("/../../etc/passwd"), &["404"]).await;
    check(&get("/%2e%2e/%2E%2e/etc/passwd"), &["404"]).await;
    check(&get("/ping/..%2fping"), &["404"]).await;
    check(b"GET /ping HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", &["400"]).await;
    check(b"POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", &["400"]).await;
    check(b"POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", &["400"]).await;
    check(b"POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n", &["400"]).await;
    check(b"POST /bytes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", &["400"]).await;
    check(b"POST /bytes HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhe", &["408"]).await;
    check(b"GET /ping HTTP/1.1\r\nhost: x\r\n bad: folded\r\n\r\n", &["400"]).await;
    check(b"GET /ping HTTP/1.1\r\nhost : x\r\n\r\n", &["400"]).await;
    check(b"GET /ping HTTP/9.9\r\nhost: x\r\n\r\n", &["400"]).await;
    // What stands behind a request is read as the next one, or ends the connection.
    check(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n\x16\x03\x01 garbage\r\n\r\n", &["200", "400"]).await;
    let many = [b"GET /ping HTTP/1.1\r\nhost: x\r\n".to_vec(), b"a: b\r\n".repeat(100_000), b"\r\n".to_vec()].concat();
    check(&many, &["431"]).await;
    assert!(server.memory().1 < 100, "{:?} MB", server.memory());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_two_lengths_is_read_as_chunked_and_the_connection_closed() {
    let server = Server::start("hostile");
    let request = b"POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\ntransfer-encoding: chunked\r\n\r\n\
                    5\r\nhello\r\n0\r\n\r\nGET /ping HTTP/1.1\r\nhost: x\r\n\r\n";
    let answer = raw(server.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n5"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "the request behind it is not answered: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_announced_too_long_is_refused_at_once() {
    let server = Server::start("hostile");
    let began = Instant::now();
    let head = b"POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\nconnection: close\r\n\r\n";
    let answer = raw(server.address, head).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("/problems/content-too-large"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(server.memory().1 < 100, "{:?} MB", server.memory());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_dribble_are_cut_off() {
    let server = Server::start("hostile");
    let address = server.address;
    let began = Instant::now();
    let dribblers: Vec<_> = (0..200)
        .map(|index| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let head: &[u8] = match index % 3 {
                    0 => b"",
                    1 => b"GET /ping HTTP/1.1\r\nhost: x\r\nlong: ",
                    _ => b"POST /bytes HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n",
                };
                stream.write_all(head).await.unwrap();
                // Faster than a byte in a second, since the time-outs of this server are shorter as well.
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.serves_the_next().await;
    for dribbler in dribblers {
        tokio::time::timeout(Duration::from_secs(20), dribbler).await.expect("it is cut off").unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(server.memory().1 < 100, "{:?} MB", server.memory());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_reads_nothing_is_cut_off() {
    let server = Server::start("hostile");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // More answers than the kernel keeps for us.
    let requests = b"GET /big HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    let written =
        tokio::time::timeout(Duration::from_secs(15), async { while stream.write_all(&requests).await.is_ok() {} });
    written.await.expect("the connection is cut off");
    server.serves_the_next().await;
    assert!(server.memory().1 < 100, "{:?} MB", server.memory());
}
