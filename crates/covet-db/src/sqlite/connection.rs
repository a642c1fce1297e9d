//! The caller's side of a connection: sends jobs to its thread and waits for the answers.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use rusqlite::types::Value;
use tokio::sync::{mpsc, oneshot};

use super::control::{CancelOnDrop, Control};
use crate::backend::Wanted;
use crate::pool::Lease;
use crate::row::Batch;
use crate::sql::Text;
use crate::{Error, ErrorKind, Executed, Result};

/// How many jobs can wait for a thread: one that runs, some that were given up, and the one that ends a transaction. One
/// caller at a time has a connection, so that the queue never grows longer.
pub(super) const QUEUE: usize = 8;

/// How many batches of a stream are made before its reader takes one.
pub(super) const BATCHES_AHEAD: usize = 2;

/// A statement that owns all that it needs.
pub(super) struct Statement {
    pub(super) text: Text,
    pub(super) values: Vec<Value>,
}

/// The answer to a statement that was sent to a reader on suspicion: it was one, or SQLite says that it writes.
pub(super) enum Answer<T> {
    Done(T),
    Writes(Statement),
}

/// What a thread is asked to do.
pub(super) enum Work {
    Fetch(Statement, Wanted, oneshot::Sender<Result<Answer<Vec<Batch>>>>),
    Execute(Statement, oneshot::Sender<Result<Answer<Executed>>>),
    /// One statement, prepared once, with many rows of values.
    Repeat(Text, Vec<Vec<Value>>, oneshot::Sender<Result<u64>>),
    Stream(Statement, mpsc::Sender<Result<Answer<Batch>>>),
    /// Several statements of a migration.
    Script(String, oneshot::Sender<Result<()>>),
    /// A statement of this crate's own, such as BEGIN.
    Control(Text, oneshot::Sender<Result<()>>),
    /// COMMIT, after which nothing stays open whatever it says.
    Commit(oneshot::Sender<Result<()>>),
    /// The end of a transaction that nobody commits.
    Rollback(Option<oneshot::Sender<Result<()>>>),
}

/// Work, its number, and the lease that goes back to the pool when it is done and the connection is proved clean.
pub(super) struct Job {
    pub(super) call: u64,
    pub(super) work: Work,
    pub(super) lease: Option<Lease<Connection>>,
}

/// A connection, as its pool keeps it.
pub(crate) struct Connection {
    jobs: SyncSender<Job>,
    control: Arc<Control>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    pub(super) fn new(jobs: SyncSender<Job>, control: Arc<Control>) -> Self {
        Self { jobs, control }
    }

    /// Sends a job and gives what stops it.
    fn send(&self, work: Work, lease: Option<Lease<Self>>) -> Result<CancelOnDrop> {
        let call = self.control.number();
        self.jobs.try_send(Job { call, work, lease }).map_err(|_| lost())?;
        Ok(CancelOnDrop::new(Arc::clone(&self.control), call))
    }
}

/// A lease on a connection that is open.
///
/// A call made with [`Session::Once`] gives the lease away with the job, so that the thread itself returns it whether or
/// not the caller still waits; one made within a transaction keeps it.
pub(super) enum Session<'a> {
    Once(Lease<Connection>),
    Within(&'a Lease<Connection>),
}

impl Session<'_> {
    pub(super) fn send(self, work: Work) -> Result<CancelOnDrop> {
        match self {
            Self::Within(lease) => lease.connection().ok_or_else(lost)?.send(work, None),
            Self::Once(lease) => give_away(lease, work),
        }
    }

    pub(super) async fn call<T>(self, work: impl FnOnce(oneshot::Sender<Result<T>>) -> Work) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let mut guard = self.send(work(reply))?;
        let answer = answer.await;
        guard.answered();
        answer.map_err(|_| lost())?
    }
}

/// Sends the lease with the job, which alone decides from here on whether the connection goes back or is closed.
pub(super) fn give_away(mut lease: Lease<Connection>, work: Work) -> Result<CancelOnDrop> {
    lease.mark_busy();
    let connection = lease.connection().ok_or_else(lost)?;
    let connection = Connection { jobs: connection.jobs.clone(), control: Arc::clone(&connection.control) };
    connection.send(work, Some(lease))
}

pub(super) fn lost() -> Error {
    Error::new(ErrorKind::ConnectionLost, "the thread of the SQLite connection has ended")
}
