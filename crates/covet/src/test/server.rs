//! An app on a real socket.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Client;
use crate::{App, Result, server};

/// An app that is served on a free port of the loopback interface until it is stopped or dropped.
///
/// ```
/// use covet::{get, routes, test::Server, App};
///
/// /// Say pong.
/// #[get("/ping")]
/// async fn ping() -> &'static str { "pong" }
///
/// # #[covet::main]
/// # async fn main() -> covet::Result<()> {
/// let server = Server::start(App::new("Demo", "1.0.0").routes(routes![ping])).await?;
/// assert_eq!(server.client().get("/ping").send().await.text(), "pong");
/// server.stop().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    client: Client,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<()>>,
}

impl Server {
    /// Serves an app on a free port.
    ///
    /// # Errors
    /// The faults of the app, or that no port can be bound.
    pub async fn start(app: App) -> Result<Self> {
        let settings = app.server.clone();
        let service = app.build()?;
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = server::Server::bind(service.clone(), &server::Address::Tcp(vec![any_port]), &settings)?;
        let address = server.bound.socket().unwrap_or(any_port);
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            // An error means that the sender is gone, which stops the server as well.
            let _ = stopped.await;
        };
        let running = tokio::spawn(server.run(stopped, std::future::pending()));
        Ok(Server { client: Client::of(service, Some(address)), address, stop: Some(stop), running })
    }

    /// A client that opens a connection for each request.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The address that is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server as SIGTERM does, and waits for its end.
    ///
    /// # Errors
    /// That the server failed.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.stop.take());
        (&mut self.running).await?
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}
