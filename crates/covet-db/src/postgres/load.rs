//! Many rows at once: COPY in binary, and one statement with many rows of values sent without waiting in between.

use std::pin::pin;
use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use futures_util::stream::FuturesOrdered;
use futures_util::{SinkExt, StreamExt};
use tokio_postgres::types::Type;

use super::call::Call;
use super::connection::{Connection, Failure, Session};
use super::encode::{Encoded, sized, unfit};
use super::statement_cache::Prepared;
use crate::pool::Lease;
use crate::sql::Text;
use crate::{Error, Param, Result};

/// How many bytes and rows of COPY are collected before they are sent.
const COPY_BYTES: usize = 1 << 20;
const COPY_ROWS: usize = 50_000;

/// How many rows of values of a statement are collected, and how many of them are on their way at a time.
const REPEATED_ROWS: usize = 1000;
const IN_FLIGHT: usize = 256;

/// Eleven bytes that begin every binary COPY, then flags and the length of what follows them, both none.
const COPY_HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Rows of values, encoded as the server wants them.
pub(crate) enum Rows {
    Copy { prepared: Arc<Prepared>, buffer: BytesMut, rows: usize },
    Repeat { prepared: Arc<Prepared>, rows: Vec<Encoded> },
}

/// Asks which types the rows have: those of the columns for a COPY, those of the places for any other statement.
pub(crate) async fn rows(lease: &Lease<Connection>, text: &Text, columns: Option<&Text>) -> Result<Rows> {
    let call = Call::within(lease).await?;
    let asked = columns.unwrap_or(text);
    let prepared = call.session.prepare(asked.as_str()).await;
    let prepared = call.over(prepared).map_err(|error| error.with_statement(text.as_str()))?;
    Ok(match columns {
        Some(_) => Rows::copy(prepared),
        None => Rows::Repeat { prepared, rows: Vec::new() },
    })
}

impl Rows {
    fn copy(prepared: Arc<Prepared>) -> Self {
        let mut buffer = BytesMut::with_capacity(COPY_BYTES / 8);
        buffer.put_slice(COPY_HEADER);
        Self::Copy { prepared, buffer, rows: 0 }
    }

    /// The same without rows.
    pub(crate) fn another(&self) -> Self {
        match self {
            Self::Copy { prepared, .. } => Self::copy(Arc::clone(prepared)),
            Self::Repeat { prepared, .. } => Self::Repeat { prepared: Arc::clone(prepared), rows: Vec::new() },
        }
    }

    pub(crate) fn push<'a>(&mut self, params: impl IntoIterator<Item = Param<'a>>) -> Result<()> {
        match self {
            Self::Copy { prepared, buffer, rows } => {
                copy_row(params, prepared, buffer)?;
                *rows += 1;
            }
            Self::Repeat { prepared, rows } => {
                let params: Vec<_> = params.into_iter().collect();
                rows.push(Encoded::new(&params, prepared.types())?);
            }
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Copy { rows, .. } => *rows,
            Self::Repeat { rows, .. } => rows.len(),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Copy { buffer, rows, .. } => buffer.len() >= COPY_BYTES || *rows >= COPY_ROWS,
            Self::Repeat { rows, .. } => rows.len() >= REPEATED_ROWS,
        }
    }
}

fn copy_row<'a>(params: impl IntoIterator<Item = Param<'a>>, prepared: &Prepared, buffer: &mut BytesMut) -> Result<()> {
    let columns = prepared.statement.columns();
    buffer.put_i16(i16::try_from(columns.len()).unwrap_or(i16::MAX));
    let mut bound = 0;
    for param in params {
        if let Some(column) = columns.get(bound) {
            let ty: &Type = column.type_();
            sized(&param, ty, buffer).map_err(|reason| unfit(bound, &reason))?;
        }
        bound += 1;
    }
    if bound != columns.len() {
        return Err(Error::unbound(columns.len(), bound));
    }
    Ok(())
}

/// Sends the rows and says how many of the database's they touched.
pub(crate) async fn repeat(lease: &Lease<Connection>, text: Text, rows: Rows) -> Result<u64> {
    let call = Call::within(lease).await?;
    let result = match rows {
        Rows::Copy { buffer, .. } => copy(&call.session, &text, buffer).await,
        Rows::Repeat { prepared, rows } => repeat_statement(&call.session, &prepared, &rows).await,
    };
    call.over(result).map_err(|error| error.with_statement(text.as_str()))
}

async fn copy(session: &Session, text: &Text, mut buffer: BytesMut) -> Result<u64, Failure> {
    let prepared = session.prepare(text.as_str()).await?;
    let mut sink = pin!(session.client.copy_in(&prepared.statement).await?);
    buffer.put_i16(-1);
    sink.send(buffer.freeze()).await?;
    Ok(sink.finish().await?)
}

/// After an error the answers to what is on its way are passed over: they are errors too, and quick.
async fn repeat_statement(session: &Session, prepared: &Prepared, rows: &[Encoded]) -> Result<u64, Failure> {
    let mut rows = rows.iter();
    let mut under_way = FuturesOrdered::new();
    let mut touched = 0;
    loop {
        // They are sent in their order, because the queue asks each new one in its turn.
        while under_way.len() < IN_FLIGHT
            && let Some(row) = rows.next()
        {
            under_way.push_back(run(session, prepared, row));
        }
        match under_way.next().await {
            Some(answer) => touched += answer?,
            None => return Ok(touched),
        }
    }
}

async fn run(session: &Session, prepared: &Prepared, row: &Encoded) -> Result<u64, Failure> {
    let mut running = Box::pin(session.client.query_raw(&prepared.statement, row.values()).await?);
    while running.as_mut().next().await.transpose()?.is_some() {}
    Ok(running.rows_affected().filter(|_| prepared.traits.touches_rows).unwrap_or(0))
}
