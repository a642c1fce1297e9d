//! The table of what was applied.

use jiff::Timestamp;

use super::Migration;
use crate::{Error, ErrorKind, Executor, FromRow, Ident, Result, Row};

/// The history table of one set of migrations.
pub(super) struct History {
    table: Ident<'static>,
}

/// A row of it.
pub(super) struct Applied {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) checksum: String,
    pub(super) applied_at: Timestamp,
}

impl FromRow for Applied {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            number: row.get("number")?,
            name: row.get("name")?,
            checksum: row.get("checksum")?,
            applied_at: row.get("applied_at")?,
        })
    }
}

impl History {
    pub(super) fn new(table: &'static str) -> Result<Self> {
        let table = Ident::new(table)?;
        Ok(Self { table })
    }

    pub(super) async fn create(&self, db: &Executor) -> Result<()> {
        let table = &self.table;
        db.execute(crate::sql!(
            "CREATE TABLE IF NOT EXISTS {..table} (
                number INTEGER NOT NULL PRIMARY KEY,
                name VARCHAR(255) NOT NULL,
                checksum CHAR(32) NOT NULL,
                applied_at VARCHAR(40) NOT NULL
            )"
        ))
        .await
        .map(drop)
    }

    /// What was applied, by number; nothing when there is no table yet.
    pub(super) async fn read(&self, db: &Executor) -> Result<Vec<Applied>> {
        let table = &self.table;
        if !db.table_exists(table.as_str()).await? {
            return Ok(Vec::new());
        }
        db.fetch_all(crate::sql!("SELECT number, name, checksum, applied_at FROM {..table} ORDER BY number"))
            .await
            .map_err(|error| {
                let message = format!("the history of migrations in {table} cannot be read");
                Error::new(ErrorKind::Migration, message).with_source(error)
            })
    }

    pub(super) async fn add(&self, db: &Executor, migration: &Migration) -> Result<Timestamp> {
        let table = &self.table;
        let (number, name, checksum) = (migration.number, migration.name, migration.checksum());
        let now = Timestamp::now();
        db.execute(crate::sql!(
            "INSERT INTO {..table} (number, name, checksum, applied_at) VALUES ({number}, {name}, {checksum}, {now.to_string()})"
        ))
        .await?;
        Ok(now)
    }
}
