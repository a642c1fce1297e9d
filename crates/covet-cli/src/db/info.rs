//! What a database is.

use std::time::Instant;

use covet_db::Db;
use serde_json::json;

use super::{Failure, print, table};

pub(super) async fn run(db: &Db, as_json: bool) -> Result<(), Failure> {
    let since = Instant::now();
    let version = db.version().await?;
    let answered = since.elapsed();
    let mut tables = Vec::new();
    for name in db.tables().await? {
        tables.extend(db.table_info(&name).await?);
    }
    let pool = db.pool_stats();
    if as_json {
        let value = json!({
            "version": version,
            "answered_in_ms": answered.as_secs_f64() * 1000.0,
            "tables": tables,
            "pool": {
                "size": pool.size, "in_use": pool.in_use, "idle": pool.idle, "opening": pool.opening, "waiting": pool.waiting,
                "acquired": pool.acquired, "timeouts": pool.timeouts, "opened": pool.opened, "closed": pool.closed,
                "closed_by": {
                    "shutdown": pool.closed_by.shutdown, "idle": pool.closed_by.idle, "expired": pool.closed_by.expired,
                    "failover": pool.closed_by.failover, "broken": pool.closed_by.broken, "unproved": pool.closed_by.unproved,
                },
                "retried": pool.retried,
                "statements": { "found": pool.statements.found, "prepared": pool.statements.prepared },
                "cancelled": pool.cancelled, "waited_ms": pool.wait.total().as_secs_f64() * 1000.0,
                "held_ms": pool.hold.total().as_secs_f64() * 1000.0,
            },
        });
        return print(&format!("{value:#}\n"));
    }
    let rows: Vec<Vec<String>> = tables
        .iter()
        .map(|info| {
            vec![
                info.name.clone(),
                info.columns.len().to_string(),
                info.primary_key.join(", "),
                info.indexes.len().to_string(),
                info.comment.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let head = ["table", "columns", "primary key", "indexes", "comment"].map(str::to_owned);
    print(&format!(
        "{version}, answered in {answered:.1?}\npool: {} of {} in use, {} idle, {} opened\n\n{}",
        pool.in_use,
        pool.size,
        pool.idle,
        pool.opened,
        table(&head, &rows)
    ))
}
