//! Stopping statements, and putting connections in order off the caller's path.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::connection::{Connection, Session, lost};
use super::error::classify;
use crate::pool::Lease;
use crate::{Isolation, Result, TransactionOptions};

/// How long each step of putting a connection in order may take before the connection is closed instead.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a call that was dropped may have left on its connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// A statement that runs.
    Statement,
    /// A transaction.
    Transaction,
}

/// The savepoint before a stream within a transaction.
const BEFORE_STREAM: &str = "covet_stream";

/// Gives back a lease whose last call was answered.
pub(super) fn give_back(mut lease: Lease<Connection>, session: &Arc<Session>) {
    if session.client.is_closed() {
        return;
    }
    if session.standing.is_tainted() {
        return recover(lease, Left::Transaction);
    }
    lease.mark_clean();
}

/// Puts a connection in order and gives its lease back; where that fails the connection is closed.
pub(super) fn recover(mut lease: Lease<Connection>, left: Left) {
    let Some(session) = lease.connection().map(|connection| Arc::clone(&connection.session)) else {
        return;
    };
    if session.client.is_closed() {
        return;
    }
    let runtime = session.shared.runtime.clone();
    // Where the runtime has ended, the task is dropped at once and closes the connection.
    runtime.spawn(async move {
        let guard = BreakOnDrop(&session);
        let done = async {
            session.in_order().await?;
            session.limit.forget();
            if left == Left::Statement {
                session.stop().await?;
                lease.pool().cancelled();
            } else {
                session.drain("ROLLBACK").await?;
                session.standing.set_in_transaction(false);
            }
            if session.standing.is_tainted() {
                session.drain("DISCARD ALL").await?;
                session.was_reset();
            }
            Ok::<_, crate::Error>(())
        };
        if done.await.is_ok() {
            std::mem::forget(guard);
            lease.mark_clean();
        }
    });
}

/// Stops the statement of a call that was dropped within a transaction. The transaction's next statement waits for it.
pub(super) fn put_in_order(session: &Arc<Session>, has_savepoint: bool) {
    if session.client.is_closed() {
        return;
    }
    // A call begins only when the connection is in order, so that the lock is free.
    let Ok(order) = Arc::clone(&session.order).try_lock_owned() else {
        session.standing.break_off();
        return;
    };
    let session = Arc::clone(session);
    let runtime = session.shared.runtime.clone();
    runtime.spawn(async move {
        let _order = order;
        let guard = BreakOnDrop(&session);
        let done = async {
            session.limit.forget();
            session.stop().await?;
            if has_savepoint {
                session.drain(&format!("ROLLBACK TO {BEFORE_STREAM}; RELEASE {BEFORE_STREAM}")).await?;
                session.standing.set_aborted(false);
            }
            Ok::<_, crate::Error>(())
        };
        if done.await.is_ok() {
            std::mem::forget(guard);
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

impl Session {
    /// Stops what the server is doing for this connection, and sees to it that the request hits nothing that follows.
    ///
    /// A pooler may have given the session to somebody else by then, and older ones pass the request on to whoever runs
    /// there. So behind one nothing is asked, and the connection is closed instead, as every failure here does.
    async fn stop(&self) -> Result<()> {
        if !self.shared.has_sessions() {
            return Err(lost());
        }
        let token = self.client.cancel_token();
        match tokio::time::timeout(PATIENCE, self.endpoint.cancel(&token)).await {
            Ok(Ok(())) => self.drain("").await,
            _ => Err(lost()),
        }
    }

    /// Sends a statement of this crate's own after whatever is on its way, again if a request to stop has hit it.
    async fn drain(&self, text: &str) -> Result<()> {
        for _ in 0..3 {
            match tokio::time::timeout(PATIENCE, self.client.batch_execute(text)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) if error.code() == Some(&SqlState::QUERY_CANCELED) => {}
                Ok(Err(error)) => return Err(classify(&error)),
                Err(_) => return Err(lost()),
            }
        }
        Err(lost())
    }

    /// Sends a statement of this crate's own within a transaction.
    pub(super) async fn control(&self, text: &str) -> Result<()> {
        self.in_order().await?;
        let result = self.client.batch_execute(text).await;
        match &result {
            Ok(()) if text.starts_with("ROLLBACK TO") => {
                self.limit.forget();
                self.standing.set_aborted(false);
            }
            Ok(()) => {}
            Err(_) => self.standing.set_aborted(true),
        }
        result.map_err(|error| classify(&error).with_statement(text))
    }

    pub(super) async fn enter_stream(&self) -> Result<()> {
        self.control(&format!("SAVEPOINT {BEFORE_STREAM}")).await
    }

    pub(super) async fn leave_stream(&self) -> Result<()> {
        self.control(&format!("RELEASE {BEFORE_STREAM}")).await
    }
}

/// What begins a transaction. One that only reads sees one state of the database, as on every other adapter.
pub(super) fn begin(options: &TransactionOptions) -> String {
    let isolation = match options.isolation {
        None if options.read_only => Some(Isolation::RepeatableRead),
        isolation => isolation,
    };
    let mut text = String::from("BEGIN");
    if let Some(isolation) = isolation {
        text.push_str(match isolation {
            Isolation::ReadUncommitted => " ISOLATION LEVEL READ UNCOMMITTED",
            Isolation::ReadCommitted => " ISOLATION LEVEL READ COMMITTED",
            Isolation::RepeatableRead => " ISOLATION LEVEL REPEATABLE READ",
            Isolation::Serializable => " ISOLATION LEVEL SERIALIZABLE",
        });
    }
    if options.read_only {
        text.push_str(" READ ONLY");
    }
    if options.deferrable {
        text.push_str(" DEFERRABLE");
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

    pub(super) async fn send(mut self, text: &str) -> Result<()> {
        self.session.in_order().await?;
        let result = self.session.client.batch_execute(text).await;
        if result.is_ok()
            && let Some(lease) = self.lease.take()
        {
            // What was changed within the transaction ended with it.
            self.session.limit.set(self.session.shared.statement_timeout);
            self.session.standing.set_in_transaction(false);
            give_back(lease, &self.session);
        }
        result.map_err(|error| classify(&error).with_statement(text))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            recover(lease, Left::Transaction);
        }
    }
}
