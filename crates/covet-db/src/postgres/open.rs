//! Opening connections.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio_postgres::{CancelToken, Config, NoTls};

use super::connection::{Connection, Session};
use super::error::unreachable;
use super::{Shared, error};
use crate::url::Server;
use crate::{ConnectOptions, Error, ErrorKind, Result};

/// How long data that was sent may go without an answer from the other machine's network.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection is quiet before its network is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

pub(super) async fn open(shared: &Arc<Shared>) -> Result<Connection> {
    let epoch = shared.epoch();
    let config = config(&shared.options, &shared.server);
    let timeout = shared.options.postgres.connect_timeout;
    let (client, connection) = tokio::time::timeout(timeout, config.connect(NoTls))
        .await
        .map_err(|_| Error::new(ErrorKind::Connect, format!("PostgreSQL did not answer within {timeout:?}")))?
        .map_err(|error| unreachable(&error))?;
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %error::classify(&error), "a connection to PostgreSQL ended");
        }
    });
    Ok(Connection::new(Session::new(client, driver.abort_handle(), Arc::clone(shared), epoch)))
}

fn config(options: &ConnectOptions, server: &Server) -> Config {
    let mut config = Config::new();
    match server.host.starts_with('/') {
        #[cfg(unix)]
        true => config.host_path(&server.host),
        _ => config.host(&server.host),
    };
    config
        .port(server.port)
        .user(&server.user)
        .dbname(&server.database)
        .application_name(&options.postgres.application_name)
        .connect_timeout(options.postgres.connect_timeout)
        .tcp_user_timeout(TCP_USER_TIMEOUT)
        .keepalives_idle(KEEPALIVE);
    if let Some(password) = &server.password {
        config.password(password);
    }
    config
}

/// Asks the server to stop what a connection is doing, and waits until it has asked it.
///
/// The driver's own `cancel_query` must not be used: it comes back when the request has been written, and the server would
/// stop whatever runs when it gets to it, which may be the next statement. The server closes the socket only after it has
/// sent its signal.
pub(super) async fn cancel(token: &CancelToken, server: &Server) -> std::io::Result<()> {
    #[cfg(unix)]
    if server.host.starts_with('/') {
        let path = format!("{}/.s.PGSQL.{}", server.host, server.port);
        return cancel_over(tokio::net::UnixStream::connect(path).await?, token).await;
    }
    cancel_over(tokio::net::TcpStream::connect((server.host.as_str(), server.port)).await?, token).await
}

async fn cancel_over(mut socket: impl AsyncRead + AsyncWrite + Unpin, token: &CancelToken) -> std::io::Result<()> {
    token.cancel_query_raw(&mut socket, NoTls).await.map_err(std::io::Error::other)?;
    let mut nothing = [0; 16];
    while socket.read(&mut nothing).await? > 0 {}
    Ok(())
}
