//! COPY of bytes as they are: in from a stream, out as one.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio_postgres::CopyOutStream;

use super::call::Call;
use super::connection::Failure;
use super::handle::Handle;
use super::limit::Limit;
use crate::observe::observed;
use crate::transaction::scope::{Scope, Streaming};
use crate::{Dialect, Error, ErrorKind, Executor, Ident, Result, Sql, Transaction, TransactionOptions};

/// How many bytes of COPY out come together.
const CHUNK: usize = 64 << 10;

/// Longer than any load takes; each of its steps has a time-out of its own.
const ENDLESS: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The form of the bytes of a COPY.
///
/// ```
/// use covet_db::postgres::CopyFormat;
/// assert_ne!(CopyFormat::Text, CopyFormat::Csv { header: true });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CopyFormat {
    /// PostgreSQL's own text: a line for each row, a tab between columns, `\N` for NULL.
    Text,
    /// RFC 4180, where an empty field without quotes is NULL.
    Csv {
        /// The first line names the columns: written going out, passed over coming in.
        header: bool,
    },
    /// PostgreSQL's binary form.
    Binary,
}

impl CopyFormat {
    fn options(self) -> &'static str {
        match self {
            Self::Text => "FORMAT text",
            Self::Csv { header: false } => "FORMAT csv",
            Self::Csv { header: true } => "FORMAT csv, HEADER true",
            Self::Binary => "FORMAT binary",
        }
    }
}

impl Handle<'_> {
    /// Loads bytes into a table, all or nothing. The stream is asked for more only as fast as the server takes it. Its pieces
    /// need not end where rows do.
    ///
    /// ```no_run
    /// # use covet_db::{Db, Error, postgres::CopyFormat};
    /// # use futures_util::stream;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("postgres://me@localhost/shop").await?;
    /// let pieces = stream::iter(["1,Du", "ne\n2,Emma\n"].map(|piece| Ok::<_, Error>(piece.into())));
    /// let format = CopyFormat::Csv { header: false };
    /// assert_eq!(db.postgres()?.copy_in("books", ["id", "title"], format, pieces).await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The stream's first error; when a row is not in the table's form; and when the server takes nothing for
    /// `command_timeout`. Nothing has happened then.
    #[track_caller]
    pub fn copy_in<E: From<Error> + Send>(
        &self,
        table: &str,
        columns: impl IntoIterator<Item: AsRef<str>>,
        format: CopyFormat,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> impl Future<Output = Result<u64, E>> + Send {
        let statement = copy_statement(table, columns, format);
        let executor = self.executor;
        async move {
            let text = statement?;
            executor.transaction(async |tx| load(tx, &text, bytes).await).await
        }
    }

    /// The rows of a query as bytes, in constant memory: `TABLE books` for all of a table. A row may begin in one piece and
    /// end in the next. The stream borrows nothing, and stops the query when it is dropped.
    ///
    /// ```no_run
    /// # use covet_db::{Db, postgres::CopyFormat};
    /// # use futures_util::TryStreamExt;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("postgres://me@localhost/shop").await?;
    /// let mut csv = db.postgres()?.copy_out("SELECT id, title FROM books", CopyFormat::Csv { header: true }).await?;
    /// while let Some(bytes) = csv.try_next().await? {
    ///     println!("{} bytes", bytes.len());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] when the query binds values, which COPY cannot; when it fails; and, as items, when nothing comes
    /// for `query_timeout`.
    #[track_caller]
    pub fn copy_out<'q>(
        &self,
        query: impl Into<Sql<'q>>,
        format: CopyFormat,
    ) -> impl Future<Output = Result<CopyOut>> + Send {
        let rendered = query.into().render(Dialect::Postgres);
        let (executor, place) = (self.executor, Location::caller());
        async move {
            let rendered = rendered?;
            if !rendered.params.is_empty() {
                let message =
                    "COPY takes no bound values; write them into the query by `Sql::unchecked`, or stream its rows";
                return Err(Error::new(ErrorKind::Misuse, message).with_statement(rendered.text.as_str()));
            }
            let text = format!("COPY ({}) TO STDOUT ({})", rendered.text.as_str(), format.options());
            let timeout = rendered.timeout.unwrap_or(executor.database.options.query_timeout);
            let slow = &executor.database.slow;
            let opening = async {
                // Behind a pooler the statement is prepared and run on one connection only within a transaction.
                let own = match executor.scope {
                    Scope::Transaction { .. } => None,
                    Scope::Pool => {
                        let options = TransactionOptions { read_only: true, ..TransactionOptions::default() };
                        Some(crate::transaction::begin_on(executor, options, place).await?)
                    }
                };
                open(own.as_ref().map_or(executor, |tx| tx), &text).await.map(|opened| (own, opened))
            };
            let (own, (call, rows, turn)) = observed(Dialect::Postgres, &text, timeout, slow, opening).await?;
            let state = Some(Reader { call, rows, _turn: turn, own, timeout });
            let pieces = futures_util::stream::unfold(state, |state| async move {
                match state?.next().await {
                    Ok((piece, reader)) => piece.map(|piece| (Ok(piece), reader)),
                    Err(error) => Some((Err(error), None)),
                }
            });
            Ok(CopyOut(Box::pin(pieces)))
        }
    }
}

/// `COPY table (columns) FROM STDIN`, every name quoted.
fn copy_statement(table: &str, columns: impl IntoIterator<Item: AsRef<str>>, format: CopyFormat) -> Result<String> {
    let mut text = String::from("COPY ");
    crate::ident::quote_path(table, Dialect::Postgres, &mut text)?;
    let mut separator = " (";
    for column in columns {
        text.push_str(separator);
        Ident::new(column.as_ref())?.quote_into(Dialect::Postgres, &mut text);
        separator = ", ";
    }
    if separator == " (" {
        return Err(Error::new(ErrorKind::Syntax, "at least one column must be named"));
    }
    text.push_str(&format!(") FROM STDIN ({})", format.options()));
    Ok(text)
}

