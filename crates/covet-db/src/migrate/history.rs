//! The table of what was applied.

use std::time::Duration;

use jiff::Timestamp;

use super::Migration;
use crate::sql::Text;
use crate::{Dialect, Error, ErrorKind, Executor, FromRow, Ident, Result, Row};

/// How long another program's migration is waited for.
const LONGEST_MIGRATION: Duration = Duration::from_secs(60 * 60);

/// What stands in the place of a time while a migration runs that cannot be undone.
const UNFINISHED: &str = "unfinished";

/// The history table of one set of migrations.
pub(super) struct History {
    table: Ident<'static>,
}

/// A row of it.
pub(super) struct Applied {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) checksum: String,
    /// None for one that was begun and not finished.
    pub(super) applied_at: Option<Timestamp>,
}

impl FromRow for Applied {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            number: row.get("number")?,
            name: row.get("name")?,
            checksum: row.get("checksum")?,
            applied_at: match row.get::<String>("applied_at")? {
                unfinished if unfinished == UNFINISHED => None,
                _ => Some(row.get("applied_at")?),
            },
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
        let checksum = super::checksum::of(self.table.as_str());
        match db.dialect() {
            Dialect::Sqlite => return Ok(()),
            Dialect::Mysql => return lock_mysql(db, &checksum).await,
            Dialect::Postgres => {}
        }
        // The first 60 bits of the checksum, in the half of the numbers that people rarely use.
        let key = checksum.get(..15).and_then(|digits| i64::from_str_radix(digits, 16).ok()).unwrap_or_default();
        let lock = crate::sql!("SELECT pg_advisory_xact_lock({!key})").timeout(LONGEST_MIGRATION);
        db.execute(lock).await.map(drop)
    }

    pub(super) async fn create(&self, db: &Executor) -> Result<()> {
        let table = &self.table;
        let creation = crate::sql!(
            "CREATE TABLE IF NOT EXISTS {..table} (
                number INTEGER NOT NULL PRIMARY KEY,
                name VARCHAR(255) NOT NULL,
                checksum CHAR(32) NOT NULL,
                applied_at VARCHAR(40) NOT NULL
            )"
        );
        if db.dialect() != Dialect::Mysql {
            return db.execute(creation).await.map(drop);
        }
        if db.table_exists(table.as_str()).await? {
            return Ok(());
        }
        // It ends the transaction, of which nothing has happened yet.
        control(db, creation.render(Dialect::Mysql)?.text).await?;
        control(db, Text::Static("START TRANSACTION")).await
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

    /// Without a time it is one that has begun.
    pub(super) async fn add(&self, db: &Executor, migration: &Migration, applied_at: Option<Timestamp>) -> Result<()> {
        let table = &self.table;
        let (number, name, checksum) = (migration.number, migration.name, migration.checksum());
        let applied_at = applied_at.map_or_else(|| UNFINISHED.to_owned(), |time| time.to_string());
        db.execute(crate::sql!(
            "INSERT INTO {..table} (number, name, checksum, applied_at) VALUES ({number}, {name}, {checksum}, {applied_at})"
        ))
        .await
        .map(drop)
    }

    pub(super) async fn finish(&self, db: &Executor, migration: &Migration, applied_at: Timestamp) -> Result<()> {
        let (table, number, applied_at) = (&self.table, migration.number, applied_at.to_string());
        db.execute(crate::sql!("UPDATE {..table} SET applied_at = {applied_at} WHERE number = {number}")).await.map(drop)
    }

    pub(super) async fn remove(&self, db: &Executor, migration: &Migration) -> Result<()> {
        let (table, number) = (&self.table, migration.number);
        db.execute(crate::sql!("DELETE FROM {..table} WHERE number = {number}")).await.map(drop)
    }
}

/// MySQL's lock is the session's, which is reset when the transaction gives its connection back.
async fn lock_mysql(db: &Executor, checksum: &str) -> Result<()> {
    let seconds = LONGEST_MIGRATION.as_secs();
    let lock = crate::sql!("SELECT GET_LOCK(CONCAT('covet_', LEFT(MD5(DATABASE()), 16), {checksum}), {seconds})");
    let locked: Option<i64> = db.fetch_value(lock.timeout(LONGEST_MIGRATION)).await?;
    match locked {
        Some(1) => Ok(()),
        _ => Err(Error::new(ErrorKind::LockTimeout, "the migrations of another program did not end")),
    }
}

/// Sends a statement that no caller could send within a transaction.
async fn control(db: &Executor, text: Text) -> Result<()> {
    let Some(mut turn) = db.scope.turn().await? else {
        return Ok(());
    };
    let result = turn.lease()?.control(text).await;
    turn.over(&result);
    result
}
