//! Calls that are dropped before their answer came.

use std::time::{Duration, Instant};

use covet_db::{Db, Error, ErrorKind, Executor, Row, TransactionOptions, sql};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt};

use crate::{Fresh, drop_after, for_every_poll, settled};

type Call = fn(&Db) -> BoxFuture<'_, Result<(), Error>>;

/// Every call there is, as one that can be polled a few times and dropped.
const CALLS: [(&str, Call); 18] = [
    ("execute", |db| db.execute("INSERT INTO books (title) VALUES ('Dune')").map_ok_drop()),
    ("execute, bounced", |db| {
        db.execute("WITH t AS (SELECT 'Dune' AS title) INSERT INTO books (title) SELECT title FROM t").map_ok_drop()
    }),
    ("fetch_one", |db| db.fetch_one::<(i64,)>("SELECT 1").map_ok_drop()),
    ("fetch_optional", |db| db.fetch_optional::<Row>("SELECT * FROM books").map_ok_drop()),
    ("fetch_all", |db| db.fetch_all::<Row>("SELECT * FROM books").map_ok_drop()),
    ("fetch_value", |db| db.fetch_value::<i64>("INSERT INTO books (title) VALUES ('Dune') RETURNING id").map_ok_drop()),
    ("batch", |db| {
        db.batch(|batch| {
            (
                batch.value::<i64>("SELECT 1"),
                batch.execute("INSERT INTO books (title) VALUES ('Dune')"),
                batch.all::<(i64,)>("SELECT id FROM books"),
            )
        })
        .map_ok_drop()
    }),
    ("execute_many", |db| {
        db.execute_many((0..1500).map(|n| sql!("INSERT INTO books (id, title) VALUES ({n}, {n.to_string()})")))
            .map_ok_drop()
    }),
    ("copy_in", |db| db.copy_in("books", ["title"], (0..2500).map(|n| (n.to_string(),))).map_ok_drop()),
    ("copy_in_stream", |db| {
        let rows = futures_util::stream::iter(0..2500).map(|n| Ok::<_, Error>((n.to_string(),)));
        db.copy_in_stream("books", ["title"], rows).map_ok_drop()
    }),
    ("stream", |db| db.stream::<(i64,)>("SELECT 1").try_for_each(|_| async { Ok(()) }).boxed()),
    ("tables", |db| db.tables().map_ok_drop()),
    ("table_exists", |db| db.table_exists("books").map_ok_drop()),
    ("table_info", |db| db.table_info("books").map_ok_drop()),
    ("version", |db| db.version().map_ok_drop()),
    ("analyze_table", |db| db.analyze_table("books").map_ok_drop()),
    ("begin", |db| db.begin().map_ok_drop()),
    ("migration_status", |db| db.migration_status(&NONE).map_ok_drop()),
];

/// Those whose text is only for databases that know RETURNING, and WITH before an INSERT.
const RETURNING: [&str; 2] = ["execute, bounced", "fetch_value"];

static NONE: covet_db::Migrations = covet_db::Migrations::new("", &[]);

/// Boxes a call and leaves its value.
trait MapOkDrop<'a> {
    fn map_ok_drop(self) -> BoxFuture<'a, Result<(), Error>>;
}

impl<'a, T, F: Future<Output = Result<T, Error>> + Send + 'a> MapOkDrop<'a> for F {
    fn map_ok_drop(self) -> BoxFuture<'a, Result<(), Error>> {
        async move { self.await.map(drop) }.boxed()
    }
}

/// After each drop nothing is locked or leaked, and a bulk load has loaded all or nothing.
pub async fn every_call_can_be_dropped_at_every_poll(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let second = fresh.second().await;
    let (db, fresh, second) = (&fresh.db, &fresh, &second);
    let mut all_polls = 0;
    let returning = fresh.features.returning;
    for (name, call) in CALLS.into_iter().filter(|(name, _)| returning || !RETURNING.contains(name)) {
        all_polls += for_every_poll(
            || call(db),
            |output| async move {
                fresh.assert_nothing_is_left(second).await;
                let books = Fresh::books(second).await;
                assert!([0, 1, 1500, 2500].contains(&books), "{name}: {books}");
                if let Some(Err(error)) = output {
                    panic!("{name}: {error}");
                }
                second.execute("DELETE FROM books").await.unwrap();
            },
        )
        .await;
    }
    // A server on this machine may have answered one of them within its first poll.
    assert!(all_polls > 2 * CALLS.len(), "{all_polls}");
}

async fn three_steps(tx: &Executor) -> Result<(), Error> {
    tx.execute("INSERT INTO books (id, title) VALUES (1, 'a')").await?;
    tx.transaction(async |tx| tx.execute("INSERT INTO books (id, title) VALUES (2, 'b')").await.map(drop)).await?;
    let mut rows = tx.stream::<(i64,)>("SELECT id FROM books ORDER BY id");
    assert_eq!(rows.try_next().await?, Some((1,)));
    drop(rows);
    tx.fetch_value::<i64>("SELECT count(*) FROM books").await?;
    Ok(())
}

