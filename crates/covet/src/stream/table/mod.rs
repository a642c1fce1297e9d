//! Tables that are read a row at a time: CSV whose first line names the columns.

mod records;

use std::borrow::Cow;
use std::marker::PhantomData;
use std::task::{Context, Poll, ready};

use records::{Cell, Record, Records};

use super::RowError;
use super::lines::Failure;
use crate::Body;
use crate::validation::text::{Columns, CsvCell};
use crate::validation::{Code, Fault, Faults, Input};

/// The rows of a body.
pub(super) struct Table<T> {
    records: Records,
    /// Known once the first line was read.
    columns: Option<Columns>,
    row: PhantomData<fn() -> T>,
}

impl<T> Table<T> {
    pub(super) fn with_limit(mut self, limit: usize) -> Self {
        self.records.set_limit(limit);
        self
    }
}

impl<T: Input> Table<T> {
    pub(super) fn new(body: Body, limit: usize) -> Self {
        Table { records: Records::new(body, limit), columns: None, row: PhantomData }
    }

    /// The next row. Behind a fault of the first line there is none.
    pub(super) fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, RowError>>> {
        loop {
            let record = match ready!(self.records.poll_record(cx)) {
                Some(Ok(record)) => Some(record),
                Some(Err(Failure::TooLong { line, limit })) => {
                    return Poll::Ready(Some(Err(RowError::TooLong { line, limit })));
                }
                Some(Err(Failure::Body(error))) => return Poll::Ready(Some(Err(RowError::Body(error)))),
                None => None,
            };
            match (&self.columns, record) {
                (Some(_), None) => return Poll::Ready(None),
                (Some(columns), Some(record)) => return Poll::Ready(Some(row(columns, &record))),
                (None, record) => match header::<T>(record.as_ref()) {
                    Ok(columns) => self.columns = Some(columns),
                    Err(faults) => {
                        self.records = Records::new(Body::empty(), 0);
                        self.columns = Some(Columns::none());
                        return Poll::Ready(Some(Err(RowError::Header { faults })));
                    }
                },
            }
        }
    }
}

/// The columns that the first line names. A body without one names none.
fn header<T: Input>(record: Option<&Record>) -> Result<Columns, Faults> {
    let on_line = |faults: Faults| faults.map(|fault| fault.on_line(record.map_or(1, |record| record.line)));
    let cells = record.map_or(Ok(Vec::new()), |record| cells(record)).map_err(on_line)?;
    Columns::of::<T>(cells.into_iter().map(|cell| cell.text.into_owned()).collect()).map_err(on_line)
}

fn row<T: Input>(columns: &Columns, record: &Record) -> Result<T, RowError> {
    let line = record.line;
    let on_line = |faults: Faults| faults.map(|fault| fault.on_line(line));
    let cells = cells(record).map_err(|faults| RowError::Malformed { line, faults: on_line(faults) })?;
    columns.read(cells).map_err(|faults| RowError::Invalid { line, faults: on_line(faults) })
}

fn cells(record: &Record) -> Result<Vec<CsvCell<'_>>, Faults> {
    let malformed = |code, message: &'static str, at: usize| {
        let column = record.bytes[..at.min(record.bytes.len())].iter().rev().take_while(|byte| **byte != b'\n').count();
        Faults::from(Fault::new(code, message).with("column", column as u64 + 1))
    };
    if let Some((at, what)) = record.fault {
        return Err(malformed(Code::Syntax, what, at));
    }
    let text = std::str::from_utf8(&record.bytes)
        .map_err(|error| malformed(Code::Encoding, "must be UTF-8, but is not", error.valid_up_to()))?;
    let cell = |cell: &Cell| {
        // Cells begin and end beside ASCII.
        let inner = text.get(cell.start..cell.end).unwrap_or_default();
        let text = if cell.has_doubled { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) };
        CsvCell { text, is_quoted: cell.is_quoted }
    };
    Ok(record.cells.iter().map(cell).collect())
}
