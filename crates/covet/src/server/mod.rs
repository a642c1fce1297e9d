//! The server: listeners, connections, and how it stops.

mod connection;
pub(crate) mod framing;
mod listen;
mod shutdown;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::service::Service;
use crate::{Error, Result};

/// How long requests that are on their way when the server is told to stop have to arrive.
const GRACE: Duration = Duration::from_millis(200);

/// Serves until the process is told to stop.
pub(crate) async fn serve(service: Service, addresses: &[SocketAddr]) -> Result<()> {
    let server = Server::bind(service, addresses)?;
    let address = server.address;
    tracing::info!(%address, "serving http://{address}");
    server.run(shutdown::requested()).await
}

/// Bound listeners, not yet accepting.
#[derive(Debug)]
pub(crate) struct Server {
    service: Service,
    listeners: Vec<tokio::net::TcpListener>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Binds the first of the addresses that can be bound.
    pub(crate) fn bind(service: Service, addresses: &[SocketAddr]) -> Result<Self> {
        let mut failure = None;
        for address in addresses {
            match listen::listeners(*address) {
                Ok((listeners, address)) => return Ok(Server { service, listeners, address }),
                Err(error) => failure = Some((address, error)),
            }
        }
        Err(match failure {
            Some((address, error)) => Error::new(format!("cannot serve on {address}: {error}")),
            None => Error::new("there is no address to serve on"),
        })
    }

    /// Accepts connections until `stop` is ready, then drains.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> Result<()> {
        let limits = self.service.limits().clone();
        let permits = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        let (stopping, _) = watch::channel(false);
        let mut loops = JoinSet::new();
        for listener in self.listeners {
            let accept = listen::accept(listener, self.service.clone(), permits.clone(), stopping.subscribe());
            loops.spawn(accept);
        }
        stop.await;
        tracing::info!("stopping: no more connections are taken");
        stopping.send_replace(true);
        self.service.stop();
        let drained = async { while loops.join_next().await.is_some() {} };
        if tokio::time::timeout(limits.drain, drained).await.is_err() {
            tracing::warn!(after = ?limits.drain, "some requests were not answered in time and are cut off");
            // The connections belong to the loops' own sets, so they end with the loops.
            loops.shutdown().await;
        }
        Ok(())
    }
}
