//! The prepared statements of one connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection as Sqlite3, Statement, StatementStatus};

use super::open::Audit;
use crate::row::Columns;
use crate::sql::Text;

/// Whose statements a cache keeps.
#[derive(Clone, Copy)]
pub(super) enum Watch<'c> {
    /// Users', which the authorizer looks at.
    Audited(&'c Audit),
    /// This crate's own.
    Ours,
}

/// A statement and what SQLite said about it when it was prepared.
pub(super) struct Prepared<'c> {
    pub(super) statement: Statement<'c>,
    pub(super) columns: Arc<Columns>,
    /// SQLite's own word for it; it counts BEGIN and settings as reading, so that rows are asked for as well.
    pub(super) reads: bool,
    pub(super) inserts: bool,
    pub(super) changes_settings: bool,
    prepared_again: i32,
    used: Instant,
}

impl<'c> Prepared<'c> {
    fn new(statement: Statement<'c>, watch: Watch<'_>, now: Instant) -> Self {
        let seen = match watch {
            Watch::Audited(audit) => (audit.take_inserts(), audit.take_settings()),
            Watch::Ours => (false, false),
        };
        Self {
            columns: Arc::new(Columns::new(statement.column_names())),
            reads: statement.readonly() && statement.column_count() > 0,
            inserts: seen.0,
            changes_settings: seen.1,
            prepared_again: 0,
            used: now,
            statement,
        }
    }

    /// SQLite prepares a statement again when the schema has changed, and its columns may then be others.
    pub(super) fn refreshed_columns(statement: &Statement<'_>, seen: &mut i32) -> Option<Arc<Columns>> {
        let count = statement.get_status(StatementStatus::RePrepare);
        if count == *seen {
            return None;
        }
        *seen = count;
        Some(Arc::new(Columns::new(statement.column_names())))
    }

    pub(super) fn parts(&mut self) -> (&mut Statement<'c>, &mut Arc<Columns>, &mut i32) {
        (&mut self.statement, &mut self.columns, &mut self.prepared_again)
    }
}

/// The statements by their text. A hundred are kept, so that looking through all of them for the oldest, when one must go,
/// costs less than preparing the new one.
pub(super) struct StatementCache<'c> {
    sqlite: &'c Sqlite3,
    watch: Watch<'c>,
    entries: HashMap<Box<str>, Prepared<'c>>,
    capacity: usize,
    lifetime: Duration,
    swept: Instant,
}

impl<'c> StatementCache<'c> {
    pub(super) fn new(sqlite: &'c Sqlite3, watch: Watch<'c>, capacity: usize, lifetime: Duration) -> Self {
        Self { sqlite, watch, entries: HashMap::new(), capacity: capacity.max(1), lifetime, swept: Instant::now() }
    }

    /// The statement of a text, prepared now or before.
    pub(super) fn get(&mut self, text: &Text) -> rusqlite::Result<&mut Prepared<'c>> {
        let now = Instant::now();
        self.sweep(now);
        let text = text.as_str();
        if !self.entries.contains_key(text) {
            let statement = match self.watch {
                Watch::Audited(audit) => audit.watch(|| self.sqlite.prepare(text))?,
                Watch::Ours => self.sqlite.prepare(text)?,
            };
            let prepared = Prepared::new(statement, self.watch, now);
            self.make_room();
            self.entries.insert(text.into(), prepared);
        }
        let Some(prepared) = self.entries.get_mut(text) else {
            return Err(rusqlite::Error::InvalidQuery);
        };
        prepared.used = now;
        Ok(prepared)
    }

    fn make_room(&mut self) {
        while self.entries.len() >= self.capacity {
            let oldest = self.entries.iter().min_by_key(|(_, prepared)| prepared.used);
            let Some(text) = oldest.map(|(text, _)| text.clone()) else {
                return;
            };
            self.entries.remove(&text);
        }
    }

    /// Drops what was not used for its lifetime, at most four times in one.
    fn sweep(&mut self, now: Instant) {
        if now.duration_since(self.swept) < self.lifetime / 4 {
            return;
        }
        self.swept = now;
        let lifetime = self.lifetime;
        self.entries.retain(|_, prepared| now.duration_since(prepared.used) < lifetime);
    }
}
