//! The prepared statements of one connection, by their text.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::lru::Lru;

/// What was prepared before the schema changed is of an older generation and is forgotten.
pub(crate) struct StatementCache<P> {
    entries: Lru<Arc<P>>,
    generation: u64,
}

impl<P> StatementCache<P> {
    pub(crate) fn new(capacity: usize, lifetime: Duration) -> Self {
        Self { entries: Lru::new(capacity, lifetime), generation: 0 }
    }

    pub(crate) fn get(&mut self, text: &str, generation: u64) -> Option<Arc<P>> {
        if self.generation != generation {
            self.generation = generation;
            self.clear();
        }
        self.entries.get(text, Instant::now()).map(|prepared| Arc::clone(prepared))
    }

    pub(crate) fn insert(&mut self, text: &str, prepared: Arc<P>) {
        self.entries.insert(text, prepared, Instant::now());
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
