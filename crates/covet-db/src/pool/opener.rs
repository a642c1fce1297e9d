//! Leases on connections to a server: one that is idle and answers, or one that is opened.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use super::{Lease, Place, Pool, Reason};
use crate::backend::trying_again;
use crate::{ConnectOptions, Error, ErrorKind, Result};

/// A connection that was idle for longer is asked whether it is still there.
const PING_AFTER: Duration = Duration::from_secs(1);

/// How long that answer may take.
pub(crate) const PING_PATIENCE: Duration = Duration::from_secs(1);

/// Who opens connections to a server, and knows them.
pub(crate) trait Opener: Send + Sync + 'static {
    type Connection: Send + Sync + 'static;

    fn options(&self) -> &ConnectOptions;

    /// Whether opening failed for a reason that may pass.
    fn passes(error: &Error) -> bool;

    fn open(self: Arc<Self>) -> impl Future<Output = Result<Self::Connection>> + Send;

    /// Why it must not be used for another call, as far as is known here.
    fn unusable(connection: &Self::Connection, now: Instant) -> Option<Reason>;

    /// Whether the server answers; asked where a connection was idle for a while.
    fn answers(connection: &Self::Connection) -> impl Future<Output = bool> + Send;
}

impl<C: Send + Sync + 'static> Pool<C> {
    /// A lease on a connection that is there, as far as can be known without asking more than is worth it.
    pub(crate) async fn lease<O: Opener<Connection = C>>(
        self: &Arc<Self>,
        opener: &Arc<O>,
        place: Place,
    ) -> Result<Lease<C>> {
        self.ticker.used();
        let deadline = Instant::now() + opener.options().pool.acquire_timeout;
        let mut lease = self.acquire(place).await?;
        loop {
            while let Some(connection) = lease.connection() {
                let reason = match O::unusable(connection, Instant::now()) {
                    Some(reason) => reason,
                    None if lease.idle() < PING_AFTER || Box::pin(answers::<O>(&mut lease)).await => return Ok(lease),
                    None => Reason::Broken,
                };
                lease.retire(reason);
            }
            lease = Box::pin(self.fill(opener, lease, place, deadline)).await?;
        }
    }

    /// Opens a connection for a lease, or takes one that comes back meanwhile. A task of its own opens it, so that a caller
    /// who leaves wastes nothing.
    async fn fill<O: Opener<Connection = C>>(
        self: &Arc<Self>,
        opener: &Arc<O>,
        mut lease: Lease<C>,
        place: Place,
        deadline: Instant,
    ) -> Result<Lease<C>> {
        let (reply, opened) = oneshot::channel();
        let (task, pool) = (Arc::clone(opener), Arc::clone(self));
        tokio::spawn(async move {
            let open = || Arc::clone(&task).open();
            let connection = pool.opening(trying_again(task.options().attempts, O::passes, open)).await;
            // Where nobody waits any more, the lease comes back here and goes to the idle ones.
            drop(reply.send(connection.map(|connection| {
                lease.fill(connection);
                lease
            })));
        });
        let either = async {
            match select(pin!(opened), pin!(self.returned(place))).await {
                Either::Left((answer, _)) => answer.map_err(|_| given_up())?,
                Either::Right((lease, _)) => Ok(lease),
            }
        };
        match tokio::time::timeout_at(deadline.into(), either).await {
            Ok(filled) => filled,
            Err(_) => Err(self.opening_timed_out(opener.options().pool.acquire_timeout)),
        }
    }
}

async fn answers<O: Opener>(lease: &mut Lease<O::Connection>) -> bool {
    lease.mark_busy();
    let Some(connection) = lease.connection() else {
        return false;
    };
    let answers = O::answers(connection).await;
    if answers {
        lease.mark_clean();
    }
    answers
}

fn given_up() -> Error {
    Error::new(ErrorKind::ConnectionLost, "opening the connection was given up")
}
