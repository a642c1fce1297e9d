//! Advisory locks.

use std::time::Duration;

use covet_db::ErrorKind;
use covet_db::postgres::LockKey;

async fn held(db: &covet_db::Db) -> i64 {
    db.fetch_value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").await.unwrap()
}

#[tokio::test]
async fn one_holds_it_and_others_wait() {
    let Some(url) = super::url() else { return };
    let db = super::connect(&url, "pool_min=0&pool_max=4").await;
    let other = super::connect(&url, "pool_min=0&pool_max=4&command_timeout=300ms").await;
    let (pg, others) = (db.postgres().unwrap(), other.postgres().unwrap());
    let lock = pg.advisory_lock("report").await.unwrap();
    assert!(lock.is_held());
    assert!(others.try_advisory_lock("report").await.unwrap().is_none());
    assert_eq!(others.advisory_lock("report").await.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(covet_testsuite::settled(&other).await.in_use, 0);
    let another = others.try_advisory_lock(7).await.unwrap().unwrap();
    lock.release().await.unwrap();
    let lock = others.advisory_lock("report").await.unwrap();
    assert_eq!(held(&db).await, 2);
    drop((lock, another));
    // Given back without anybody waiting for it.
    assert_eq!(covet_testsuite::settled(&other).await.in_use, 0);
    assert_eq!(held(&db).await, 0);
    assert_eq!((db.pool_stats().closed, other.pool_stats().closed), (0, 0));
    // Whoever gives up waiting holds nothing.
    let lock = pg.advisory_lock("report").await.unwrap();
    for polls in 1..6 {
        covet_testsuite::drop_after(polls, others.advisory_lock("report")).await;
    }
    lock.release().await.unwrap();
    assert_eq!(covet_testsuite::settled(&other).await.in_use, 0);
    assert_eq!(held(&db).await, 0);
    // A lock goes with its connection, which its holder can see.
    let lock = pg.advisory_lock("report").await.unwrap();
    let killer = super::connect(&url, "pool_min=0&application_name=killer").await;
    killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'covet' AND datname = current_database()").await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!lock.is_held());
    assert_eq!(lock.release().await.unwrap_err().kind(), ErrorKind::ConnectionLost);
}

#[tokio::test]
async fn a_transactions_lock_ends_with_it() {
    let Some(url) = super::url() else { return };
    let db = super::connect(&url, "pool_min=0").await;
    let tx = db.begin().await.unwrap();
    tx.postgres().unwrap().transaction_lock("report").await.unwrap();
    let other = db.begin().await.unwrap();
    assert!(!other.postgres().unwrap().try_transaction_lock("report").await.unwrap());
    tx.rollback().await.unwrap();
    assert!(other.postgres().unwrap().try_transaction_lock("report").await.unwrap());
    other.commit().await.unwrap();
    assert_eq!(held(&db).await, 0);
    assert_eq!(db.postgres().unwrap().transaction_lock(1).await.unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(LockKey::from("report"), LockKey::from("report"));
}
