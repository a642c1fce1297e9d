//! Rows one after the other.

use std::time::{Duration, Instant};

use covet_db::{ErrorKind, Row, sql};
use futures_util::{StreamExt, TryStreamExt};

use crate::{Fresh, settled};

const MILLION: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000) SELECT x, 'some text that takes room in each of the rows' FROM n";

/// In order and complete, around the size of a batch.
pub async fn every_row_comes(fresh: Fresh) {
    for count in [0, 1, 255, 256, 257, 1000] {
        let query = sql!(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {count}) SELECT x FROM n WHERE x <= {count}"
        );
        let rows: Vec<(i64,)> = fresh.db.stream::<(i64,)>(query).try_collect().await.unwrap();
        let numbers: Vec<i64> = rows.into_iter().map(|(x,)| x).collect();
        assert_eq!(numbers, (1..=count).collect::<Vec<i64>>());
    }
    // The stream outlives what it was made from, and its values.
    let stream = {
        let text = String::from("short-lived");
        let db = fresh.db.clone();
        db.stream::<(String,)>(sql!("SELECT {text}"))
    };
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap(), [("short-lived".to_owned(),)]);
}

/// Its connection is free at once.
pub async fn an_early_drop_stops_the_statement(fresh: Fresh) {
    let second = fresh.second().await;
    for taken in [0, 1, 300] {
        let mut rows = fresh.db.stream::<Row>(MILLION);
        for _ in 0..taken {
            rows.try_next().await.unwrap().unwrap();
        }
        drop(rows);
        let since = Instant::now();
        fresh.assert_nothing_is_left(&second).await;
        assert!(since.elapsed() < Duration::from_millis(200), "{:?}", since.elapsed());
    }
    let mut endless = fresh.db.stream::<Row>(fresh.endless);
    assert!(tokio::time::timeout(Duration::from_millis(20), endless.next()).await.is_err());
    drop(endless);
    fresh.assert_nothing_is_left(&second).await;
}

/// The peak of the process's memory grows by little, however slow the reader is.
pub async fn many_rows_in_constant_memory(fresh: Fresh) {
    if !fresh.features.streams_in_constant_memory {
        return;
    }
    let mut rows = fresh.db.stream::<(i64, String)>(MILLION);
    rows.try_next().await.unwrap().unwrap();
    let before = resident();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut count = 1;
    while rows.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 1_000_000);
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 << 20, "memory grew by {grown} bytes");
}

/// The peak of the process's resident memory, where the system tells it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// A stream keeps its connection and nobody else's.
pub async fn writing_while_a_stream_is_open(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    fresh.db.copy_in("books", ["title"], (0..5000).map(|n| (n.to_string(),))).await.unwrap();
    let mut rows = fresh.db.stream::<(i64,)>("SELECT id FROM books ORDER BY id");
    let mut count = 0;
    while let Some((id,)) = rows.try_next().await.unwrap() {
        if id % 100 == 0 {
            fresh.db.execute(sql!("UPDATE books SET price = 1 WHERE id = {id}")).await.unwrap();
        }
        count += 1;
    }
    assert_eq!(count, 5000);
    assert_eq!(fresh.db.fetch_value::<i64>("SELECT count(*) FROM books WHERE price = 1").await.unwrap(), 50);
}

/// Another call beside it would wait for itself; it is told.
pub async fn a_stream_in_a_transaction_is_alone(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    fresh.db.copy_in("books", ["title"], (0..2000).map(|n| (n.to_string(),))).await.unwrap();
    let kept_rows = std::sync::Mutex::new(None);
    let tx = fresh.db.begin().await.unwrap();
    let mut rows = tx.stream::<(i64,)>("SELECT id FROM books");
    rows.try_next().await.unwrap().unwrap();
    let meanwhile = tx.execute("DELETE FROM books").await.unwrap_err();
    assert_eq!(meanwhile.kind(), ErrorKind::Misuse);
    drop(rows);
    // Dropping a stream early is no fault of the transaction.
    tx.execute("DELETE FROM books WHERE id > 1").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(Fresh::books(&fresh.db).await, 1);
    // One that is taken out of its transaction keeps it from being committed.
    let kept = fresh.db.transaction(async |tx| {
        tx.execute("DELETE FROM books").await?;
        let mut rows = tx.stream::<(i64,)>("SELECT 1 UNION ALL SELECT 2");
        rows.try_next().await?;
        kept_rows.lock().unwrap().replace(rows);
        Ok::<_, covet_db::Error>(())
    });
    assert_eq!(kept.await.unwrap_err().kind(), ErrorKind::Misuse);
    drop(kept_rows);
    assert_eq!(Fresh::books(&fresh.db).await, 1);
}

/// One error, then nothing.
pub async fn a_fault_ends_the_stream(fresh: Fresh) {
    let mut rows = fresh.db.stream::<(i64,)>("SELECT * FROM nowhere");
    assert_eq!(rows.next().await.unwrap().unwrap_err().kind(), ErrorKind::Syntax);
    assert!(rows.next().await.is_none());
    let mut rows = fresh.db.stream::<(i64,)>("SELECT 1 UNION ALL SELECT NULL UNION ALL SELECT 2");
    assert!(rows.next().await.unwrap().is_ok());
    assert_eq!(rows.next().await.unwrap().unwrap_err().kind(), ErrorKind::Decode);
    assert!(rows.next().await.is_none());
    assert_eq!(settled(&fresh.db).await.in_use, 0);
}

/// Also when nobody takes their rows.
pub async fn writes_can_be_streamed(fresh: Fresh) {
    if !fresh.features.returning {
        return;
    }
    let fresh = fresh.with_books().await;
    fresh.db.copy_in("books", ["title"], (0..3000).map(|n| (n.to_string(),))).await.unwrap();
    let text =
        "WITH t AS (SELECT 1000 AS most) UPDATE books SET price = 3 WHERE id <= (SELECT most FROM t) RETURNING id";
    let rows: Vec<(i64,)> = fresh.db.stream::<(i64,)>(text).try_collect().await.unwrap();
    assert_eq!(rows.len(), 1000);
}
