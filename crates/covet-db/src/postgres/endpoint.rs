//! Where a connection leads: one address of one host, and how it is protected. A request to stop a statement must go to the
//! server that runs it, and not to another one of the same name.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_postgres::{CancelToken, Config};

use super::tls::{Connector, Tls};
use super::{Shared, password_file};
use crate::url::Server;
use crate::{ChannelBinding, ConnectOptions, Error, ErrorKind, Result, SslMode};

/// How long data that was sent may go without an answer from the other machine's network.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection is quiet before its network is asked whether it is still there, and how often after that.
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;

/// One server.
#[derive(Clone)]
pub(super) struct Endpoint {
    host: String,
    address: Address,
    ssl_mode: SslMode,
    pub(super) tls: Connector,
}

/// What the system connects to.
#[derive(Clone, Debug)]
enum Address {
    Tcp(SocketAddr),
    /// The folder of a socket, and the number in its name.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has them"))]
    Unix(PathBuf, u16),
}

/// Every address of every server that the URL names, in order. A name that leads nowhere is passed over while there are
/// others.
pub(super) async fn endpoints(options: &ConnectOptions, server: &Server, tls: &Tls) -> Result<Vec<Endpoint>> {
    let mut endpoints = Vec::new();
    let mut failure = None;
    let first = std::iter::once((server.host.as_str(), server.port));
    for (host, port) in first.chain(server.others.iter().map(|(host, port)| (host.as_str(), *port))) {
        let ssl_mode = options.postgres.ssl_mode.unwrap_or_else(|| SslMode::for_host(host));
        let addresses = match host.starts_with('/') {
            true => vec![Address::Unix(host.into(), port)],
            false => match tokio::net::lookup_host((host, port)).await {
                Ok(addresses) => addresses.map(Address::Tcp).collect(),
                Err(error) => {
                    let message = format!("the host `{host}` of PostgreSQL was not found");
                    failure = Some(Error::new(ErrorKind::Connect, message).with_source(error));
                    continue;
                }
            },
        };
        let ssl_mode = if host.starts_with('/') { SslMode::Disable } else { ssl_mode };
        let connector = tls.connector(ssl_mode, host, &options.postgres)?;
        let endpoint = |address| Endpoint { host: host.to_owned(), address, ssl_mode, tls: connector.clone() };
        endpoints.extend(addresses.into_iter().map(endpoint));
    }
    match (endpoints.is_empty(), failure) {
        (true, Some(failure)) => Err(failure),
        _ => Ok(endpoints),
    }
}

impl Endpoint {
    /// The driver's settings for a connection to here.
    pub(super) fn config(&self, shared: &Shared) -> Config {
        let (options, server) = (&shared.options, &shared.server);
        let mut config = Config::new();
        match &self.address {
            Address::Tcp(address) => config.host(&self.host).hostaddr(address.ip()).port(address.port()),
            #[cfg(unix)]
            Address::Unix(folder, port) => config.host_path(folder).port(*port),
            #[cfg(not(unix))]
            Address::Unix(..) => &mut config,
        };
        config
            .user(&server.user)
            .dbname(&server.database)
            .application_name(&options.postgres.application_name)
            .connect_timeout(options.postgres.connect_timeout)
            .tcp_user_timeout(TCP_USER_TIMEOUT)
            .keepalives_idle(KEEPALIVE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .ssl_mode(match self.ssl_mode {
                SslMode::Disable => tokio_postgres::config::SslMode::Disable,
                SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
                SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => tokio_postgres::config::SslMode::Require,
            })
            .channel_binding(match options.postgres.channel_binding {
                ChannelBinding::Disable => tokio_postgres::config::ChannelBinding::Disable,
                ChannelBinding::Prefer => tokio_postgres::config::ChannelBinding::Prefer,
                ChannelBinding::Require => tokio_postgres::config::ChannelBinding::Require,
            });
        if shared.has_sessions() {
            config.options(format!("-c statement_timeout={}", shared.statement_timeout.as_millis()));
        }
        if let Some(password) = &server.password {
            config.password(password);
        } else if let Some(password) = self.stored_password(shared) {
            config.password(password);
        }
        config
    }

    fn stored_password(&self, shared: &Shared) -> Option<String> {
        let server = &shared.server;
        let (host, port) = match &self.address {
            Address::Tcp(address) => (self.host.as_str(), address.port()),
            // libpq's own word for every socket in its usual folder.
            Address::Unix(folder, port)
                if folder.as_os_str() == "/tmp" || folder.as_os_str() == "/var/run/postgresql" =>
            {
                ("localhost", *port)
            }
            Address::Unix(_, port) => (self.host.as_str(), *port),
        };
        let wanted = [host, &port.to_string(), &server.database, &server.user];
        password_file::find(shared.options.postgres.password_file.as_deref(), wanted)
    }

    /// Asks the server to stop what a connection is doing, and waits until it has asked it.
    ///
    /// The driver's own `cancel_query` must not be used: it comes back when the request has been written, and the server
    /// would stop whatever runs when it gets to it, which may be the next statement. The server closes the socket only
    /// after it has sent its signal.
    pub(super) async fn cancel(&self, token: &CancelToken) -> std::io::Result<()> {
        match &self.address {
            Address::Tcp(address) => cancel_over(TcpStream::connect(address).await?, token, &self.tls).await,
            #[cfg(unix)]
            Address::Unix(folder, port) => {
                let path = folder.join(format!(".s.PGSQL.{port}"));
                cancel_over(tokio::net::UnixStream::connect(path).await?, token, &self.tls).await
            }
            #[cfg(not(unix))]
            Address::Unix(..) => Err(std::io::ErrorKind::Unsupported.into()),
        }
    }
}

async fn cancel_over<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: S,
    token: &CancelToken,
    tls: &Connector,
) -> std::io::Result<()> {
    token.cancel_query_raw(&mut socket, tls.clone()).await.map_err(std::io::Error::other)?;
    // What comes after the end of a TLS session is nothing that anybody wants to read.
    let mut nothing = [0; 256];
    loop {
        match socket.read(&mut nothing).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?}, {:?})", self.host, self.address, self.ssl_mode)
    }
}
