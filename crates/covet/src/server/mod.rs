//! The server: listeners, connections, and how it stops.

mod accept;
mod activity;
mod address;
mod answer;
mod connection;
pub(crate) mod framing;
mod listen;
mod open_files;
mod runtime;
mod shutdown;
mod stop;
#[cfg(feature = "tls")]
mod tls;
mod wire;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

pub(crate) use address::{Address, Bound};
pub use runtime::Runtime;
#[cfg(feature = "tls")]
pub use tls::Tls;

use accept::Door;
use listen::Listener;
use stop::{Stage, Stop};

use crate::service::Service;
use crate::{Error, Result};

/// How long requests that are on their way when the server is told to stop have to arrive.
const GRACE: Duration = Duration::from_millis(200);

/// What a server needs to know beside its service.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) runtime: Runtime,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no Unix sockets"))]
    pub(crate) socket_mode: u32,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            runtime: Runtime::default(),
            socket_mode: 0o660,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// Serves until the process is told to stop. Told again, it does not wait for what is at work.
pub(crate) async fn serve(service: Service, address: &Address, settings: &Settings) -> Result<()> {
    let server = Server::bind(service, address, settings)?;
    let bound = server.bound.clone();
    let scheme = server.scheme();
    tracing::info!(address = %bound, "serving {scheme}{bound}");
    let mut requests = shutdown::Requests::listen();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let signals = async move {
        requests.next().await;
        drop(stop);
        requests.next().await;
        tracing::warn!("told to stop again: what is at work is cut off");
    };
    let gone = async {
        // The sender says nothing; that it is gone is what counts.
        let _ = stopped.await;
    };
    server.run(gone, signals).await
}

/// Bound listeners, not yet accepting.
#[derive(Debug)]
pub(crate) struct Server {
    service: Service,
    listeners: Vec<Listener>,
    settings: Settings,
    pub(crate) bound: Bound,
}

impl Server {
    /// Binds the first of the addresses that can be bound.
    pub(crate) fn bind(service: Service, address: &Address, settings: &Settings) -> Result<Self> {
        let server = |listeners, bound| Server { service, listeners, settings: settings.clone(), bound };
        let addresses = match address {
            Address::Tcp(addresses) => addresses,
            #[cfg(unix)]
            Address::Unix(path) => {
                let bound = Bound::Unix(path.clone());
                return match listen::unix(path, settings.socket_mode) {
                    Ok(listener) => Ok(server(vec![listener], bound)),
                    Err(error) => Err(Error::new(format!("cannot serve on {bound}: {error}"))),
                };
            }
        };
        let mut failure = None;
        for address in addresses {
            match listen::tcp(*address, runtime::cores()) {
                Ok((listeners, address)) => return Ok(server(listeners, Bound::Tcp(address))),
                Err(error) => failure = Some((address, error)),
            }
        }
        Err(match failure {
            Some((address, error)) => Error::new(format!("cannot serve on {address}: {error}")),
            None => Error::new("there is no address to serve on"),
        })
    }

    fn scheme(&self) -> &'static str {
        match &self.bound {
            #[cfg(unix)]
            Bound::Unix(_) => "",
            #[cfg(feature = "tls")]
            Bound::Tcp(_) if self.settings.tls.is_some() => "https://",
            Bound::Tcp(_) => "http://",
        }
    }

    /// Accepts connections until `stop` is ready, then drains until `cut` is.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>, cut: impl Future<Output = ()>) -> Result<()> {
        let limits = self.service.limits().clone();
        let service = self.service;
        let (control, stopping) = Stop::new();
        #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "there is nothing to add"))]
        let mut door = Door::new(service.clone(), open_files::raise(limits.connections));
        #[cfg(feature = "tls")]
        if let Some(tls) = self.settings.tls {
            door.tls = Some(tls.serve(&limits, &stopping)?);
        }
        let mut loops = runtime::Loops::start(self.settings.runtime, self.listeners, &Arc::new(door), &stopping)?;
        let drained = async {
            let stop = std::pin::pin!(stop);
            tokio::select! {
                () = stop => {}
                ended = loops.ended() => return ended,
            }
            tracing::info!("stopping: no more connections are taken");
            control.advance(Stage::Draining);
            service.stop();
            match tokio::time::timeout(limits.drain, loops.ended()).await {
                Ok(ended) => return ended,
                Err(_) => {
                    tracing::warn!(after = ?limits.drain, "some requests were not answered in time and are cut off");
                }
            }
            Ok(())
        };
        let result = tokio::select! {
            biased;
            result = drained => result,
            () = cut => Ok(()),
        };
        control.advance(Stage::Cut);
        let ended = loops.ended().await;
        #[cfg(unix)]
        if let Bound::Unix(path) = &self.bound
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::debug!(%error, "the socket {} could not be removed", path.display());
        }
        result.and(ended)
    }
}

/// Something that is said again only after a while.
#[derive(Debug, Default)]
pub(crate) struct Rarely(AtomicU64);

impl Rarely {
    /// How long it is not said again.
    const PAUSE: Duration = Duration::from_secs(10);

    /// Whether it is to be said now.
    pub(crate) fn is_due(&self) -> bool {
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        // From one on, since zero is never.
        let now = BEGUN.get_or_init(Instant::now).elapsed().as_secs() + 1;
        let last = self.0.load(Ordering::Relaxed);
        let is_due = last == 0 || now - last >= Rarely::PAUSE.as_secs();
        is_due && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
