//! Streams of rows: as many are read from the server as their reader takes.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use mysql_async::{Column, Value};
use tokio::sync::mpsc;

use super::call::Call;
use super::connection::{Answer, Work};
use super::error::lost;
use super::{control, decode, encode};
use crate::row::{Batch, Columns, Room};
use crate::sql::{Rendered, Text};
use crate::{Error, Result};

/// How large a batch grows, in bytes and in rows.
const BATCH: usize = 64 << 10;
const ROWS: usize = 256;

/// A statement whose values have been copied, so that its stream borrows nothing.
pub(crate) struct PreparedStream {
    text: Text,
    values: Vec<Value>,
}

impl PreparedStream {
    pub(crate) fn new(rendered: Rendered<'_>) -> Result<Self> {
        let values =
            encode::encode_all(rendered.params).map_err(|error| error.with_statement(rendered.text.as_str()))?;
        Ok(Self { text: rendered.text, values })
    }

    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    pub(super) fn into_parts(self) -> (Text, Vec<Value>) {
        (self.text, self.values)
    }
}

/// Hands rows on in batches, and waits until there is room for them.
pub(super) struct Outlet {
    sender: mpsc::Sender<Batch>,
    names: Arc<Columns>,
    batch: Option<Batch>,
    /// What the last batch needed.
    room: Room,
}

impl Outlet {
    pub(super) fn new() -> (Self, mpsc::Receiver<Batch>) {
        let (sender, receiver) = mpsc::channel(1);
        (Self { sender, names: Arc::default(), batch: None, room: Room::default() }, receiver)
    }
}

impl Answer for Outlet {
    fn begin(&mut self, names: Arc<Columns>) {
        self.names = names;
    }

    async fn row(&mut self, columns: &[Column], row: mysql_async::Row) -> Result<()> {
        // Where nobody reads any more, the rows that still come are passed over.
        if self.sender.is_closed() {
            return Ok(());
        }
        let batch = self.batch.get_or_insert_with(|| Batch::with_room(Arc::clone(&self.names), self.room));
        decode::push(columns, row, batch)?;
        if batch.size() >= BATCH || batch.len() >= ROWS {
            self.wait().await;
        }
        Ok(())
    }

    async fn wait(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.room = batch.room();
            drop(self.sender.send(batch).await);
        }
    }
}

/// The rows of a stream on their way. Dropped before its end it stops the statement.
pub(crate) struct Batches {
    text: Text,
    receiver: mpsc::Receiver<Batch>,
    under_way: Option<(Call, Work<()>)>,
    /// Told after the last rows.
    failure: Option<Error>,
}

impl Batches {
    pub(super) fn new(call: Call, text: Text, work: Work<()>, receiver: mpsc::Receiver<Batch>) -> Self {
        Self { text, receiver, under_way: Some((call, work)), failure: None }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Batch>> {
        if let Some(failure) = self.failure.take() {
            return Some(Err(failure));
        }
        let ended = poll_fn(|context| {
            if let Ok(batch) = self.receiver.try_recv() {
                return Poll::Ready(Ok(batch));
            }
            let Some((_, work)) = &mut self.under_way else {
                return Poll::Ready(Err(None));
            };
            match work.as_mut().poll(context) {
                Poll::Ready(ended) => Poll::Ready(Err(Some(ended))),
                Poll::Pending => match self.receiver.poll_recv(context) {
                    Poll::Ready(Some(batch)) => Poll::Ready(Ok(batch)),
                    _ => Poll::Pending,
                },
            }
        })
        .await;
        let (guard, result) = match ended {
            Ok(batch) => return Some(Ok(batch)),
            Err(ended) => ended?,
        };
        drop(guard);
        let Some((call, _)) = self.under_way.take() else {
            return Some(Err(lost()));
        };
        let failure = call.over(self.text.as_str(), result).err();
        match self.receiver.try_recv() {
            // The last batch was handed over with the end.
            Ok(batch) => {
                self.failure = failure;
                Some(Ok(batch))
            }
            Err(_) => failure.map(Err),
        }
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.receiver.close();
        while self.receiver.try_recv().is_ok() {}
        if let Some((call, work)) = self.under_way.take() {
            control::take_over_stream(call, work);
        }
    }
}
