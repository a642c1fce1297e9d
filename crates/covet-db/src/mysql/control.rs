//! Stopping statements, and putting connections in order off the caller's path.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::call::{Call, Holder};
use super::connection::{Connection, Failure, Guard, Session, Wire, Work, ended};
use super::error::{classify, lost};
use super::open;
use crate::pool::Lease;
use crate::sql::Text;
use crate::{Isolation, Result, TransactionOptions};

/// How long each step of putting a connection in order may take before the connection is closed instead.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a statement that nobody waits for may still run before it is stopped. Most are at their end, and stopping one
/// takes a connection of its own.
const GRACE: Duration = Duration::from_millis(1);

/// How long it waits between two requests to stop, at first and at most. A request that comes before its statement does is
/// in vain.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Gives back a lease whose last call was answered.
pub(super) fn give_back(mut lease: Lease<Connection>, session: &Arc<Session>) {
    if session.standing.is_broken() {
        return;
    }
    if session.standing.is_tainted() {
        return put_in_order(lease, None);
    }
    lease.mark_clean();
}

/// Stops a call that nobody waits for any more, and gives its lease back; where that fails the connection is closed.
pub(super) fn take_over(call: Call, work: Work<()>) {
    take(call, work, Manner::Statement);
}

/// The same of a stream. Outside of transactions its connection is closed unless its rows are at their end: a new one is had
/// sooner than many rows that are on their way are passed over.
pub(super) fn take_over_stream(call: Call, work: Work<()>) {
    let manner = if matches!(call.holder, Holder::Call(_)) { Manner::Connection } else { Manner::Statement };
    take(call, work, manner);
}

/// What is to be stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Statement,
    Connection,
}

fn take(call: Call, work: Work<()>, manner: Manner) {
    call.given_up.store(true, Ordering::Relaxed);
    let session = call.session;
    match call.holder {
        Holder::Call(lease) => put_in_order(lease, Some((work, manner))),
        // The transaction's next statement waits for the wire, which the work holds.
        Holder::Transaction => {
            let runtime = session.shared.runtime.clone();
            runtime.spawn(async move {
                let guard = BreakOnDrop(&session);
                if session.stop(work, manner).await.is_ok() {
                    std::mem::forget(guard);
                }
            });
        }
    }
}

/// Rolls back what may be open and gives the lease back.
pub(super) fn recover(lease: Lease<Connection>) {
    put_in_order(lease, None);
}

fn put_in_order(mut lease: Lease<Connection>, work: Option<(Work<()>, Manner)>) {
    let Some(session) = lease.connection().map(|connection| Arc::clone(&connection.session)) else {
        return;
    };
    let runtime = session.shared.runtime.clone();
    // Where the runtime has ended, the task is dropped at once and closes the connection.
    runtime.spawn(async move {
        let guard = BreakOnDrop(&session);
        let done = async {
            let mut wire = match work {
                Some((work, manner)) => {
                    let stopped = session.stop(work, manner).await;
                    if stopped.as_ref().map_or(true, |stopped| stopped.was_cancelled) {
                        lease.pool().cancelled();
                    }
                    stopped?.wire
                }
                None => session.wire().await?,
            };
            if session.standing.is_in_transaction() {
                wire.patiently("ROLLBACK").await?;
                session.standing.set_in_transaction(false);
            }
            if session.standing.is_tainted() {
                tokio::time::timeout(PATIENCE, wire.reset(&session)).await.map_err(|_| lost())??;
            }
            Ok::<_, crate::Error>(())
        };
        if done.await.is_ok() {
            std::mem::forget(guard);
            lease.mark_clean();
        }
    });
}

/// Breaks the session off unless it is forgotten: its task failed, or was dropped with its runtime.
struct BreakOnDrop<'a>(&'a Session);

impl Drop for BreakOnDrop<'_> {
    fn drop(&mut self) {
        self.0.standing.break_off();
    }
}

/// A call that was brought to its end.
struct Stopped {
    wire: Guard,
    was_cancelled: bool,
}

impl Session {
    /// Brings a call to its end by stopping its statement on the server, and sees to it that the request hits nothing that
    /// follows: the server has noted a request before it answers it, and what it has noted hits the next statement at most.
    async fn stop(&self, mut work: Work<()>, manner: Manner) -> Result<Stopped> {
        if let Ok((wire, result)) = tokio::time::timeout(GRACE, &mut work).await {
            return self.stopped(wire, &result, false);
        }
        let mut side = open::side(self).await?;
        if manner == Manner::Statement
            && let Ok(ended) = tokio::time::timeout(PATIENCE, self.ask_to_stop(&mut side, &mut work)).await
        {
            let (mut wire, result) = ended?;
            wire.patiently("DO 0").await?;
            return self.stopped(wire, &result, true);
        }
        // A new one, because the other may have been given up in the middle.
        if manner == Manner::Statement {
            side = open::side(self).await?;
        }
        // Nothing of it is to go on where nobody can reach it.
        drop(tokio::time::timeout(PATIENCE, self.kill(&mut side, "CONNECTION")).await);
        Err(lost())
    }

