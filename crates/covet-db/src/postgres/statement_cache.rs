//! The prepared statements of one connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::Statement;
use tokio_postgres::types::Type;

use super::keyword::Traits;
use crate::lru::Lru;
use crate::row::Columns;

/// A statement on the server, and what is known about it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) statement: Statement,
    pub(super) columns: Arc<Columns>,
    pub(super) traits: Traits,
}

impl Prepared {
    pub(super) fn new(statement: Statement, traits: Traits) -> Self {
        let columns = Arc::new(Columns::new(statement.columns().iter().map(tokio_postgres::Column::name)));
        Self { statement, columns, traits }
    }

    pub(super) fn types(&self) -> &[Type] {
        self.statement.params()
    }
}

/// Statements by their text. What was prepared before the schema changed is of an older generation and is forgotten.
pub(super) struct StatementCache {
    entries: Lru<Arc<Prepared>>,
    generation: u64,
}

impl StatementCache {
    pub(super) fn new(capacity: usize, lifetime: Duration) -> Self {
        Self { entries: Lru::new(capacity, lifetime), generation: 0 }
    }

    pub(super) fn get(&mut self, text: &str, generation: u64) -> Option<Arc<Prepared>> {
        if self.generation != generation {
            self.generation = generation;
            self.clear();
        }
        self.entries.get(text, Instant::now()).map(|prepared| Arc::clone(prepared))
    }

    pub(super) fn insert(&mut self, text: &str, prepared: Arc<Prepared>) {
        self.entries.insert(text, prepared, Instant::now());
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }
}
