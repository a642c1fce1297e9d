//! A connection: its session on the server and what is known about it.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::TryStreamExt;
use tokio::task::AbortHandle;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, RowStream, Statement};

use super::encode::{Encoded, own_type};
use super::endpoint::Endpoint;
use super::keyword::{Traits, traits};
use super::limit::InForce;
use super::statement_cache::{Prepared, StatementCache};
use super::untyped::Untyped;
use super::{Shared, error};
use crate::pool::{Reason, Standing};
use crate::{Error, ErrorKind, Param, PreparedStatements, Result};

/// A connection, as its pool keeps it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) session: Arc<Session>,
}

impl Connection {
    pub(super) fn new(session: Session) -> Self {
        Self { session: Arc::new(session) }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A connection that is closed with a statement under way must not wait for its end.
        if self.session.standing.is_broken() {
            self.session.driver.abort();
        }
    }
}

/// The session on the server.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) shared: Arc<Shared>,
    driver: AbortHandle,
    /// Where it leads.
    pub(super) endpoint: Endpoint,
    statements: Mutex<StatementCache>,
    /// Held while something is put in order after a call that was dropped within a transaction.
    pub(super) order: Arc<tokio::sync::Mutex<()>>,
    pub(super) standing: Standing,
    /// How long the server lets a statement run.
    pub(super) limit: InForce,
}

/// Why a statement failed.
pub(super) enum Failure {
    /// The driver says so: the server, or the network.
    Driver(tokio_postgres::Error),
    /// It was not sent.
    Unsent(Error),
    /// Its rows could not be read, and more of them may come.
    Midway(Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Driver(error)
    }
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Driver(error) => error::classify(&error),
            Self::Unsent(error) | Self::Midway(error) => error,
        }
    }
}

/// A statement that is ready to be sent.
pub(super) struct Bound {
    prepared: Arc<Prepared>,
    encoded: Encoded,
}

/// A statement that the server works on.
pub(super) struct Running {
    pub(super) rows: Pin<Box<RowStream>>,
    /// None without prepared statements.
    pub(super) prepared: Option<Arc<Prepared>>,
    pub(super) traits: Traits,
    /// All rows have come.
    pub(super) ended: bool,
}

impl Running {
    pub(super) async fn next(&mut self) -> Result<Option<Row>, tokio_postgres::Error> {
        // What was read to its end must not be asked again.
        if self.ended {
            return Ok(None);
        }
        let row = self.rows.as_mut().try_next().await?;
        self.ended = row.is_none();
        Ok(row)
    }

    /// Reads it to its end, because only then has it written, and says how many rows it touched.
    pub(super) async fn touched(&mut self) -> Result<u64, Failure> {
        while self.next().await?.is_some() {}
        Ok(self.rows.rows_affected().filter(|_| self.traits.touches_rows).unwrap_or(0))
    }
}

impl Session {
    pub(super) fn new(
        client: Client,
        driver: AbortHandle,
        shared: Arc<Shared>,
        endpoint: Endpoint,
        epoch: u64,
    ) -> Self {
        let options = &shared.options;
        Self {
            statements: Mutex::new(StatementCache::new(options.statement_cache, options.statement_lifetime)),
            standing: Standing::new(epoch, Instant::now() + options.pool.chosen_lifetime()),
            limit: InForce::new(shared.statement_timeout),
            client,
            driver,
            endpoint,
            shared,
            order: Arc::default(),
        }
    }

    /// Whether it may be used for another call, as far as is known here.
    pub(super) fn is_usable(&self, now: Instant) -> bool {
        self.unusable(now).is_none()
    }

    /// Why it must not be used for another call.
    pub(super) fn unusable(&self, now: Instant) -> Option<Reason> {
        self.standing.unusable(now, self.shared.epoch(), self.client.is_closed())
    }

    /// To be called after `DISCARD ALL`.
    pub(super) fn was_reset(&self) {
        self.statements().clear();
        self.limit.set(self.shared.statement_timeout);
        self.standing.set_tainted(false);
    }

