//! The prepared statements of one connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection as Sqlite3, Statement, StatementStatus};

use super::open::Audit;
use crate::lru::Lru;
use crate::pool::Lookups;
use crate::row::Columns;
use crate::sql::Text;

/// Whose statements a cache keeps.
#[derive(Clone, Copy)]
pub(super) enum Watch<'c> {
    /// Users', which the authorizer looks at and which are counted.
    Audited(&'c Audit, &'c Lookups),
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
}

impl<'c> Prepared<'c> {
    fn new(statement: Statement<'c>, watch: Watch<'_>) -> Self {
        let seen = match watch {
            Watch::Audited(audit, _) => (audit.take_inserts(), audit.take_settings()),
            Watch::Ours => (false, false),
        };
        Self {
            columns: Arc::new(Columns::new(statement.column_names())),
            reads: statement.readonly() && statement.column_count() > 0,
            inserts: seen.0,
            changes_settings: seen.1,
            prepared_again: 0,
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
    entries: Lru<Prepared<'c>>,
}

impl<'c> StatementCache<'c> {
    pub(super) fn new(sqlite: &'c Sqlite3, watch: Watch<'c>, capacity: usize, lifetime: Duration) -> Self {
        Self { sqlite, watch, entries: Lru::new(capacity, lifetime) }
    }

    /// The statement of a text, prepared now or before.
    pub(super) fn get(&mut self, text: &Text) -> rusqlite::Result<&mut Prepared<'c>> {
        let now = Instant::now();
        let text = text.as_str();
        let found = self.entries.get(text, now).is_some();
        if let Watch::Audited(_, lookups) = self.watch {
            lookups.count(found);
        }
        if found {
            return self.entries.get(text, now).ok_or(rusqlite::Error::InvalidQuery);
        }
        let statement = match self.watch {
            Watch::Audited(audit, _) => audit.watch(|| self.sqlite.prepare(text))?,
            Watch::Ours => self.sqlite.prepare(text)?,
        };
        Ok(self.entries.insert(text, Prepared::new(statement, self.watch), now))
    }
}