async fn load<E: From<Error>>(
    tx: &Executor,
    text: &str,
    bytes: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<u64, E> {
    let patience = tx.database.options.command_timeout;
    let too_slow = || Error::new(ErrorKind::Timeout, format!("the server took nothing for {patience:?}"));
    let loading = async {
        let Some(mut turn) = tx.scope.turn().await? else {
            return Err(Error::new(ErrorKind::Misuse, "bytes are loaded within a transaction"));
        };
        let call = Call::within(turn.lease()?.postgres().ok_or_else(super::connection::lost)?).await?;
        let client = &call.session.client;
        let sending = async {
            call.session.limit_to(Limit::Endless).await?;
            let mut sink = pin!(client.copy_in::<_, Bytes>(text).await?);
            let mut bytes = pin!(bytes);
            while let Some(piece) = poll_fn(|context| bytes.as_mut().poll_next(context)).await {
                match piece {
                    Ok(piece) if piece.is_empty() => {}
                    Ok(piece) => {
                        let sent = tokio::time::timeout(patience, sink.send(piece)).await;
                        sent.map_err(|_| Failure::Midway(too_slow()))??;
                    }
                    Err(error) => return Ok(Err(error)),
                }
            }
            let rows = tokio::time::timeout(patience, sink.finish()).await;
            Ok::<_, Failure>(Ok(rows.map_err(|_| Failure::Midway(too_slow()))??))
        };
        let loaded = match sending.await {
            // The stream's error: what is on its way is stopped, and undone with the transaction.
            Ok(Err(error)) => {
                drop(call);
                return Ok(Err(error));
            }
            Ok(Ok(rows)) => call.over(Ok(rows)),
            Err(failure) => call.over(Err(failure)).map_err(|error| error.with_statement(text)),
        };
        turn.over(&loaded);
        loaded.map(Ok)
    };
    let slow = &tx.database.slow;
    observed(Dialect::Postgres, text, ENDLESS, slow, loading).await.map_err(E::from)?
}

async fn open(executor: &Executor, text: &str) -> Result<(Call, Pin<Box<CopyOutStream>>, Streaming)> {
    let Some(mut turn) = executor.scope.turn().await? else {
        return Err(Error::new(ErrorKind::Misuse, "COPY runs within a transaction"));
    };
    let opened = async {
        let mut call = Call::within(turn.lease()?.postgres().ok_or_else(super::connection::lost)?).await?;
        // As for every stream in a transaction: stopping it undoes nothing before it.
        call.has_savepoint = true;
        if let Err(error) = call.session.enter_stream().await {
            call.has_savepoint = false;
            return call.over(Err(Failure::Unsent(error)));
        }
        let starting = async {
            call.session.limit_to(Limit::Endless).await?;
            Ok::<_, Failure>(Box::pin(call.session.client.copy_out(text).await?))
        };
        match starting.await {
            Ok(rows) => Ok((call, rows)),
            Err(failure) => call.over(Err(failure)).map_err(|error| error.with_statement(text)),
        }
    };
    let opened = opened.await;
    turn.over(&opened);
    opened.map(|(call, rows)| (call, rows, turn.into_streaming()))
}

/// A COPY that is being read.
struct Reader {
    call: Call,
    rows: Pin<Box<CopyOutStream>>,
    _turn: Streaming,
    /// The transaction around it, where it is its own.
    own: Option<Transaction>,
    timeout: Duration,
}

impl Reader {
    /// The next piece, and where more may come the reader for it.
    async fn next(mut self) -> Result<(Option<Bytes>, Option<Self>)> {
        let timeout = self.timeout;
        let late = || Error::new(ErrorKind::Timeout, format!("nothing came within {timeout:?}"));
        let first = tokio::time::timeout(timeout, self.rows.next()).await.map_err(|_| late())?;
        let first = match first {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => return Err(self.over(Err(error.into())).await.err().unwrap_or_else(late)),
            None => return self.over(Ok(())).await.map(|()| (None, None)),
        };
        let mut piece = BytesMut::new();
        let mut ready = Some(first);
        while let Some(bytes) = ready.take() {
            piece.extend_from_slice(&bytes);
            if piece.len() >= CHUNK {
                break;
            }
            ready = match self.rows.next().now_or_never() {
                Some(Some(Ok(bytes))) => Some(bytes),
                Some(Some(Err(error))) => return Err(self.over(Err(error.into())).await.err().unwrap_or_else(late)),
                Some(None) => return self.over(Ok(())).await.map(|()| (Some(piece.freeze()), None)),
                None => None,
            };
        }
        Ok((Some(piece.freeze()), Some(self)))
    }

    async fn over(self, result: Result<(), Failure>) -> Result<()> {
        let Self { call, rows, _turn: turn, own, .. } = self;
        drop(rows);
        let result = match result {
            Ok(()) => call.session.leave_stream().await.map_err(Failure::Unsent),
            failed => failed,
        };
        let over = call.over(result);
        drop(turn);
        match own {
            Some(own) if over.is_ok() => own.commit().await,
            _ => over,
        }
    }
}

/// The bytes of a query's rows; see [`Handle::copy_out`].
#[must_use = "a stream does nothing until it is polled"]
pub struct CopyOut(Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>);

impl Stream for CopyOut {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for CopyOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CopyOut")
    }
}
