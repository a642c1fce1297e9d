//! Rows as a stream.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use crate::backend::{Batches, PreparedStream};
use crate::executor::Database;
use crate::observe::observed;
use crate::pool::Place;
use crate::row::Batch;
use crate::sql::Text;
use crate::transaction::scope::{Scope, Streaming};
use crate::{Executor, FromRow, Result, Row, Sql};

/// The rows of a statement, one after the other; see [`Executor::stream`].
///
/// ```
/// # use covet_db::{Db, RowStream};
/// # use futures_util::StreamExt;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// let mut rows: RowStream<(i64,)> = db.stream("SELECT 1");
/// assert!(rows.next().await.is_some());
/// assert!(rows.next().await.is_none());
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct RowStream<T> {
    /// The next row.
    row: Option<Row>,
    state: State,
    rows: PhantomData<fn() -> T>,
}

type NextBatch = Pin<Box<dyn Future<Output = Option<Result<(Reader, Batch)>>> + Send>>;

enum State {
    /// The next batch is on its way. One box for a batch of some hundred rows.
    Waiting(NextBatch),
    /// A batch is being read.
    Reading(Reader),
    Done,
}

/// Where batches come from.
struct Reader {
    database: Arc<Database>,
    timeout: Duration,
    text: Text,
    batches: Batches,
    _turn: Option<Streaming>,
}

/// All that the first batch needs.
struct Start {
    database: Arc<Database>,
    scope: Scope,
    timeout: Duration,
    statement: Result<PreparedStream>,
    place: Place,
}

impl Start {
    async fn read(self) -> Option<Result<(Reader, Batch)>> {
        match self.open().await {
            Ok(reader) => reader.read().await,
            Err(error) => Some(Err(error)),
        }
    }

    async fn open(self) -> Result<Reader> {
        let statement = self.statement?;
        let text = statement.text().clone();
        let database = self.database;
        let backend = &database.backend;
        let call = async {
            let Some(mut turn) = self.scope.turn().await? else {
                return Ok((backend.stream(None, statement, self.place).await?, None));
            };
            let batches = backend.stream(Some(turn.lease()?), statement, self.place).await;
            turn.over(&batches);
            Ok((batches?, Some(turn.into_streaming())))
        };
        let opened = observed(backend.dialect(), text.as_str(), self.timeout, &database.slow, call).await;
        let (batches, turn) = opened?;
        Ok(Reader { database, timeout: self.timeout, text, batches, _turn: turn })
    }
}

impl Reader {
    async fn read(mut self) -> Option<Result<(Self, Batch)>> {
        let timeout = self.timeout;
        let dialect = self.database.backend.dialect();
        let batches = &mut self.batches;
        let call = async { batches.next().await.transpose() };
        match observed(dialect, self.text.as_str(), timeout, &self.database.slow, call).await {
            Ok(batch) => batch.map(|batch| Ok((self, batch))),
            Err(error) => Some(Err(error)),
        }
    }
}

impl<T> RowStream<T> {
    pub(crate) fn new(executor: &Executor, sql: &Sql<'_>, place: Place) -> Self {
        let database = Arc::clone(&executor.database);
        let statement = sql.render(executor.dialect()).and_then(|rendered| database.backend.prepare_stream(rendered));
        let start = Start {
            timeout: sql.own_timeout().unwrap_or(database.options.query_timeout),
            database,
            scope: executor.scope.clone(),
            statement,
            place,
        };
        Self { row: None, state: State::Waiting(Box::pin(start.read())), rows: PhantomData }
    }
}

impl<T: FromRow> Stream for RowStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(row) = this.row.take() {
                let read = T::from_row(&row);
                match read {
                    Ok(_) => this.row = row.next(),
                    Err(_) => this.state = State::Done,
                }
                return Poll::Ready(Some(read));
            }
            match std::mem::replace(&mut this.state, State::Done) {
                State::Reading(reader) => this.state = State::Waiting(Box::pin(reader.read())),
                State::Done => return Poll::Ready(None),
                State::Waiting(mut next) => match next.as_mut().poll(context) {
                    Poll::Pending => {
                        this.state = State::Waiting(next);
                        return Poll::Pending;
                    }
                    Poll::Ready(None) => return Poll::Ready(None),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                    Poll::Ready(Some(Ok((reader, batch)))) => {
                        this.state = State::Reading(reader);
                        this.row = Row::first(batch);
                    }
                },
            }
        }
    }
}

impl<T> fmt::Debug for RowStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowStream")
    }
}
