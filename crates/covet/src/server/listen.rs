//! Listening sockets and the loops that accept from them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::{GRACE, connection};
use crate::service::Service;

/// Connections that the kernel keeps for us until they are accepted.
const BACKLOG: i32 = 4096;

/// How long a peer may leave bytes unread that were sent to it.
#[cfg(target_os = "linux")]
const UNREAD: Duration = Duration::from_secs(60);

/// One listener per core where the kernel can share a port out among sockets, or else one.
///
/// The first is bound without SO_REUSEPORT, so that a second instance on the same port fails to start instead of
/// taking half of the connections; the option is set on it before it listens, so that the others may join.
pub(super) fn listeners(address: SocketAddr) -> io::Result<(Vec<TcpListener>, SocketAddr)> {
    let first = socket(address)?;
    first.bind(&address.into())?;
    let cores = if cfg!(target_os = "linux") { cores() } else { 1 };
    #[cfg(target_os = "linux")]
    first.set_reuse_port(cores > 1)?;
    first.listen(BACKLOG)?;
    let mut listeners = vec![TcpListener::from_std(first.into())?];
    let address = listeners[0].local_addr()?;
    for _ in 1..cores {
        let socket = socket(address)?;
        #[cfg(target_os = "linux")]
        socket.set_reuse_port(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        listeners.push(TcpListener::from_std(socket.into())?);
    }
    Ok((listeners, address))
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A port whose last connections are in TIME_WAIT can be bound again. On Windows the option means something else.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    // A peer that does not take what it has asked for is cut off; accepted connections inherit this.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNREAD))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Accepts until told to stop, then waits for its connections to end. Dropping the future cuts them off.
pub(super) async fn accept(
    listener: TcpListener,
    service: Service,
    permits: Arc<Semaphore>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let connection_stopping = stopping.clone();
    loop {
        let next = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => break,
            next = next(&listener, &permits) => next,
            Some(ended) = connections.join_next() => {
                log_panic(ended);
                continue;
            }
        };
        let Some((stream, permit)) = next else { continue };
        spawn(&mut connections, stream, permit, &service, &connection_stopping);
    }
    // Whoever is in the kernel's queue was told that the connection stands.
    let grace = tokio::time::Instant::now() + GRACE;
    while let Ok(next) = tokio::time::timeout_at(grace, next(&listener, &permits)).await {
        let Some((stream, permit)) = next else { continue };
        spawn(&mut connections, stream, permit, &service, &connection_stopping);
    }
    drop(listener);
    while let Some(ended) = connections.join_next().await {
        log_panic(ended);
    }
}

fn spawn(
    connections: &mut JoinSet<()>,
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    service: &Service,
    stopping: &watch::Receiver<bool>,
) {
    let connection = connection::serve(stream, service.clone(), stopping.clone());
    connections.spawn(async move {
        connection.await;
        drop(permit);
    });
}

/// The next connection, or `None` when there was none to be had just now.
async fn next(listener: &TcpListener, permits: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) if is_of_one_connection(&error) => None,
        Err(error) => {
            // Out of file descriptors, most likely: they come back when connections end.
            tracing::error!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
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
