//! A server that is stopped by SIGTERM and started again while clients go on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::child::Server;

/// What the clients have seen.
#[derive(Default)]
struct Tally {
    answered: AtomicU64,
    over: AtomicBool,
}

/// One request after the other, on a connection for as long as it lasts, or on a new one for each.
async fn client(address: SocketAddr, tally: Arc<Tally>, keeps: bool) {
    let mut kept = None;
    while !tally.over.load(Relaxed) {
        let stream = match kept.take() {
            Some(stream) => Ok(stream),
            None => TcpStream::connect(address).await,
        };
        let Ok(mut stream) = stream else {
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        };
        let close = if keeps { "" } else { "connection: close\r\n" };
        let request = format!("GET /work HTTP/1.1\r\nhost: x\r\n{close}\r\n");
        if stream.write_all(request.as_bytes()).await.is_err() {
            continue;
        }
        let Some(answer) = answer(&mut stream).await else { continue };
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        tally.answered.fetch_add(1, Relaxed);
        if keeps && !answer.contains("connection: close") {
            kept = Some(stream);
        }
    }
}

/// The whole answer, or `None` when there is not a byte of it.
async fn answer(stream: &mut TcpStream) -> Option<String> {
    let mut answer = Vec::new();
    loop {
        let mut buffer = [0; 1024];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) if answer.is_empty() => return None,
            Ok(0) => panic!("half an answer: {}", String::from_utf8_lossy(&answer)),
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
            Err(error) => panic!("{error} within an answer: {}", String::from_utf8_lossy(&answer)),
        }
        if answer.ends_with(b"done") {
            return Some(String::from_utf8(answer).unwrap());
        }
    }
}

async fn restarts(kind: &str, times: usize) {
    let mut server = Server::start(kind);
    let address = server.address;
    let tally = Arc::<Tally>::default();
    let clients: Vec<_> = (0..16).map(|index| tokio::spawn(client(address, tally.clone(), index % 4 != 0))).collect();
    let mut handled = 0;
    for _ in 0..times {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let ended = tokio::task::spawn_blocking(move || server.terminate()).await.unwrap();
        assert!(ended > 0);
        handled += ended;
        let kind = kind.to_owned();
        server = tokio::task::spawn_blocking(move || Server::start_at(&kind, address)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    tally.over.store(true, Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    handled += tokio::task::spawn_blocking(move || server.terminate()).await.unwrap();
    assert_eq!(tally.answered.load(Relaxed), handled, "every request that was begun was answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_lost_over_twenty_restarts() {
    restarts("load", 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_lost_where_each_core_has_its_runtime() {
    restarts("cores", 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_server_at_once() {
    for kind in ["load", "cores"] {
        let mut server = Server::start(kind);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.signal();
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(!server.has_ended(), "the request is waited for");
        server.signal();
        let began = Instant::now();
        while !server.has_ended() {
            assert!(began.elapsed() < Duration::from_secs(5), "the server does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
