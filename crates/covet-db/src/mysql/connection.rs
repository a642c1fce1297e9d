//! A connection: its session on the server and what is known about it.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Instant;

use mysql_async::prelude::{Protocol, Queryable};
use mysql_async::{BinaryProtocol, Column, Conn, Params, QueryResult, Statement, TextProtocol, Value};
use tokio::sync::OwnedMutexGuard;

use super::endpoint::Endpoint;
use super::error::{classify, lost};
use super::keyword::{Traits, traits};
use super::limit::milliseconds;
use super::{Shared, error};
use crate::pool::{Reason, Standing};
use crate::row::Columns;
use crate::statements::StatementCache;
use crate::{Error, ErrorKind, Result};

/// A connection, as its pool keeps it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) session: Arc<Session>,
}

/// The session on the server.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    /// Where it leads; what is to be stopped there must be stopped at the same server.
    pub(super) endpoint: Endpoint,
    /// The server's number for it.
    pub(super) id: u32,
    /// Held by the call that runs, also when nobody waits for it any more.
    wire: Arc<tokio::sync::Mutex<Wire>>,
    pub(super) standing: Standing,
}

/// What one call at a time uses.
pub(super) struct Wire {
    pub(super) conn: Conn,
    statements: StatementCache<Prepared>,
    /// Statements on the server that nobody needs any more.
    forgotten: Arc<Mutex<Vec<Statement>>>,
    /// How long the server lets a statement run, in milliseconds.
    pub(super) limit: u64,
}

/// The right to use it.
pub(super) type Guard = OwnedMutexGuard<Wire>;

/// A call on its way, which owns all that it needs, so that it can be brought to its end by somebody else than its caller.
pub(super) type Work<T> = Pin<Box<dyn Future<Output = (Guard, Result<T, Failure>)> + Send>>;

/// Why a statement failed.
pub(super) enum Failure {
    /// The driver says so: the server, or the network.
    Driver(mysql_async::Error),
    /// Nothing is left of it on the connection, or it was not sent.
    Answered(Error),
}

impl From<mysql_async::Error> for Failure {
    fn from(error: mysql_async::Error) -> Self {
        Self::Driver(error)
    }
}

impl Failure {
    pub(super) fn into_error(self, text: &str) -> Error {
        match self {
            Self::Driver(error) => error::classify_of(&error, text),
            Self::Answered(error) => error,
        }
    }
}

/// A statement, and what is known about it.
pub(super) struct Prepared {
    /// None for the few that the server does not prepare.
    statement: Option<Statement>,
    columns: Mutex<Arc<Columns>>,
    /// What kinds of values it was run with; see [`Kind`].
    kinds: Mutex<Vec<Option<Kind>>>,
    traits: Traits,
    forgotten: Arc<Mutex<Vec<Statement>>>,
}

/// What the server is told of a value. Newer MySQL takes the kinds of a statement's first values for those of all that follow,
/// and converts others to them, so that `SELECT ?` of a number and of a text must be two statements.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Text = b't',
    Integer = b'i',
    Float = b'f',
}

impl Kind {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::NULL => None,
            Value::Int(_) | Value::UInt(_) => Some(Self::Integer),
            Value::Float(_) | Value::Double(_) => Some(Self::Float),
            _ => Some(Self::Text),
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if let Some(statement) = self.statement.take() {
            self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).push(statement);
        }
    }
}

impl Prepared {
    /// Whether the values are of the kinds that it was run with, which they are from now on.
    fn suits(&self, values: &[Value]) -> bool {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() < values.len() {
            kinds.resize(values.len(), None);
        }
        let own = || values.iter().map(Kind::of);
        let suits = kinds.iter().zip(own()).all(|(known, own)| known.is_none() || own.is_none() || *known == own);
        if suits {
            kinds.iter_mut().zip(own()).for_each(|(known, own)| *known = known.or(own));
        }
        suits
    }

    /// The columns that it will give.
    pub(super) fn found(&self) -> Arc<[Column]> {
        self.statement.as_ref().map(Statement::columns).unwrap_or_default()
    }

    /// How many values it takes.
    pub(super) fn places(&self) -> usize {
        self.statement.as_ref().map_or(0, |statement| usize::from(statement.num_params()))
    }

    /// The names of a result's columns, which change with the schema.
    fn columns(&self, found: &[Column]) -> Arc<Columns> {
        let mut known = self.columns.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.are(found.iter().map(Column::name_ref)) {
            let names: Vec<_> = found.iter().map(Column::name_str).collect();
            *known = Arc::new(Columns::new(names.iter().map(AsRef::as_ref)));
        }
        Arc::clone(&known)
    }
}

/// What takes the answer of a statement.
pub(super) trait Answer: Send {
    /// The rows begin.
    fn begin(&mut self, names: Arc<Columns>);

    fn row(&mut self, columns: &[Column], row: mysql_async::Row) -> impl Future<Output = Result<()>> + Send;