/// Both closure forms and `begin`, each step of them: all of it or none.
pub async fn a_dropped_transaction_is_rolled_back_at_every_poll(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let second = fresh.second().await;
    let (db, fresh, second) = (&fresh.db, &fresh, &second);
    let forms: [(&str, Call); 3] = [
        ("transaction", |db| db.transaction(async |tx| three_steps(tx).await).boxed()),
        ("transaction_with", |db| {
            db.transaction_with(TransactionOptions::default(), |tx| async move { three_steps(&tx).await }).boxed()
        }),
        ("begin", |db| {
            async move {
                let tx = db.begin().await?;
                three_steps(&tx).await?;
                tx.commit().await
            }
            .boxed()
        }),
    ];
    for (name, form) in forms {
        let polls = for_every_poll(
            || form(db),
            |output| async move {
                fresh.assert_nothing_is_left(second).await;
                let books = Fresh::books(second).await;
                assert!(books == 0 || books == 2, "{name}: {books}");
                if let Some(output) = output {
                    output.unwrap();
                    assert_eq!(books, 2);
                }
                second.execute("DELETE FROM books").await.unwrap();
            },
        );
        let polls = polls.await;
        assert!(polls > 6, "{name}: {polls}");
    }
}

/// Reads and writes that would run for ever are gone as soon as nobody waits for them.
pub async fn a_dropped_statement_stops(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let second = fresh.second().await;
    let mut took = Vec::new();
    for _ in 0..10 {
        let read = fresh.db.fetch_value::<i64>(fresh.endless);
        assert!(tokio::time::timeout(Duration::from_millis(20), read).await.is_err());
        let since = Instant::now();
        assert_eq!(settled(&fresh.db).await.in_use, 0);
        took.push(since.elapsed());
        let tx = fresh.db.begin().await.unwrap();
        tx.execute("INSERT INTO books (title) VALUES ('x')").await.unwrap();
        let read = tx.fetch_value::<i64>(fresh.endless);
        assert!(tokio::time::timeout(Duration::from_millis(20), read).await.is_err());
        drop(tx);
        fresh.assert_nothing_is_left(&second).await;
    }
    assert_eq!(Fresh::books(&second).await, 0);
    // The machine may be busy with others now and then, but not always.
    took.sort();
    assert!(took[5] < Duration::from_millis(100), "{took:?}");
}

/// A statement that follows one that is given up, at every moment of its life, on the same connection.
pub async fn innocent_statements_are_never_stopped(fresh: Fresh) {
    let mut options = fresh.options();
    options.sqlite.readers = 1;
    options.pool.max = 1;
    let db = Db::connect_with(options).await.unwrap();
    db.execute("CREATE TABLE numbers (n INTEGER)").await.unwrap();
    db.copy_in("numbers", ["n"], (0..2000).map(|n| (n,))).await.unwrap();
    for round in 0..2000_u64 {
        let guilty = {
            let db = db.clone();
            let endless = fresh.endless;
            tokio::spawn(async move {
                match round % 2 {
                    0 => drop(db.fetch_value::<i64>(endless).await),
                    _ => drop(db.fetch_value::<i64>("SELECT sum(n) FROM numbers").await),
                }
            })
        };
        if round % 3 == 0 {
            tokio::time::sleep(Duration::from_micros(round % 300)).await;
        } else {
            tokio::task::yield_now().await;
        }
        guilty.abort();
        let sum: i64 = db.fetch_value("SELECT sum(n) FROM numbers").await.unwrap();
        assert_eq!(sum, 1_999_000);
    }
    assert_eq!(settled(&db).await.in_use, 0);
}

/// Sixty-four callers who leave at different moments; afterwards as many leases can be had as before.
pub async fn waiters_that_give_up_keep_the_count(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    for round in 0..10_u64 {
        let tasks: Vec<_> = (0..64_u64)
            .map(|task| {
                let db = fresh.db.clone();
                tokio::spawn(async move {
                    let patience = Duration::from_micros((task * 37 + round * 101) % 3000);
                    let call = async {
                        match task % 3 {
                            0 => db.execute("UPDATE books SET price = 1").await.map(drop),
                            1 => db.fetch_all::<Row>("SELECT * FROM books").await.map(drop),
                            _ => {
                                db.transaction(async |tx| tx.execute("UPDATE books SET price = 2").await.map(drop))
                                    .await
                            }
                        }
                    };
                    drop(tokio::time::timeout(patience, call).await);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
    let stats = settled(&fresh.db).await;
    assert_eq!((stats.in_use, stats.waiting), (0, 0));
    let read_only = || {
        let mut options = TransactionOptions::default();
        options.read_only = true;
        options
    };
    let mut held = vec![fresh.db.begin().await.unwrap()];
    for _ in 1..stats.size {
        held.push(fresh.db.begin_with(read_only()).await.unwrap());
    }
    assert_eq!(fresh.db.pool_stats().in_use, stats.size);
}

/// Nobody knows whether the dropped call happened.
pub async fn a_transaction_with_a_dropped_call_cannot_be_committed(fresh: Fresh) {
    let fresh = fresh.with_books().await;
    let tx = fresh.db.begin().await.unwrap();
    let read = tx.fetch_value::<i64>(fresh.endless);
    // The first step is the turn within the transaction, the second the call itself.
    assert!(drop_after(2, read).await.is_none());
    let error = tx.execute("INSERT INTO books (title) VALUES ('y')").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(Fresh::books(&fresh.db).await, 0);
    // One that was never polled has not been sent.
    let tx = fresh.db.begin().await.unwrap();
    drop(tx.execute("INSERT INTO books (title) VALUES ('x')"));
    tx.commit().await.unwrap();
    assert_eq!(Fresh::books(&fresh.db).await, 0);
}
