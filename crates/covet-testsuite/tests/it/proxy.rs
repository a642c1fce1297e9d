//! A network that fails: a proxy between a pool and its server that delays, stalls, cuts, closes halfway, and refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fault {
    /// It works.
    Nothing,
    /// Every piece comes late.
    Delay,
    /// Nothing comes any more, and nobody says so.
    Stall,
    /// What is open is reset, in the middle of a message.
    Cut,
    /// The server's side is closed in order, the client's stays open.
    HalfClose,
    /// New connections are refused.
    Refuse,
}

const FAULTS: [Fault; 6] = [Fault::Nothing, Fault::Delay, Fault::Stall, Fault::Cut, Fault::HalfClose, Fault::Refuse];

#[derive(Debug)]
struct Network {
    fault: AtomicU8,
    /// Waits of those who stall, until the network changes.
    changed: Notify,
    /// Bytes from the server that still pass before a cut.
    left: AtomicI64,
    connections: AtomicU64,
}

/// A proxy on a port of its own.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    network: Arc<Network>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Arc::new(Network {
            fault: AtomicU8::new(Fault::Nothing as u8),
            changed: Notify::new(),
            left: AtomicI64::new(0),
            connections: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, server, Arc::clone(&network)));
        Self { port, network, task }
    }

    /// A URL through the proxy instead of to the server.
    pub(crate) fn through(&self, url: &str, server: u16) -> String {
        url.replace(&format!(":{server}/"), &format!(":{}/", self.port))
    }

    pub(crate) fn set(&self, fault: Fault) {
        self.network.left.store(40, Ordering::Relaxed);
        self.network.fault.store(fault as u8, Ordering::Relaxed);
        self.network.changed.notify_waiters();
    }

    /// How many connections were made through it.
    pub(crate) fn connections(&self) -> u64 {
        self.network.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Network {
    fn fault(&self) -> Fault {
        FAULTS[usize::from(self.fault.load(Ordering::Relaxed))]
    }
}

async fn accept(listener: TcpListener, server: u16, network: Arc<Network>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { return };
        if network.fault() == Fault::Refuse {
            reset(&client);
            continue;
        }
        network.connections.fetch_add(1, Ordering::Relaxed);
        let network = Arc::clone(&network);
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::join!(pump(from_client, to_server, &network, false), pump(from_server, to_client, &network, true));
        });
    }
}

/// Closes without an end, as a network that is gone.
fn reset(socket: &TcpStream) {
    // Nothing lingers: the other side gets a reset.
    let _ = socket.set_zero_linger();
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, network: &Network, is_answer: bool) {
    let mut buffer = [0; 4096];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            () = network.changed.notified() => match network.fault() {
                Fault::Cut if !is_answer => { reset(to.as_ref()); return; }
                Fault::HalfClose if is_answer => { let _ = to.shutdown().await; return; }
                _ => continue,
            },
        };
        let Ok(count @ 1..) = read else {
            let _ = to.shutdown().await;
            return;
        };
        let mut bytes = &buffer[..count];
        match network.fault() {
            Fault::Delay => tokio::time::sleep(Duration::from_millis(30)).await,
            Fault::Stall => {
                while network.fault() == Fault::Stall {
                    // The flag may change between the look and the wait.
                    let _ = tokio::time::timeout(Duration::from_millis(20), network.changed.notified()).await;
                }
            }
            Fault::Cut if is_answer => {
                let left = network.left.fetch_sub(i64::try_from(count).unwrap(), Ordering::Relaxed);
                if left < i64::try_from(count).unwrap() {
                    bytes = &bytes[..usize::try_from(left.max(0)).unwrap()];
                    let _ = to.write_all(bytes).await;
                    reset(to.as_ref());
                    return;
                }
            }
            _ => {}
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
    }
}
