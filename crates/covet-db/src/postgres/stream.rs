//! Streams of rows: as many are asked of the server as their reader takes.

use futures_util::FutureExt;

use super::call::Call;
use super::connection::{Failure, Running};
use super::{columns, decode};
use crate::row::{Batch, Room};
use crate::sql::{Rendered, Text};
use crate::{Param, Result};

/// How large a batch grows, in bytes and in rows.
const BATCH: usize = 64 << 10;
const ROWS: usize = 256;

/// A statement whose values have been copied, so that its stream borrows nothing.
pub(crate) struct PreparedStream {
    text: Text,
    params: Vec<Param<'static>>,
}

impl PreparedStream {
    pub(crate) fn new(rendered: Rendered<'_>) -> Result<Self> {
        let params = rendered.params.into_iter().map(Param::into_owned).collect();
        Ok(Self { text: rendered.text, params })
    }

    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    pub(super) fn params(&self) -> &[Param<'static>] {
        &self.params
    }
}

/// The rows of a stream on their way. Dropped before its end it stops the statement.
pub(crate) struct Batches {
    under_way: Option<(Call, Running)>,
    /// What the last batch needed.
    room: Room,
}

impl Batches {
    pub(super) fn new(call: Call, running: Running) -> Self {
        Self { under_way: Some((call, running)), room: Room::default() }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Batch>> {
        let (_, running) = self.under_way.as_mut()?;
        let failure = match fill(running, self.room).await {
            Ok(Some(batch)) => {
                self.room = batch.room();
                return Some(Ok(batch));
            }
            Ok(None) => None,
            Err(failure) => Some(failure),
        };
        let (call, _) = self.under_way.take()?;
        let result = match failure {
            Some(failure) => Err(failure),
            None if call.has_savepoint => call.session.leave_stream().await.map_err(Failure::Unsent),
            None => Ok(()),
        };
        call.over(result).err().map(Err)
    }
}

/// The rows that are there, one at least; none at the end.
async fn fill(running: &mut Running, room: Room) -> Result<Option<Batch>, Failure> {
    let Some(row) = running.next().await? else {
        return Ok(None);
    };
    let mut batch = Batch::with_room(columns(running, &row), room);
    decode::push(&row, &mut batch).map_err(Failure::Midway)?;
    while batch.size() < BATCH && batch.len() < ROWS {
        match running.next().now_or_never() {
            Some(Ok(Some(row))) => decode::push(&row, &mut batch).map_err(Failure::Midway)?,
            Some(Ok(None)) | None => break,
            Some(Err(error)) => return Err(error.into()),
        }
    }
    Ok(Some(batch))
}