    /// Asks the server until the call has ended. No request is left without an answer.
    async fn ask_to_stop(&self, side: &mut Conn, work: &mut Work<()>) -> Result<(Guard, Result<(), Failure>)> {
        let mut pause = FIRST_PAUSE;
        loop {
            self.kill(side, "QUERY").await?;
            if let Ok(ended) = tokio::time::timeout(pause, &mut *work).await {
                return Ok(ended);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn stopped(&self, wire: Guard, result: &Result<(), Failure>, was_cancelled: bool) -> Result<Stopped> {
        match result {
            Err(Failure::Driver(error)) if error.is_fatal() => {
                self.standing.break_off();
                Err(lost())
            }
            _ => Ok(Stopped { wire, was_cancelled }),
        }
    }

    async fn kill(&self, side: &mut Conn, what: &str) -> Result<()> {
        let id = self.id;
        side.query_drop(format!("KILL {what} {id}")).await.map_err(|error| classify(&error))
    }

    /// Sends a statement of this crate's own within a transaction. It happens also when nobody waits for it any more.
    pub(super) async fn control(self: &Arc<Self>, text: Text) -> Result<()> {
        let mut wire = self.wire().await?;
        if self.standing.is_in_transaction() && self.standing.is_aborted() {
            return Err(ended());
        }
        let session = Arc::clone(self);
        let sending = async move {
            let result = wire.command(text.as_str()).await;
            if result.as_ref().is_err_and(|(_, error)| error.is_fatal()) {
                session.standing.break_off();
            }
            result.map(drop).map_err(|(_, error)| classify(&error).with_statement(text.as_str()))
        };
        AfterAll::new(self.shared.runtime.clone(), sending).await
    }
}

impl Wire {
    /// Sends a statement of this crate's own, again if a request to stop has hit it.
    async fn patiently(&mut self, text: &str) -> Result<()> {
        for _ in 0..3 {
            match tokio::time::timeout(PATIENCE, self.command(text)).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err((_, mysql_async::Error::Server(error)))) if matches!(error.code, 1317 | 1969 | 3024) => {}
                Ok(Err((_, error))) => return Err(classify(&error)),
                Err(_) => return Err(lost()),
            }
        }
        Err(lost())
    }
}

/// What begins a transaction. One that only reads sees one state of the database, as on every other adapter.
pub(super) fn begin(options: &TransactionOptions) -> String {
    let isolation = match options.isolation {
        None if options.read_only => Some(Isolation::RepeatableRead),
        isolation => isolation,
    };
    let mut text = String::new();
    if let Some(isolation) = isolation {
        text.push_str("SET TRANSACTION ISOLATION LEVEL ");
        text.push_str(match isolation {
            Isolation::ReadUncommitted => "READ UNCOMMITTED; ",
            Isolation::ReadCommitted => "READ COMMITTED; ",
            Isolation::RepeatableRead => "REPEATABLE READ; ",
            Isolation::Serializable => "SERIALIZABLE; ",
        });
    }
    text.push_str("START TRANSACTION");
    if options.read_only {
        text.push_str(" READ ONLY");
    }
    text
}

/// A transaction that is being ended. Dropped halfway its end is not stopped: it happens, and then the lease goes back.
pub(super) struct Ending {
    lease: Option<Lease<Connection>>,
    pub(super) session: Arc<Session>,
}

impl Ending {
    pub(super) fn new(lease: Lease<Connection>) -> Result<Self> {
        let session = Arc::clone(&lease.connection().ok_or_else(lost)?.session);
        Ok(Self { lease: Some(lease), session })
    }

    /// A task of its own sends it, and waits for the answer whoever else does.
    pub(super) async fn send(mut self, text: &'static str) -> Result<()> {
        let session = Arc::clone(&self.session);
        let mut wire = session.wire().await?;
        let lease = self.lease.take();
        let sending = async move {
            let result = wire.command(text).await;
            drop(wire);
            if result.as_ref().is_err_and(|(_, error)| error.is_fatal()) {
                session.standing.break_off();
            }
            if let Some(lease) = lease {
                match &result {
                    Ok(_) => {
                        session.standing.set_in_transaction(false);
                        give_back(lease, &session);
                    }
                    Err(_) => recover(lease),
                }
            }
            result.map(drop).map_err(|(_, error)| classify(&error).with_statement(text))
        };
        AfterAll::new(self.session.shared.runtime.clone(), sending).await
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            recover(lease);
        }
    }
}

/// A future that goes on in a task of its own when it is dropped before its end.
struct AfterAll<T: Send + 'static> {
    runtime: tokio::runtime::Handle,
    future: Option<std::pin::Pin<Box<dyn Future<Output = T> + Send>>>,
}

impl<T: Send + 'static> AfterAll<T> {
    fn new(runtime: tokio::runtime::Handle, future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { runtime, future: Some(Box::pin(future)) }
    }
}

impl<T: Send + 'static> Future for AfterAll<T> {
    type Output = T;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<T> {
        let Some(future) = &mut self.future else {
            return std::task::Poll::Pending;
        };
        let output = std::task::ready!(future.as_mut().poll(context));
        self.future = None;
        std::task::Poll::Ready(output)
    }
}

impl<T: Send + 'static> Drop for AfterAll<T> {
    fn drop(&mut self) {
        if let Some(future) = self.future.take() {
            self.runtime.spawn(future);
        }
    }
}
