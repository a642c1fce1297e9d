//! How rows are added and changed, on each of the databases.

use covet::db::{Dialect, Error, Executor, Isolation, Result, Sql, TransactionOptions, sql};

/// How often a change is tried again that met others for the same rows.
const RETRIES: u32 = 100;

/// For changes that follow from what was read: as if nobody else had changed anything meanwhile.
pub(crate) fn serializable() -> TransactionOptions {
    let mut options = TransactionOptions::default();
    options.isolation = Some(Isolation::Serializable);
    options.retries = RETRIES;
    options
}

/// Adds a row to a table whose key `id` the database gives, and says which it gave.
pub(crate) async fn insert(row: Sql<'_>, db: &Executor) -> Result<i64> {
    if db.dialect() == Dialect::Postgres {
        return db.fetch_value(sql!("{..row} RETURNING id")).await;
    }
    // MySQL has no RETURNING, and MariaDB and SQLite need none.
    let added = db.execute(row).await?;
    added.last_insert_id.ok_or_else(|| Error::decode("the table gives its rows no numbers"))
}
