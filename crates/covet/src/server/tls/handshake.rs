//! The handshake of a connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

use super::Tls;
use crate::app::Limits;
use crate::server::Rarely;
use crate::server::stop::{Stage, Stopping};
use crate::server::wire::Transport;
use crate::{Error, Result};

/// How often the files of the certificate are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The handshakes of a server.
pub(in crate::server) struct Handshakes {
    acceptor: TlsAcceptor,
    limit: Duration,
    places: Semaphore,
    full: Rarely,
}

impl Tls {
    /// Makes ready for handshakes, and looks at the files from now on.
    pub(in crate::server) fn serve(self, limits: &Limits, stopping: &Stopping) -> Result<Handshakes> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(format!("TLS cannot be had: {error}")))?
            .with_no_client_auth()
            .with_cert_resolver(self.certificate.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer =
            aws_lc_rs::Ticketer::new().map_err(|error| Error::new(format!("TLS cannot be had: {error}")))?;
        if self.files.is_some() {
            tokio::spawn(look(self, stopping.clone()));
        }
        Ok(Handshakes {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            limit: limits.handshake,
            places: Semaphore::new(limits.handshakes.min(Semaphore::MAX_PERMITS)),
            full: Rarely::default(),
        })
    }
}

async fn look(tls: Tls, mut stopping: Stopping) {
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            () = stopping.reached(Stage::Draining) => return,
            _ = looks.tick() => tls.refresh(),
        }
    }
}

impl Handshakes {
    /// The same transport under TLS; `None` where the peer could not agree, or did not in time.
    pub(in crate::server) async fn shake(&self, transport: Transport) -> Option<Transport> {
        let Transport::Tcp(stream) = transport else { return Some(transport) };
        let Ok(_place) = self.places.try_acquire() else {
            if self.full.is_due() {
                tracing::warn!("connections are closed: as many TLS handshakes are going on as there may be");
            }
            return None;
        };
        match tokio::time::timeout(self.limit, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(Transport::Tls(Box::new(stream))),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("a TLS handshake took too long");
                None
            }
        }
    }
}

impl std::fmt::Debug for Handshakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshakes").field("limit", &self.limit).finish_non_exhaustive()
    }
}
