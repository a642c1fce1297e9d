//! The table of what was applied.

use std::time::Duration;

use jiff::Timestamp;

use super::Migration;
use crate::{Dialect, Error, ErrorKind, Executor, FromRow, Ident, Result, Row};

/// How long another program's migration is waited for.
const LONGEST_MIGRATION: Duration = Duration::from_secs(60 * 60);

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

    /// Keeps other programs out until the transaction ends. On SQLite the transaction itself does.
    pub(super) async fn lock(&self, db: &Executor) -> Result<()> {
        if db.dialect() != Dialect::Postgres {
            return Ok(());
        }
        // The first 60 bits of the checksum, in the half of the numbers that people rarely use.
        let checksum = super::checksum::of(self.table.as_str());
        let key = checksum.get(..15).and_then(|digits| i64::from_str_radix(digits, 16).ok()).unwrap_or_default();
        let lock = crate::sql!("SELECT pg_advisory_xact_lock({!key})").timeout(LONGEST_MIGRATION);
        db.execute(lock).await.map(drop)
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
