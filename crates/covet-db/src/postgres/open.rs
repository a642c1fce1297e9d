//! Opening connections.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio_postgres::{Client, Socket};

use super::connection::{Connection, Session};
use super::endpoint::{Endpoint, endpoints};
use super::error::{refuses_options, silent, unreachable};
use super::tls::Stream;
use super::{Shared, error};
use crate::{Error, ErrorKind, Result, TargetSession};

/// A connection that nobody drives yet.
pub(super) struct Dialled {
    pub(super) client: Client,
    pub(super) connection: tokio_postgres::Connection<Socket, Stream>,
    pub(super) endpoint: Endpoint,
}

/// When what callers have asked for is sent.
#[derive(Debug, Clone)]
pub(super) enum Pace {
    /// At once: whoever has the connection is alone.
    Alone,
    /// Once every task that is ready has said what it wants, so that their statements leave in one piece. Counts who waits for
    /// an answer: one that is alone does not wait for others.
    Together(Arc<AtomicUsize>),
}

/// A connection for the pool.
pub(super) async fn open(shared: &Arc<Shared>, pace: Pace) -> Result<Connection> {
    let epoch = shared.epoch();
    let timeout = shared.options.postgres.connect_timeout;
    let mut failure = None;
    for wanted in passes_over(shared.options.postgres.target_session) {
        for endpoint in endpoints(&shared.options, &shared.server, &shared.tls).await? {
            let opening = async {
                let dialled = dial(shared, endpoint).await?;
                let session = session(dialled, shared, epoch, pace.clone());
                suits(&session, *wanted).await.map(|()| session)
            };
            match tokio::time::timeout(timeout, opening).await.map_err(|_| silent(timeout)) {
                Ok(Ok(session)) => return Ok(Connection::new(session)),
                Ok(Err(error)) | Err(error) => failure = Some(error),
            }
        }
    }
    Err(failure.unwrap_or_else(|| Error::new(ErrorKind::Connect, "the host of PostgreSQL has no address")))
}

/// What to look for in turn.
fn passes_over(target: TargetSession) -> &'static [TargetSession] {
    match target {
        TargetSession::Any => &[TargetSession::Any],
        TargetSession::ReadWrite => &[TargetSession::ReadWrite],
        TargetSession::ReadOnly => &[TargetSession::ReadOnly],
        TargetSession::Primary => &[TargetSession::Primary],
        TargetSession::Standby => &[TargetSession::Standby],
        TargetSession::PreferStandby => &[TargetSession::Standby, TargetSession::Any],
    }
}

pub(super) async fn dial(shared: &Shared, endpoint: Endpoint) -> Result<Dialled> {
    let connected = match endpoint.config(shared).connect(endpoint.tls.clone()).await {
        // A pooler that takes no settings: what the server would keep is kept by the client alone.
        Err(error) if refuses_options(&error) && !shared.pooler.swap(true, Ordering::Relaxed) => {
            endpoint.config(shared).connect(endpoint.tls.clone()).await
        }
        connected => connected,
    };
    let (client, connection) = connected.map_err(|error| unreachable(&error))?;
    Ok(Dialled { client, connection, endpoint })
}

fn session(dialled: Dialled, shared: &Arc<Shared>, epoch: u64, pace: Pace) -> Session {
    let Dialled { client, connection, endpoint } = dialled;
    let driver = tokio::spawn(async move {
        let ended = match pace {
            Pace::Alone => connection.await,
            Pace::Together(in_flight) => drive_together(connection, &in_flight).await,
        };
        if let Err(error) = ended {
            tracing::debug!(error = %error::classify(&error), "a connection to PostgreSQL ended");
        }
    });
    Session::new(client, driver.abort_handle(), Arc::clone(shared), endpoint, epoch)
}

/// Drives a connection that many tasks share. Without the yield it would run as soon as the first of them has spoken, and send
/// each statement by itself.
async fn drive_together(
    connection: impl Future<Output = Result<(), tokio_postgres::Error>>,
    in_flight: &AtomicUsize,
) -> Result<(), tokio_postgres::Error> {
    let mut connection = pin!(connection);
    loop {
        if let Poll::Ready(ended) = poll_fn(|cx| Poll::Ready(connection.as_mut().poll(cx))).await {
            return ended;
        }
        woken().await;
        if in_flight.load(Ordering::Relaxed) > 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// Ready when the task is woken again.
async fn woken() {
    let mut is_woken = false;
    poll_fn(|_| if std::mem::replace(&mut is_woken, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Whether the server is one that is wanted.
async fn suits(session: &Session, wanted: TargetSession) -> Result<()> {
    if wanted == TargetSession::Any {
        return Ok(());
    }
    let question = "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only') = 'on'";
    let answer = session.client.simple_query(question).await.map_err(|error| unreachable(&error))?;
    let row = answer.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some((row.get(0) == Some("t"), row.get(1) == Some("t"))),
        _ => None,
    });
    let Some((is_standby, is_read_only)) = row else {
        return Err(Error::new(ErrorKind::Connect, "PostgreSQL did not say whether it is a standby"));
    };
    let (suits, what) = match wanted {
        TargetSession::Any | TargetSession::PreferStandby => (true, ""),
        TargetSession::ReadWrite => (!is_read_only, "lets nobody write"),
        TargetSession::ReadOnly => (is_read_only, "lets everybody write"),
        TargetSession::Primary => (!is_standby, "is a standby"),
        TargetSession::Standby => (is_standby, "is no standby"),
    };
    match suits {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::Connect, format!("the PostgreSQL server at {:?} {what}", session.endpoint))),
    }
}