    /// No row is there yet, or none will come any more.
    fn wait(&mut self) -> impl Future<Output = ()> + Send;
}

/// How many rows a statement touched, and the number of the last one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Touched {
    pub(super) rows: u64,
    pub(super) last_insert_id: Option<u64>,
}

impl Session {
    pub(super) fn new(conn: Conn, shared: Arc<Shared>, endpoint: Endpoint, epoch: u64) -> Self {
        let options = &shared.options;
        let id = conn.id();
        let wire = Wire {
            conn,
            statements: StatementCache::new(options.statement_cache, options.statement_lifetime),
            forgotten: Arc::default(),
            limit: milliseconds(shared.statement_timeout),
        };
        Self {
            standing: Standing::new(epoch, Instant::now() + options.pool.chosen_lifetime()),
            wire: Arc::new(tokio::sync::Mutex::new(wire)),
            id,
            endpoint,
            shared,
        }
    }

    /// Why it must not be used for another call, as far as is known here.
    pub(super) fn unusable(&self, now: Instant) -> Option<Reason> {
        self.standing.unusable(now, self.shared.epoch(), false)
    }

    /// The wire, once no other call uses it.
    pub(super) async fn wire(&self) -> Result<Guard> {
        // The usual case without a step of the task's budget.
        let guard = match Arc::clone(&self.wire).try_lock_owned() {
            Ok(guard) => guard,
            Err(_) => Arc::clone(&self.wire).lock_owned().await,
        };
        if self.standing.is_broken() { Err(lost()) } else { Ok(guard) }
    }

    /// Refuses a text that holds no statement, or one that would take the transactions out of our hands.
    fn acceptable(&self, text: &str) -> Result<Traits, Failure> {
        let traits = traits(text);
        let refused = if traits.empty {
            Error::new(ErrorKind::Syntax, "the text has no statement in it").with_code("1065")
        } else if traits.controls_transactions {
            Error::by_hand()
        } else {
            return Ok(traits);
        };
        Err(Failure::Answered(refused))
    }

    fn note(&self, traits: Traits) -> Result<(), Failure> {
        if self.standing.is_in_transaction() && traits.commits {
            return Err(Failure::Answered(Error::new(
                ErrorKind::Misuse,
                "MySQL commits a transaction before a statement such as CREATE, ALTER or DROP; send it outside of transactions",
            )));
        }
        self.usable_within_transaction()?;
        if traits.taints {
            self.standing.set_tainted(true);
        }
        Ok(())
    }

    /// Refuses what would stand outside of a transaction that the server has ended.
    pub(super) fn usable_within_transaction(&self) -> Result<(), Failure> {
        match self.standing.is_in_transaction() && self.standing.is_aborted() {
            true => Err(Failure::Answered(ended())),
            false => Ok(()),
        }
    }

    /// To be called after the session was reset.
    pub(super) fn was_reset(&self) {
        self.standing.set_tainted(false);
    }
}

/// The error of a transaction that the server has ended.
pub(super) fn ended() -> Error {
    Error::new(ErrorKind::Closed, "the transaction has been rolled back by an error in it")
}

impl Wire {
    /// The statement of a text, prepared now or before.
    pub(super) async fn prepare(&mut self, session: &Session, text: &str) -> Result<Arc<Prepared>, Failure> {
        let found = self.statements.get(text, session.shared.generation());
        session.shared.lookups.count(found.is_some());
        if let Some(prepared) = found {
            return Ok(prepared);
        }
        Box::pin(self.prepare_anew(session, text, text)).await
    }

    /// The statement of a text for such values.
    async fn prepare_for(&mut self, session: &Session, text: &str, values: &[Value]) -> Result<Arc<Prepared>, Failure> {
        let prepared = self.prepare(session, text).await?;
        if prepared.suits(values) {
            return Ok(prepared);
        }
        let mut key = format!("{text}\0");
        key.extend(values.iter().map(|value| Kind::of(value).map_or('-', |kind| char::from(kind as u8))));
        let found = self.statements.get(&key, session.shared.generation());
        let prepared = match found {
            Some(prepared) => prepared,
            None => Box::pin(self.prepare_anew(session, &key, text)).await?,
        };
        prepared.suits(values);
        Ok(prepared)
    }

    async fn prepare_anew(&mut self, session: &Session, key: &str, text: &str) -> Result<Arc<Prepared>, Failure> {
        let traits = session.acceptable(text)?;
        self.close_forgotten().await?;
        let statement = match self.conn.prep(text).await {
            Ok(statement) => Some(statement),
            Err(error) if error::is_unpreparable(&error) && !traits.many => None,
            Err(error) => return Err(error.into()),
        };
        let prepared = Arc::new(Prepared {
            statement,
            columns: Mutex::default(),
            kinds: Mutex::default(),
            traits,
            forgotten: Arc::clone(&self.forgotten),
        });
        self.statements.insert(key, Arc::clone(&prepared));
        Ok(prepared)
    }