    fn statements(&self) -> MutexGuard<'_, StatementCache> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until what a dropped call left behind is in order.
    pub(super) async fn in_order(&self) -> Result<()> {
        // The usual case without a step of the task's budget.
        if self.order.try_lock().is_err() {
            drop(self.order.lock().await);
        }
        if self.standing.is_broken() { Err(lost()) } else { Ok(()) }
    }

    /// Sends a statement with its values.
    pub(super) async fn start(&self, text: &str, params: &[Param<'_>]) -> Result<Running, Failure> {
        if self.shared.options.postgres.prepared == PreparedStatements::Never {
            return Box::pin(self.start_unprepared(text, params)).await;
        }
        self.send(&self.bind(text, params).await?).await
    }

    /// The statement of a text, prepared, and its values in the form in which they are sent. What is done once for each text
    /// is boxed, so that the futures of all the other calls are small.
    pub(super) async fn bind(&self, text: &str, params: &[Param<'_>]) -> Result<Bound, Failure> {
        let mut prepared = match self.prepared(text) {
            Some(prepared) => prepared,
            None => Box::pin(self.prepare_for(text, params)).await?,
        };
        if let Some(types) = own_types(params, prepared.types()) {
            prepared = Box::pin(self.prepare_typed(text, &types)).await?;
        }
        let encoded = Encoded::new(params, prepared.types()).map_err(Failure::Unsent)?;
        Ok(Bound { prepared, encoded })
    }

    async fn prepare_for(&self, text: &str, params: &[Param<'_>]) -> Result<Arc<Prepared>, Failure> {
        match self.prepare_as(text, text, &[]).await {
            Err(Failure::Driver(error)) if error::lacks_types(&error) && !params.is_empty() => {
                self.prepare_with_help(text, params, error).await
            }
            other => other,
        }
    }

    /// Sends at once, before the first wait.
    pub(super) async fn send(&self, bound: &Bound) -> Result<Running, Failure> {
        let prepared = &bound.prepared;
        self.note(prepared.traits);
        let rows = Box::pin(self.client.query_raw(&prepared.statement, bound.encoded.values()).await?);
        Ok(Running { rows, traits: prepared.traits, prepared: Some(Arc::clone(prepared)), ended: false })
    }

    /// In one round trip and without a statement on the server.
    async fn start_unprepared(&self, text: &str, params: &[Param<'_>]) -> Result<Running, Failure> {
        let traits = acceptable(text)?;
        let values = params.iter().enumerate().map(|(index, param)| Ok((Untyped::new(index, param)?, Type::UNKNOWN)));
        let values = values.collect::<Result<Vec<_>>>().map_err(Failure::Unsent)?;
        self.note(traits);
        let rows = Box::pin(self.client.query_typed_raw(text, values).await?);
        Ok(Running { rows, traits, prepared: None, ended: false })
    }

    /// The statement of a text, prepared now or before.
    pub(super) async fn prepare(&self, text: &str) -> Result<Arc<Prepared>, Failure> {
        match self.prepared(text) {
            Some(prepared) => Ok(prepared),
            None => Box::pin(self.prepare_as(text, text, &[])).await,
        }
    }

    fn prepared(&self, text: &str) -> Option<Arc<Prepared>> {
        let found = self.statements().get(text, self.shared.generation());
        self.shared.lookups.count(found.is_some());
        found
    }

    /// The same with types of our own for some of its places; `UNKNOWN` leaves one to the server.
    async fn prepare_typed(&self, text: &str, types: &[Type]) -> Result<Arc<Prepared>, Failure> {
        let mut key = text.to_owned();
        for ty in types {
            key.push('\0');
            key.push_str(ty.name());
        }
        let found = self.statements().get(&key, self.shared.generation());
        match found {
            Some(prepared) => Ok(prepared),
            None => self.prepare_as(&key, text, types).await,
        }
    }

    /// The statement of a text that does not tell the types of all its places, as in `{a} IS NULL`: where the server does not
    /// know, the values' own are told.
    async fn prepare_with_help(
        &self,
        text: &str,
        params: &[Param<'_>],
        mut error: tokio_postgres::Error,
    ) -> Result<Arc<Prepared>, Failure> {
        let own = |param: &Param<'_>| own_type(param, &Type::TEXT);
        let mut types = vec![Type::UNKNOWN; params.len()];
        for _ in 0..=params.len() {
            match error::undetermined(&error).and_then(|place| types.get_mut(place).zip(params.get(place))) {
                Some((ty, param)) => *ty = own(param).unwrap_or(Type::TEXT),
                None => {
                    for (ty, param) in types.iter_mut().zip(params) {
                        *ty = own(param).unwrap_or_else(|| ty.clone());
                    }
                }
            }
            match self.prepare_typed(text, &types).await {
                Err(Failure::Driver(again)) if error::lacks_types(&again) => error = again,
                prepared => {
                    let prepared = prepared?;
                    self.statements().insert(text, Arc::clone(&prepared));
                    return Ok(prepared);
                }
            }
        }
        Err(error.into())
    }

    async fn prepare_as(&self, key: &str, text: &str, types: &[Type]) -> Result<Arc<Prepared>, Failure> {
        let traits = acceptable(text)?;
        let statement = match self.standing.is_in_transaction() && text.contains('$') {
            true => self.prepare_within_transaction(text, types).await?,
            false => self.client.prepare_typed(text, types).await?,
        };
        let prepared = Arc::new(Prepared::new(statement, traits));
        // Where each transaction may have another session, a statement lives no longer than its transaction.
        if self.shared.options.postgres.prepared != PreparedStatements::Never {
            self.statements().insert(key, Arc::clone(&prepared));
        }
        Ok(prepared)
    }

    /// A statement that cannot be prepared does not cost its transaction: the savepoint, the statement and the end of the
    /// savepoint go out together, and take no longer than the statement alone.
    async fn prepare_within_transaction(&self, text: &str, types: &[Type]) -> Result<Statement, tokio_postgres::Error> {
        let (before, statement, after) = futures_util::future::join3(
            self.client.batch_execute("SAVEPOINT covet_prepare"),
            self.client.prepare_typed(text, types),
            self.client.batch_execute("RELEASE covet_prepare"),
        )
        .await;
        before?;
        if statement.as_ref().is_err_and(error::lacks_types) {
            self.client.batch_execute("ROLLBACK TO covet_prepare; RELEASE covet_prepare").await?;
            return statement;
        }
        let statement = statement?;
        after?;
        Ok(statement)
    }

    fn note(&self, traits: Traits) {
        if traits.taints {
            self.standing.set_tainted(true);
        }
    }
}

/// Refuses a text that holds no statement, or one that would take the transactions out of our hands.
fn acceptable(text: &str) -> Result<Traits, Failure> {
    let traits = traits(text);
    if traits.empty {
        return Err(Failure::Unsent(
            Error::new(ErrorKind::Syntax, "the text has no statement in it").with_code("42601"),
        ));
    }
    if traits.controls_transactions {
        return Err(Failure::Unsent(Error::by_hand()));
    }
    Ok(traits)
}

/// The types to prepare with, where the server took a value for text that is none.
fn own_types(params: &[Param<'_>], declared: &[Type]) -> Option<Vec<Type>> {
    if params.len() != declared.len() || !params.iter().zip(declared).any(|(param, ty)| own_type(param, ty).is_some()) {
        return None;
    }
    let types = params.iter().zip(declared).map(|(param, ty)| own_type(param, ty).unwrap_or_else(|| ty.clone()));
    Some(types.collect())
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

pub(super) fn lost() -> Error {
    Error::new(ErrorKind::ConnectionLost, "the connection to PostgreSQL was closed")
}
