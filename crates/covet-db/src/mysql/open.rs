//! Opening connections.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mysql_async::{Conn, DriverError, Opts, OptsBuilder};

use super::Shared;
use super::connection::{Connection, Session};
use super::endpoint::{self, Endpoint, endpoints};
use super::error::{silent, unreachable};
use crate::{Error, ErrorKind, Result, SslMode};

/// A connection for the pool.
pub(super) async fn open(shared: &Arc<Shared>) -> Result<Connection> {
    let epoch = shared.epoch();
    let timeout = shared.options.mysql.connect_timeout;
    let mut failure = None;
    for endpoint in endpoints(shared).await? {
        let opening = dial(shared, &endpoint, |settings| settings.setup(vec![endpoint::session(shared)]));
        match tokio::time::timeout(timeout, opening).await.map_err(|_| silent(timeout)) {
            Ok(Ok(conn)) => {
                let session = Session::new(conn, Arc::clone(shared), endpoint, epoch);
                return Ok(Connection { session: Arc::new(session) });
            }
            Ok(Err(error)) | Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| Error::new(ErrorKind::Connect, "the host of MySQL has no address")))
}

/// A connection beside another one to the same server, to speak about it.
pub(super) async fn side(session: &Session) -> Result<Conn> {
    let timeout = session.shared.options.mysql.connect_timeout;
    let opening = dial(&session.shared, &session.endpoint, |settings| settings.compression(None));
    tokio::time::timeout(timeout, opening).await.map_err(|_| silent(timeout))?
}

async fn dial(shared: &Shared, endpoint: &Endpoint, change: impl Fn(OptsBuilder) -> OptsBuilder) -> Result<Conn> {
    let mode = if matches!(endpoint, Endpoint::Unix(_)) { SslMode::Disable } else { shared.ssl_mode() };
    let is_optional = mode == SslMode::Prefer;
    let encrypted = mode != SslMode::Disable && !(is_optional && shared.has_no_tls.load(Ordering::Relaxed));
    match connect(change(endpoint.settings(shared, encrypted)?)).await? {
        Err(mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer)) if is_optional => {
            shared.has_no_tls.store(true, Ordering::Relaxed);
            let plain = connect(change(endpoint.settings(shared, false)?)).await?;
            plain.map_err(|error| unreachable(&error))
        }
        connected => connected.map_err(|error| unreachable(&error)),
    }
}

/// In a task of its own: a server that answers what no server would can make the driver panic, and no more than that.
async fn connect(settings: OptsBuilder) -> Result<mysql_async::Result<Conn>> {
    let mut connecting = AbortOnDrop(tokio::spawn(Conn::new(Opts::from(settings))));
    (&mut connecting.0).await.map_err(|_| Error::new(ErrorKind::Connect, "what answered does not speak as MySQL does"))
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
