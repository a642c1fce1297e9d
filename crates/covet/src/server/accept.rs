//! The loops that accept connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::connection::{self, Welcome};
use super::listen::Listener;
use super::stop::{Stage, Stopping};
use super::wire::Transport;
use super::{GRACE, Rarely};
use crate::service::Service;

/// How many connections beyond the limit are told so at the same time; what comes beyond these is closed at once.
const MOST_REFUSED: usize = 128;

/// What the loops of a server share.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) service: Service,
    served: Arc<Semaphore>,
    refused: Arc<Semaphore>,
    full: Rarely,
    failing: Rarely,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<super::tls::Handshakes>,
}

/// A listener in the reactor of its loop.
enum Acceptor {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
}

impl Door {
    pub(super) fn new(service: Service, connections: usize) -> Self {
        Door {
            service,
            served: Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS))),
            refused: Arc::new(Semaphore::new(MOST_REFUSED)),
            full: Rarely::default(),
            failing: Rarely::default(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Whether there is a place for one more connection, or at least for telling it that there is none.
    fn admit(&self) -> Option<(Welcome, OwnedSemaphorePermit)> {
        if let Ok(permit) = self.served.clone().try_acquire_owned() {
            return Some((Welcome::Served, permit));
        }
        if self.full.is_due() {
            let limit = self.service.limits().connections;
            tracing::warn!(limit, "connections are refused: there are as many as there may be");
        }
        Some((Welcome::Refused, self.refused.clone().try_acquire_owned().ok()?))
    }

    /// The next connection, or `None` when there was none to be had just now.
    async fn next(&self, acceptor: &Acceptor) -> Option<Transport> {
        match acceptor.accept().await {
            Ok(transport) => Some(transport),
            Err(error) if is_of_one_connection(&error) => None,
            Err(error) => {
                // Out of file descriptors, most likely: they come back when connections end.
                if self.failing.is_due() {
                    tracing::error!(%error, "connections cannot be accepted");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                None
            }
        }
    }

    fn open(self: &Arc<Self>, connections: &mut JoinSet<()>, transport: Transport, stopping: &Stopping) {
        let Some((welcome, permit)) = self.admit() else { return };
        let (door, stopping) = (self.clone(), stopping.clone());
        connections.spawn(async move {
            door.welcome(transport, stopping, welcome).await;
            drop(permit);
        });
    }

    async fn welcome(&self, transport: Transport, stopping: Stopping, welcome: Welcome) {
        if let Transport::Tcp(stream) = &transport
            && let Err(error) = stream.set_nodelay(true)
        {
            return tracing::debug!(%error, "a connection was lost before its first request");
        }
        #[cfg(feature = "tls")]
        let transport = match &self.tls {
            Some(tls) => match tls.shake(transport).await {
                Some(transport) => transport,
                None => return,
            },
            None => transport,
        };
        connection::serve(transport, self.service.clone(), stopping, welcome).await;
    }
}

/// Accepts until told to stop, then waits for its connections to end, or until they are to be cut off.
pub(super) async fn accept(listener: Listener, door: Arc<Door>, stopping: Stopping) -> io::Result<()> {
    let acceptor = Acceptor::new(listener)?;
    let mut connections = JoinSet::new();
    let mut cut = stopping.clone();
    tokio::select! {
        () = serve(acceptor, &door, &stopping, &mut connections) => {}
        () = cut.reached(Stage::Cut) => {}
    }
    connections.shutdown().await;
    Ok(())
}

async fn serve(acceptor: Acceptor, door: &Arc<Door>, stopping: &Stopping, connections: &mut JoinSet<()>) {
    let mut heard = stopping.clone();
    loop {
        tokio::select! {
            biased;
            () = heard.reached(Stage::Draining) => break,
            transport = door.next(&acceptor) => {
                if let Some(transport) = transport {
                    door.open(connections, transport, stopping);
                }
            }
            Some(ended) = connections.join_next() => log_panic(ended),
        }
    }
    // Whoever is in the kernel's queue was told that the connection stands.
    let grace = tokio::time::Instant::now() + GRACE;
    while let Ok(transport) = tokio::time::timeout_at(grace, door.next(&acceptor)).await {
        if let Some(transport) = transport {
            door.open(connections, transport, stopping);
        }
    }
    drop(acceptor);
    while let Some(ended) = connections.join_next().await {
        log_panic(ended);
    }
}

impl Acceptor {
    fn new(listener: Listener) -> io::Result<Self> {
        Ok(match listener {
            Listener::Tcp(listener) => Acceptor::Tcp(tokio::net::TcpListener::from_std(listener)?),
            #[cfg(unix)]
            Listener::Unix(listener) => Acceptor::Unix(tokio::net::UnixListener::from_std(listener)?),
        })
    }

    async fn accept(&self) -> io::Result<Transport> {
        match self {
            Acceptor::Tcp(listener) => Ok(Transport::Tcp(listener.accept().await?.0)),
            #[cfg(unix)]
            Acceptor::Unix(listener) => Ok(Transport::Unix(listener.accept().await?.0)),
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection's task panicked");
    }
}
