//! What calls do with the rows of their statement.

use std::sync::Arc;

use mysql_async::Column;

use super::connection::Answer;
use super::decode;
use crate::Result;
use crate::backend::Wanted;
use crate::row::{Batch, Columns};

/// How large a batch of a fetched result grows.
const FETCHED_BATCH: usize = 1 << 20;

/// Keeps the rows.
pub(super) struct Fetched {
    wanted: Wanted,
    names: Arc<Columns>,
    batches: Vec<Batch>,
    batch: Option<Batch>,
}

impl Fetched {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self { wanted, names: Arc::default(), batches: Vec::new(), batch: None }
    }

    pub(super) fn into_batches(mut self) -> Vec<Batch> {
        self.batches.extend(self.batch);
        self.batches
    }
}

impl Answer for Fetched {
    fn begin(&mut self, names: Arc<Columns>) {
        self.names = names;
    }

    async fn row(&mut self, columns: &[Column], row: mysql_async::Row) -> Result<()> {
        if self.wanted == Wanted::One && self.batch.is_some() {
            return Ok(());
        }
        let batch = self.batch.get_or_insert_with(|| Batch::new(Arc::clone(&self.names)));
        decode::push(columns, row, batch)?;
        if batch.size() >= FETCHED_BATCH && self.wanted == Wanted::All {
            self.batches.extend(self.batch.take());
        }
        Ok(())
    }

    async fn wait(&mut self) {}
}

/// Passes over the rows.
pub(super) struct Ignored;

impl Answer for Ignored {
    fn begin(&mut self, _: Arc<Columns>) {}

    async fn row(&mut self, _: &[Column], _: mysql_async::Row) -> Result<()> {
        Ok(())
    }

    async fn wait(&mut self) {}
}
