//! Many rows at once: lines that the server loads, an INSERT of many rows, and any other statement again and again.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mysql_async::Value;

use super::call::Call;
use super::connection::{Connection, Failure, Prepared, Session, Wire};
use super::fetch::Ignored;
use super::limit::Limit;
use super::local::Lines;
use super::{encode, keyword};
use crate::pool::Lease;
use crate::sql::Text;
use crate::{Dialect, Error, Param, Result};

/// How many rows are collected before they are sent.
const ROWS: usize = 1000;

/// How many bytes.
const BYTES: usize = 1 << 20;

/// How many lines of a load.
const LINES: usize = 50_000;

/// Rows of values.
pub(crate) enum Rows {
    /// For one statement.
    Values {
        rows: Vec<Vec<Value>>,
        /// As many as a row has.
        places: usize,
        bytes: usize,
    },
    Lines(Lines),
}

/// For a load the columns are asked for: not all fit into lines.
pub(crate) async fn rows(lease: &Lease<Connection>, text: &Text, columns: Option<&Text>) -> Result<Rows> {
    if let Some(columns) = columns {
        let prepared = prepare(lease, columns, text).await?;
        if super::loads(lease).await?
            && let Some(lines) = Lines::new(text.as_str(), &prepared.found())
        {
            return Ok(Rows::Lines(lines));
        }
    }
    let places = match keyword::row_of_values(text.as_str()) {
        Some((_, row)) => row.bytes().filter(|byte| *byte == b'?').count(),
        None => prepare(lease, text, text).await?.places(),
    };
    Ok(Rows::Values { rows: Vec::new(), places, bytes: 0 })
}

/// A statement as the server knows it; errors tell of the one that it is for.
async fn prepare(lease: &Lease<Connection>, text: &Text, meant: &Text) -> Result<Arc<Prepared>> {
    let call = Call::within(lease)?;
    let session = Arc::clone(&call.session);
    let mut wire = session.wire().await?;
    let asked = text.clone();
    let work = Box::pin(async move {
        let prepared = wire.prepare(&session, asked.as_str()).await;
        (wire, prepared)
    });
    call.run(meant, work).await
}

impl Rows {
    pub(crate) fn push<'a>(&mut self, params: impl IntoIterator<Item = Param<'a>>) -> Result<()> {
        match self {
            Self::Lines(lines) => lines.push(params),
            Self::Values { rows, places, bytes } => {
                let row = encode::encode_all(params)?;
                if *places != row.len() {
                    return Err(Error::unbound(*places, row.len()));
                }
                *bytes += row
                    .iter()
                    .map(|value| if let Value::Bytes(bytes) = value { bytes.len() } else { 8 })
                    .sum::<usize>();
                rows.push(row);
                Ok(())
            }
        }
    }

    /// The same without rows.
    pub(crate) fn another(&self) -> Self {
        match self {
            Self::Lines(lines) => Self::Lines(lines.another()),
            Self::Values { rows, places, .. } => {
                Self::Values { rows: Vec::with_capacity(rows.len()), places: *places, bytes: 0 }
            }
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.len() >= LINES || lines.size() >= BYTES,
            Self::Values { rows, bytes, .. } => rows.len() >= ROWS || *bytes >= BYTES,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Lines(lines) => lines.len(),
            Self::Values { rows, .. } => rows.len(),
        }
    }
}

/// Sends the rows and says how many of the database's they touched.
pub(crate) async fn repeat(lease: &Lease<Connection>, text: Text, rows: Rows) -> Result<u64> {
    let call = Call::within(lease)?;
    let session = Arc::clone(&call.session);
    let mut wire = session.wire().await?;
    let (statement, given_up) = (text.clone(), Arc::clone(&call.given_up));
    let work = Box::pin(async move {
        let result = send(&mut wire, &session, statement.as_str(), rows, &given_up).await;
        (wire, result)
    });
    call.run(&text, work).await
}

async fn send(
    wire: &mut Wire,
    session: &Session,
    text: &str,
    rows: Rows,
    given_up: &AtomicBool,
) -> Result<u64, Failure> {
    wire.limit_to(session, Limit::Call(None)).await?;
    let rows = match rows {
        Rows::Lines(lines) => {
            session.usable_within_transaction()?;
            return wire.load(session, lines).await;
        }
        Rows::Values { rows, .. } => rows,
    };
    let Some((head, row)) = keyword::row_of_values(text) else {
        let mut touched = 0;
        for values in rows {
            touched += wire.run(session, text, values, given_up, &mut Ignored).await?.rows;
        }
        return Ok(touched);
    };
    let places = rows.first().map_or(1, Vec::len).max(1);
    let most = (Dialect::Mysql.most_parameters() / places).clamp(1, ROWS);
    let mut touched = 0;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<_> = rows.by_ref().take(most).collect();
        let text = insertion(head, row, some.len());
        let values = some.into_iter().flatten().collect();
        touched += wire.run(session, &text, values, given_up, &mut Ignored).await?.rows;
    }
    Ok(touched)
}

/// The same INSERT of so many rows.
fn insertion(head: &str, row: &str, count: usize) -> String {
    let mut text = String::with_capacity(head.len() + 1 + (row.len() + 1) * count);
    text.push_str(head);
    for index in 0..count {
        text.push(if index == 0 { ' ' } else { ',' });
        text.push_str(row);
    }
    text
}
