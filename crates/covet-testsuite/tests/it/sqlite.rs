//! What only SQLite has: files, and other processes that hold their locks.

use std::error::Error as _;
use std::time::{Duration, Instant};

use covet_db::{ConnectOptions, Db, ErrorKind};
use tempfile::TempDir;

fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a b.db").display().to_string().replace(' ', "%20"));
    (folder, url)
}

fn path(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("a b.db")
}

#[tokio::test]
async fn every_connection_has_the_promised_settings() {
    let (_folder, url) = folder();
    let db = Db::connect(&url).await.unwrap();
    for round in 0..3 {
        let tx = db.begin().await.unwrap();
        for (pragma, expected) in [
            ("PRAGMA journal_mode", "wal"),
            ("PRAGMA synchronous", "1"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA trusted_schema", "0"),
        ] {
            let row: covet_db::Row = tx.fetch_one(pragma).await.unwrap();
            let value = row.to_map().values().next().unwrap().to_string();
            assert_eq!(value.trim_matches('"'), expected, "{pragma}");
        }
        tx.commit().await.unwrap();
        // A setting that a statement changes does not stay.
        db.execute("PRAGMA foreign_keys = OFF").await.unwrap();
        db.execute("PRAGMA synchronous = OFF").await.unwrap();
        assert!(round < 3);
    }
}

#[tokio::test]
async fn a_lock_of_another_process_is_waited_for_and_told() {
    let (folder, url) = folder();
    let db = Db::connect(&format!("{url}?busy_timeout=80ms")).await.unwrap();
    db.execute("CREATE TABLE t (x INTEGER)").await.unwrap();
    let other = rusqlite::Connection::open(path(&folder)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
    let since = Instant::now();
    let error = db.execute("INSERT INTO t VALUES (2)").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LockTimeout);
    assert!(error.is_retryable());
    assert!((80..400).contains(&since.elapsed().as_millis()), "{:?}", since.elapsed());
    assert_eq!(db.begin().await.unwrap_err().kind(), ErrorKind::LockTimeout);
    // Reading goes on meanwhile.
    assert_eq!(db.fetch_value::<i64>("SELECT count(*) FROM t").await.unwrap(), 0);
    // One who gives up waiting for the lock is not waited for.
    let patient = Db::connect(&format!("{url}?busy_timeout=1m")).await.unwrap();
    let write = patient.execute("INSERT INTO t VALUES (3)");
    assert!(tokio::time::timeout(Duration::from_millis(30), write).await.is_err());
    other.execute_batch("COMMIT").unwrap();
    let since = Instant::now();
    patient.execute("INSERT INTO t VALUES (4)").await.unwrap();
    assert!(since.elapsed() < Duration::from_millis(100), "{:?}", since.elapsed());
    assert_eq!(db.fetch_value::<i64>("SELECT count(*) FROM t").await.unwrap(), 2);
}

#[tokio::test]
async fn a_lock_during_connecting_is_tried_again() {
    let (folder, url) = folder();
    let other = rusqlite::Connection::open(path(&folder)).unwrap();
    other.execute_batch("CREATE TABLE t (x INTEGER); BEGIN EXCLUSIVE").unwrap();
    let url = format!("{url}?busy_timeout=1ms");
    let error = Db::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.source().unwrap().to_string().contains("locked"), "{error:?}");
    let connecting = tokio::spawn(async move { Db::connect(&format!("{url}&attempts=200")).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    other.execute_batch("COMMIT").unwrap();
    connecting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_file_is_opened_as_its_mode_says() {
    let (folder, url) = folder();
    for mode in ["ro", "rw"] {
        let error = Db::connect(&format!("{url}?mode={mode}")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{mode}");
        assert!(!path(&folder).exists());
    }
    let db = Db::connect(&url).await.unwrap();
    db.execute("CREATE TABLE t (x INTEGER)").await.unwrap();
    let read_only = Db::connect(&format!("{url}?mode=ro")).await.unwrap();
    assert_eq!(read_only.fetch_value::<i64>("SELECT count(*) FROM t").await.unwrap(), 0);
    assert_eq!(read_only.execute("INSERT INTO t VALUES (1)").await.unwrap_err().kind(), ErrorKind::ReadOnly);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told() {
    let (folder, url) = folder();
    std::fs::write(path(&folder), "this is certainly not a database, is it?".repeat(100)).unwrap();
    let error = Db::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.source().unwrap().to_string(), "file is not a database");
    assert!(error.to_string().contains("a b.db cannot be opened"), "{error}");
}

#[tokio::test]
async fn closing_gives_the_file_free() {
    let (folder, url) = folder();
    let db = Db::connect(&url).await.unwrap();
    db.execute("CREATE TABLE t (x INTEGER)").await.unwrap();
    assert!(folder.path().join("a b.db-wal").exists());
    db.close().await;
    assert!(!folder.path().join("a b.db-wal").exists());
}

#[tokio::test]
async fn vacuum_and_settings_of_the_file_work() {
    let (_folder, url) = folder();
    let db = Db::connect(&url).await.unwrap();
    db.execute("PRAGMA user_version = 7").await.unwrap();
    db.execute("VACUUM").await.unwrap();
    let version: i64 = db.fetch_value("PRAGMA user_version").await.unwrap();
    assert_eq!(version, 7);
    let stats = db.pool_stats();
    assert_eq!(stats.closed, 0);
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_bytes() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    let error = db.fetch_value::<String>("SELECT CAST(x'ff' AS TEXT) AS t").await.unwrap_err();
    assert_eq!(error.to_string(), "column `t` cannot be read: it is bytes, not `String`");
    assert_eq!(db.fetch_value::<Vec<u8>>("SELECT CAST(x'ff' AS TEXT)").await.unwrap(), [255]);
}

#[tokio::test]
async fn readers_are_bounded_by_the_pool() {
    let (_folder, url) = folder();
    let mut options = ConnectOptions::new(&url).unwrap();
    options.pool.max = 2;
    let db = Db::connect_with(options).await.unwrap();
    assert_eq!(db.pool_stats().size, 3);
    assert_eq!(Db::connect("sqlite::memory:").await.unwrap().pool_stats().size, 1);
}
