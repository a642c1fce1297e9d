//! The number of a row that is added, on each of the databases.

use covet::db::{Dialect, Error, Executor, Result, Sql, sql};

/// Adds a row to a table whose key `id` the database gives, and says which it gave.
pub(crate) async fn insert(row: Sql<'_>, db: &Executor) -> Result<i64> {
    if db.dialect() == Dialect::Postgres {
        return db.fetch_value(sql!("{..row} RETURNING id")).await;
    }
    // MySQL has no RETURNING, and MariaDB and SQLite need none.
    let added = db.execute(row).await?;
    added.last_insert_id.ok_or_else(|| Error::decode("the table gives its rows no numbers"))
}
