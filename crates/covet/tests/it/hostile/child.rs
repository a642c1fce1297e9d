//! A server in a process of its own: this test program once more, with a test that serves.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use covet::{App, Bytes, NoContent, Runtime, get, post, routes};

/// Says to the test below what kind of server it is, and to everybody else that it is none.
const KIND: &str = "COVET_TEST_CHILD";

/// How many requests were handled.
static HANDLED: AtomicU64 = AtomicU64::new(0);

/// Say pong.
#[get("/ping")]
async fn ping() -> &'static str {
    HANDLED.fetch_add(1, Relaxed);
    "pong"
}

/// Take a little while.
#[get("/work")]
async fn work() -> &'static str {
    HANDLED.fetch_add(1, Relaxed);
    tokio::time::sleep(Duration::from_millis(5)).await;
    "done"
}

/// Wait for ever.
#[get("/never")]
async fn never() -> NoContent {
    std::future::pending().await
}

/// Much.
#[get("/big")]
async fn big() -> Bytes {
    vec![b'x'; 100_000].into()
}

/// Read the body as a whole.
#[post("/bytes")]
async fn bytes(body: Bytes) -> String {
    body.len().to_string()
}

fn app(kind: &str) -> App {
    let app = App::new("Child", "1.0.0").routes(routes![ping, work, never, big, bytes]);
    match kind {
        "hostile" => app.limits(|limits| {
            limits.header_read = Duration::from_secs(1);
            limits.body_read = Duration::from_secs(1);
            limits.send = Duration::from_secs(1);
            limits.deadline = Duration::from_secs(3);
        }),
        "crowd" => app.limits(|limits| limits.connections = 10_500),
        "cores" => app.runtime(Runtime::PerCore),
        _ => app,
    }
}

/// No test, but the server of the others.
#[test]
fn serve() {
    let Ok(kind) = std::env::var(KIND) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(app(&kind).serve()).unwrap();
    println!("\nhandled {}", HANDLED.load(Relaxed));
}

/// A server at work. It is killed when it is dropped.
pub(super) struct Server {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    pub(super) fn start(kind: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Server::start_at(kind, address)
    }

    pub(super) fn start_at(kind: &str, address: SocketAddr) -> Self {
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "hostile::child::serve", "--nocapture"])
            .env(KIND, kind)
            .env("COVET_BIND", address.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let server = Server { process, address };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "the server does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// Resident memory in MB, now and at its highest.
    pub(super) fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let read = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
        };
        (read("VmRSS:"), read("VmHWM:"))
    }

    /// That the next client is served, and soon.
    pub(super) async fn serves_the_next(&self) {
        let served = tokio::time::timeout(Duration::from_secs(5), super::http1::exchange(self.address, "/ping"));
        let answer = served.await.expect("the next client is served");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("pong"), "{answer}");
    }

    /// Sends SIGTERM and waits for the end; the answer is how many requests were handled.
    pub(super) fn terminate(mut self) -> u64 {
        self.signal();
        let output = BufReader::new(self.process.stdout.take().unwrap());
        // All of it is read, since a program that cannot write fails.
        let lines: Vec<String> = output.lines().map(Result::unwrap).collect();
        let handled = lines.iter().find_map(|line| line.strip_prefix("handled "));
        assert!(self.process.wait().unwrap().success());
        handled.expect("the server says how much it has done").parse().unwrap()
    }

    pub(super) fn signal(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM).unwrap();
    }

    /// Whether it has ended by now.
    pub(super) fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where the test has stopped it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
