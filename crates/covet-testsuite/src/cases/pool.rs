//! The pool.

use std::time::Duration;

use covet_db::{Db, ErrorKind, sql};

use crate::{Fresh, settled};

/// The error names numbers and the place in the code, and the count stays right.
pub async fn giving_up_waiting_tells_who_holds(fresh: Fresh) {
    let mut options = fresh.options();
    options.pool.acquire_timeout = Duration::from_millis(30);
    options.pool.max = 1;
    let db = Db::connect_with(options).await.unwrap();
    let line = line!() + 1;
    let held = db.begin().await.unwrap();
    for _ in 0..3 {
        let error = db.begin().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolTimeout);
        let text = error.to_string();
        assert!(
            text.starts_with(
                "no connection became free within 30ms: 1 of 1 in use, 0 idle, 1 waiting; held longest, for "
            ),
            "{text}"
        );
        assert!(text.contains(&format!("pool.rs:{line}:")), "{text}");
    }
    assert_eq!(db.pool_stats().timeouts, 3);
    held.commit().await.unwrap();
    db.begin().await.unwrap().commit().await.unwrap();
    assert_eq!(settled(&db).await.in_use, 0);
}

/// What was counted fits what was done.
pub async fn statistics_add_up(fresh: Fresh) {
    let before = settled(&fresh.db).await;
    for _ in 0..10 {
        fresh.db.execute("CREATE TABLE IF NOT EXISTS t (x INTEGER)").await.unwrap();
    }
    let held = fresh.db.begin().await.unwrap();
    assert_eq!(fresh.db.pool_stats().in_use, 1);
    held.rollback().await.unwrap();
    let after = settled(&fresh.db).await;
    assert_eq!(after.acquired - before.acquired, 11);
    assert_eq!(after.wait.count(), after.acquired);
    assert_eq!(after.hold.count(), after.acquired);
    assert_eq!(after.opened as usize, after.idle);
    assert_eq!((after.closed, after.timeouts, after.waiting, after.retried), (0, 0, 0, 0));
    let statements = || fresh.db.pool_stats().statements;
    let before = statements();
    let tx = fresh.db.begin().await.unwrap();
    for number in 0..5_i64 {
        assert_eq!(tx.fetch_value::<i64>(sql!("SELECT x FROM t WHERE x = {number} UNION SELECT 7")).await.unwrap(), 7);
    }
    tx.commit().await.unwrap();
    let (found, prepared) = (statements().found - before.found, statements().prepared - before.prepared);
    assert_eq!((found, prepared), (4, 1));
}

/// A transaction that is open when the handle is closed can still be committed.
pub async fn closing_waits_for_calls(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let second = fresh.second().await;
    let tx = fresh.db.begin().await.unwrap();
    tx.execute("INSERT INTO books (title) VALUES ('x')").await.unwrap();
    let closing = tokio::spawn({
        let db = fresh.db.clone();
        async move { db.close().await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(!closing.is_finished());
    assert_eq!(fresh.db.begin().await.unwrap_err().kind(), ErrorKind::Closed);
    tx.commit().await.unwrap();
    closing.await.unwrap();
    let stats = fresh.db.pool_stats();
    assert_eq!((stats.idle, stats.in_use), (0, 0));
    if fresh.features.second_handle {
        assert_eq!(Fresh::books(&second).await, 1);
    }
}

/// Who came first is served first.
pub async fn waiting_is_fair(fresh: Fresh) {
    let mut options = fresh.options();
    options.pool.max = 1;
    let db = match fresh.features.second_handle {
        true => Db::connect_with(options).await.unwrap(),
        false => fresh.db.clone(),
    };
    let held = db.begin().await.unwrap();
    let (sender, mut served) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..20 {
        let (task, sender) = (db.clone(), sender.clone());
        tokio::spawn(async move {
            let tx = task.begin().await.unwrap();
            sender.send(number).unwrap();
            tx.commit().await.unwrap();
        });
        while db.pool_stats().waiting <= number {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    held.commit().await.unwrap();
    for number in 0..20 {
        assert_eq!(served.recv().await, Some(number));
    }
}
