//! Very many connections.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::child::Server;

const CONNECTIONS: u64 = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_need_little_memory() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if maximum.is_some_and(|maximum| maximum < CONNECTIONS + 600) {
        // The machine does not let a process have so many; what the server does then is another test's.
        eprintln!("not run: a process may open {maximum:?} files here, and this needs {}", CONNECTIONS + 600);
        return;
    }
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let server = Server::start("crowd");
    let address = server.address;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS / 100 {
        let batch: Vec<_> = (0..100)
            .map(|_| {
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
                    let mut answer = [0; 512];
                    assert!(stream.read(&mut answer).await.unwrap() > 0);
                    assert!(answer.starts_with(b"HTTP/1.1 200"));
                    stream
                })
            })
            .collect();
        for stream in batch {
            idle.push(stream.await.unwrap());
        }
    }
    let (with_all, most) = server.memory();
    assert!(most < 300, "{with_all}, {most} MB");
    // All of them are still there, and each is answered again.
    for stream in idle.iter_mut().step_by(97) {
        stream.write_all(b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 512];
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut answer)).await;
        assert!(read.unwrap().unwrap() > 0);
    }
    server.serves_the_next().await;
}