    async fn close_forgotten(&mut self) -> Result<(), mysql_async::Error> {
        let forgotten = std::mem::take(&mut *self.forgotten.lock().unwrap_or_else(PoisonError::into_inner));
        for statement in forgotten {
            self.conn.close(statement).await?;
        }
        Ok(())
    }

    /// Runs a statement to its end. One that was prepared for a schema that is gone is prepared anew: nothing has happened.
    pub(super) async fn run(
        &mut self,
        session: &Session,
        text: &str,
        values: Vec<Value>,
        given_up: &AtomicBool,
        answer: &mut impl Answer,
    ) -> Result<Touched, Failure> {
        for _ in 0..super::HEALINGS {
            let prepared = self.prepare_for(session, text, &values).await?;
            session.note(prepared.traits)?;
            if given_up.load(Ordering::Relaxed) {
                return Err(Failure::Answered(Error::new(ErrorKind::Closed, "the call was given up")));
            }
            match self.run_prepared(&prepared, text, values.clone(), answer).await {
                Err(Failure::Driver(error)) if error::is_stale(&error) => session.shared.next_generation(),
                ran => return ran,
            }
        }
        let prepared = self.prepare_for(session, text, &values).await?;
        self.run_prepared(&prepared, text, values, answer).await
    }

    async fn run_prepared(
        &mut self,
        prepared: &Prepared,
        text: &str,
        values: Vec<Value>,
        answer: &mut impl Answer,
    ) -> Result<Touched, Failure> {
        let places = prepared.places();
        if places != values.len() {
            return Err(Failure::Answered(Error::unbound(places, values.len())));
        }
        match &prepared.statement {
            Some(statement) => {
                let values = if values.is_empty() { Params::Empty } else { Params::Positional(values) };
                let result: QueryResult<'_, '_, BinaryProtocol> = self.conn.exec_iter(statement, values).await?;
                read(result, prepared, answer).await
            }
            None => {
                let result: QueryResult<'_, '_, TextProtocol> = self.conn.query_iter(text).await?;
                read(result, prepared, answer).await
            }
        }
    }

    /// Sends statements of this crate's own and says how many of them were done.
    pub(super) async fn command(&mut self, text: &str) -> Result<usize, (usize, mysql_async::Error)> {
        let mut done = 0;
        let mut result = self.conn.query_iter(text).await.map_err(|error| (done, error))?;
        loop {
            // Each statement has an answer of its own, with rows or without.
            while result.next().await.map_err(|error| (done, error))?.is_some() {}
            done += 1;
            if result.is_empty() {
                // The error of a statement but the first waits until it is asked for.
                result.next().await.map_err(|error| (done, error))?;
                return Ok(done);
            }
        }
    }

    /// Puts the session back to how it began.
    pub(super) async fn reset(&mut self, session: &Session) -> Result<()> {
        self.statements.clear();
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if !self.conn.reset().await.map_err(|error| classify(&error))? {
            return Err(lost());
        }
        self.limit = milliseconds(session.shared.statement_timeout);
        session.was_reset();
        Ok(())
    }
}

/// Reads the first result of a statement and passes over what a procedure gives beyond it.
async fn read<P: Protocol>(
    mut result: QueryResult<'_, '_, P>,
    prepared: &Prepared,
    answer: &mut impl Answer,
) -> Result<Touched, Failure> {
    let columns = result.columns().unwrap_or_default();
    if columns.is_empty() {
        let touched =
            Touched { rows: result.affected_rows(), last_insert_id: result.last_insert_id().filter(|id| *id > 0) };
        pass_over(&mut result).await?;
        return Ok(touched);
    }
    answer.begin(prepared.columns(&columns));
    let (mut failed, mut rows) = (None, 0);
    loop {
        let row = {
            let mut next = pin!(result.next());
            match futures_util::poll!(next.as_mut()) {
                Poll::Ready(row) => row?,
                Poll::Pending => {
                    answer.wait().await;
                    next.await?
                }
            }
        };
        let Some(row) = row else { break };
        rows += 1;
        // The rest is read all the same: only then is the connection free, and only then has the statement written.
        if failed.is_none() {
            failed = answer.row(&columns, row).await.err();
        }
    }
    answer.wait().await;
    let touched = Touched { rows: if prepared.traits.touches_rows { rows } else { 0 }, last_insert_id: None };
    pass_over(&mut result).await?;
    match failed {
        Some(error) => Err(Failure::Answered(error)),
        None => Ok(touched),
    }
}

async fn pass_over<P: Protocol>(result: &mut QueryResult<'_, '_, P>) -> Result<(), mysql_async::Error> {
    loop {
        while result.next().await?.is_some() {}
        if result.is_empty() {
            // The error of a result but the first waits until it is asked for.
            return result.next().await.map(drop);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}
