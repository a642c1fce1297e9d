//! Transactions and savepoints.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use covet_db::{Error, ErrorKind, Executor, Isolation, Transaction, TransactionOptions, sql};
use futures_util::FutureExt;

use crate::{Fresh, settled};

async fn add(db: &Executor, title: &str) -> Result<(), Error> {
    db.execute(sql!("INSERT INTO books (title) VALUES ({title})")).await.map(drop)
}

fn options(change: impl FnOnce(&mut TransactionOptions)) -> TransactionOptions {
    let mut options = TransactionOptions::default();
    change(&mut options);
    options
}

/// Each form, seen from a second handle.
pub async fn committed_when_the_closure_gives_a_value(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let (db, second) = (&fresh.db, fresh.second().await);
    let value = db
        .transaction(async |tx| {
            add(tx, "a").await?;
            Ok::<_, Error>(7)
        })
        .await;
    assert_eq!(value.unwrap(), 7);
    let value = db.transaction_with(TransactionOptions::default(), |tx| async move {
        add(&tx, "b").await?;
        Ok::<_, Error>(8)
    });
    assert_eq!(value.await.unwrap(), 8);
    let tx = db.begin().await.unwrap();
    add(&tx, "c").await.unwrap();
    if fresh.features.reads_beside_a_writer {
        assert_eq!(Fresh::books(&second).await, 2);
    }
    tx.commit().await.unwrap();
    assert_eq!(Fresh::books(&second).await, 3);
}

/// Whatever ends it before its time.
pub async fn rolled_back_on_error_panic_and_drop(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let (db, second) = (&fresh.db, fresh.second().await);
    let failed = db.transaction(async |tx| {
        add(tx, "a").await?;
        Err::<(), _>(Error::decode("no"))
    });
    assert_eq!(failed.await.unwrap_err().to_string(), "no");
    let panicking = db.transaction(async |tx| {
        add(tx, "b").await?;
        assert!(Fresh::books(tx).await == 7, "on purpose");
        Ok::<_, Error>(())
    });
    assert!(std::panic::AssertUnwindSafe(panicking).catch_unwind().await.is_err());
    fresh.assert_nothing_is_left(&second).await;
    let panicking = db.transaction_with(TransactionOptions::default(), |tx| async move {
        add(&tx, "c").await?;
        assert!(Fresh::books(&tx).await == 7, "on purpose");
        Ok::<_, Error>(())
    });
    assert!(std::panic::AssertUnwindSafe(panicking).catch_unwind().await.is_err());
    let tx = db.begin().await.unwrap();
    add(&tx, "d").await.unwrap();
    drop(tx);
    let tx = db.begin().await.unwrap();
    add(&tx, "e").await.unwrap();
    tx.rollback().await.unwrap();
    fresh.assert_nothing_is_left(&second).await;
    assert_eq!(Fresh::books(&second).await, 0);
}

/// An inner closure's error undoes what it did and no more.
pub async fn savepoints_undo_their_part(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let done = fresh.db.transaction(async |tx| {
        add(tx, "outer").await?;
        let inner = tx.transaction(async |tx| {
            add(tx, "inner").await?;
            tx.transaction(async |tx| add(tx, "innermost").await).await?;
            assert_eq!(Fresh::books(tx).await, 3);
            Err::<(), _>(Error::decode("inner"))
        });
        assert_eq!(inner.await.unwrap_err().to_string(), "inner");
        assert_eq!(Fresh::books(tx).await, 1);
        tx.transaction(async |tx| add(tx, "second").await).await?;
        // A statement that fails within leaves the outer one usable.
        let twice = tx.transaction(async |tx| add(tx, "outer").await).await;
        assert!(twice.unwrap_err().is_unique_violation());
        add(tx, "last").await
    });
    done.await.unwrap();
    assert_eq!(Fresh::books(&fresh.db).await, 3);
}

/// Using the outer handle inside the inner closure is told, not mixed up.
pub async fn the_outer_one_waits_for_the_inner(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let done = fresh.db.transaction(async |outer| {
        outer
            .transaction(async |inner| {
                let misused = add(outer, "x").await.unwrap_err();
                assert_eq!(misused.kind(), ErrorKind::Misuse);
                add(inner, "y").await
            })
            .await?;
        add(outer, "z").await
    });
    done.await.unwrap();
    assert_eq!(Fresh::books(&fresh.db).await, 2);
}

/// As often as the options say, and only for errors that may pass.
pub async fn retried_while_it_may_help(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    if !fresh.features.second_handle {
        return;
    }
    let mut hasty = fresh.options();
    hasty.sqlite.busy_timeout = Duration::from_millis(1);
    let db = covet_db::Db::connect_with(hasty).await.unwrap();
    let blocker = fresh.db.begin().await.unwrap();
    add(&blocker, "blocker").await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        blocker.commit().await.unwrap();
    };
    let patient =
        db.transaction_with(options(|options| options.retries = 50), |tx| async move { add(&tx, "patient").await });
    let (done, ()) = tokio::join!(patient, release);
    done.unwrap();

    if fresh.features.one_writer {
        let blocker = fresh.db.begin().await.unwrap();
        add(&blocker, "again").await.unwrap();
        let never = options(|options| options.retries = 2);
        let error = db.transaction_with(never, |tx| async move { add(&tx, "never").await });
        let before = db.pool_stats().retried;
        assert!(error.await.unwrap_err().is_retryable());
        assert_eq!(db.pool_stats().retried - before, 2);
    }

    // The closure's own type hides what the database said; it was noted on the way.
    let runs = AtomicU32::new(0);
    let duplicate = db.transaction_with(TransactionOptions::default(), |tx| {
        runs.fetch_add(1, Ordering::Relaxed);
        async move { add(&tx, "patient").await }
    });
    assert!(duplicate.await.unwrap_err().is_unique_violation());
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

/// Also where the database does more than asked.
pub async fn every_isolation_level_is_accepted(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let levels =
        [Isolation::ReadUncommitted, Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable];
    for (number, level) in levels.into_iter().enumerate() {
        let options = options(|options| {
            options.isolation = Some(level);
            options.deferrable = true;
        });
        let title = format!("Volume {number}");
        let title = &title;
        fresh.db.transaction_with(options, |tx| async move { add(&tx, title).await }).await.unwrap();
    }
    assert_eq!(Fresh::books(&fresh.db).await, 4);
}

/// Tasks that read a balance and write it back, through two handles.
pub async fn reading_then_writing_loses_nothing(fresh: Fresh) {
    const TASKS: i64 = 8;
    const ROUNDS: i64 = 25;
    fresh.db.execute("CREATE TABLE counter (n INTEGER NOT NULL)").await.unwrap();
    fresh.db.execute("INSERT INTO counter VALUES (0)").await.unwrap();
    let handles = [fresh.db.clone(), fresh.second().await];
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let db = handles[task as usize % 2].clone();
            tokio::spawn(async move {
                for _ in 0..ROUNDS {
                    let options = options(|options| {
                        options.isolation = Some(Isolation::Serializable);
                        options.retries = 100;
                    });
                    let increment = db.transaction_with(options, |tx| async move {
                        let n: i64 = tx.fetch_value("SELECT n FROM counter").await?;
                        tokio::task::yield_now().await;
                        tx.execute(sql!("UPDATE counter SET n = {n + 1}")).await.map(drop)
                    });
                    increment.await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(fresh.db.fetch_value::<i64>("SELECT n FROM counter").await.unwrap(), TASKS * ROUNDS);
}

/// A write in one is refused, and what it reads stays as it was at its start.
pub async fn read_only_ones_read_only(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    if !fresh.features.reads_beside_a_writer {
        return;
    }
    let read_only = || options(|options| options.read_only = true);
    let tx = fresh.db.begin_with(read_only()).await.unwrap();
    assert_eq!(Fresh::books(&tx).await, 0);
    add(&fresh.db, "meanwhile").await.unwrap();
    assert_eq!(Fresh::books(&tx).await, 0);
    assert_eq!(add(&tx, "x").await.unwrap_err().kind(), ErrorKind::ReadOnly);
    tx.rollback().await.unwrap();
    assert_eq!(Fresh::books(&fresh.db).await, 1);
}

/// BEGIN and its kind as text would take the pool's state away from it.
pub async fn their_statements_are_not_sent_by_hand(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let texts = ["BEGIN", "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT x", "RELEASE x"];
    let attach = fresh.features.attach.then_some("ATTACH 'x' AS y");
    for text in texts.into_iter().chain(attach) {
        let outside = fresh.db.execute(text).await.unwrap_err();
        assert_eq!(outside.kind(), ErrorKind::Misuse, "{text}: {outside}");
        let tx = fresh.db.begin().await.unwrap();
        add(&tx, "x").await.unwrap();
        assert_eq!(tx.execute(text).await.unwrap_err().kind(), ErrorKind::Misuse, "{text}");
        tx.rollback().await.unwrap();
    }
    assert_eq!(Fresh::books(&fresh.db).await, 0);
}

/// A handle that the closure gave away can do nothing once the transaction has ended.
pub async fn a_handle_that_was_kept_is_dead(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel::<Transaction>();
    let giving = fresh.db.transaction_with(TransactionOptions::default(), |tx| {
        let sender = sender.clone();
        async move {
            add(&tx, "x").await?;
            sender.send(tx).unwrap();
            Ok::<_, Error>(())
        }
    });
    giving.await.unwrap();
    let kept = receiver.recv().await.unwrap();
    assert_eq!(add(&kept, "y").await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(kept.commit().await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(settled(&fresh.db).await.in_use, 0);
    assert_eq!(Fresh::books(&fresh.db).await, 1);
}

/// On a savepoint of the caller's, so that it holds for every database.
pub async fn an_error_of_a_statement_leaves_it_usable(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let done = fresh.db.transaction(async |tx| {
        add(tx, "a").await?;
        let again = tx.transaction(async |tx| add(tx, "a").await).await;
        assert!(again.unwrap_err().is_unique_violation());
        add(tx, "b").await
    });
    done.await.unwrap();
    assert_eq!(Fresh::books(&fresh.db).await, 2);
}
