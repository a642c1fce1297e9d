//! PostgreSQL's lanes: neighbours on a connection cannot hurt each other.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use covet_db::{Db, ErrorKind, sql};
use covet_testsuite::POSTGRES;

/// A database with one lane, and a table of 10,000 numbers; none where there is no server, which has been told then.
async fn numbers(options: &str) -> Option<Db> {
    let url = (POSTGRES.url)(Path::new(""))?;
    let db = Db::connect(&format!("{url}?{options}")).await.unwrap();
    db.execute("CREATE TABLE numbers (id int PRIMARY KEY, double int NOT NULL, label text NOT NULL)").await.unwrap();
    db.execute("INSERT INTO numbers SELECT n, 2 * n, 'label ' || n FROM generate_series(1, 10000) AS n").await.unwrap();
    db.execute("ANALYZE numbers").await.unwrap();
    Some(db)
}

/// Asks by key until a lane has answered.
async fn warm(db: &Db) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let before = db.pool_stats().lanes.calls;
    while db.pool_stats().lanes.calls == before {
        assert!(Instant::now() < deadline, "no lane: {:?}", db.pool_stats().lanes);
        assert_eq!(double(db, 7).await.unwrap(), 14);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn double(db: &Db, id: i64) -> covet_db::Result<i64> {
    db.fetch_value(sql!("SELECT double FROM numbers WHERE id = {id}")).await
}

/// Divides by what the row says, so that the value decides whether the statement fails.
async fn quotient(db: &Db, id: i64, divisor: i64) -> covet_db::Result<i64> {
    db.fetch_value(sql!("SELECT CAST(double / CAST({divisor} AS int) AS int) FROM numbers WHERE id = {id}")).await
}

/// Fast or slow, as the value says: a cross join of as many rows as are asked for.
async fn crossed(db: &Db, rows: i64) -> covet_db::Result<i64> {
    db.fetch_value(sql!(
        "SELECT count(*) FROM numbers a, numbers b WHERE a.id <= {rows} AND b.id <= {rows} AND length(a.label) + b.id > 0"
    ))
    .await
}

const SLOW: i64 = 9_000;

#[tokio::test]
async fn short_statements_share_a_connection_that_the_server_shows() {
    let Some(db) = numbers("lanes=1&pool_min=0").await else { return };
    assert_eq!((db.pool_stats().size, db.pool_stats().lanes.size), (19, 1));
    warm(&db).await;
    let before = db.pool_stats();
    let asked = futures_util::future::join_all((1..=50).map(|id| double(&db, id))).await;
    assert!(asked.into_iter().zip(1..).all(|(answer, id)| answer.unwrap() == 2 * id));
    let after = db.pool_stats();
    assert_eq!((after.lanes.calls - before.lanes.calls) + (after.acquired - before.acquired), 50);
    assert!(after.lanes.calls - before.lanes.calls > 5, "{after:?}");
    assert_eq!((after.lanes.open, after.lanes.opened, after.lanes.in_flight), (1, 1, 0));
    let (name, count): (String, i64) = db
        .fetch_one("SELECT min(application_name), count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%lane'")
        .await
        .unwrap();
    assert_eq!((name.as_str(), count), ("covet lane", 1));
    db.close().await;
    assert_eq!(double(&db, 1).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(db.pool_stats().lanes.open, 0);
}

#[tokio::test]
async fn lanes_can_be_off() {
    for options in ["lanes=0", "prepared=never", "pool_max=3&pool_min=0"] {
        let Some(db) = numbers(options).await else { return };
        for id in 1..20 {
            assert_eq!(double(&db, id).await.unwrap(), 2 * id);
        }
        let lanes = db.pool_stats().lanes;
        assert_eq!((lanes.size, lanes.opened, lanes.calls), (0, 0, 0), "{options}");
    }
}

#[tokio::test]
async fn what_may_do_more_than_read_takes_a_lease() {
    let Some(db) = numbers("lanes=1&pool_min=0").await else { return };
    db.execute("CREATE SEQUENCE numbered").await.unwrap();
    db.execute("CREATE FUNCTION fresh() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('numbered') $$")
        .await
        .unwrap();
    db.execute("CREATE VIEW sneaky AS SELECT fresh() AS n").await.unwrap();
    warm(&db).await;
    let before = db.pool_stats().lanes;
    for round in 1..=10 {
        assert_eq!(db.fetch_value::<i64>("SELECT nextval('numbered')").await.unwrap(), 2 * round - 1);
        assert_eq!(db.fetch_value::<i64>("SELECT fresh()").await.unwrap(), 2 * round);
        db.fetch_one::<(i64,)>("SELECT id FROM numbers WHERE id = 1 FOR UPDATE").await.unwrap();
    }
    assert_eq!(db.pool_stats().lanes.calls, before.calls);
    // What a text does not show, the session refuses, and the call succeeds on a lease.
    for round in 21..=30 {
        assert_eq!(db.fetch_value::<i64>("SELECT n FROM sneaky").await.unwrap(), round);
    }
    let after = db.pool_stats().lanes;
    assert_eq!(after.calls, before.calls);
    assert!(after.again > before.again);
}

#[tokio::test]
async fn a_statement_that_fails_fails_alone() {
    let Some(db) = numbers("lanes=1&pool_min=0").await else { return };
    warm(&db).await;
    assert_eq!(quotient(&db, 6, 3).await.unwrap(), 4);
    for _ in 0..20 {
        let mixed = futures_util::future::join_all((1..=60_i64).map(|id| {
            let db = db.clone();
            async move { (id, quotient(&db, id, i64::from(id % 3 != 0)).await) }
        }))
        .await;
        for (id, answer) in mixed {
            match id % 3 {
                0 => assert_eq!(answer.unwrap_err().code(), Some("22012")),
                _ => assert_eq!(answer.unwrap(), 2 * id),
            }
        }
    }
    let lanes = db.pool_stats().lanes;
    assert!(lanes.calls > 300, "{lanes:?}");
    assert_eq!((lanes.again, lanes.opened), (0, 1));
}

/// No value ever reaches another's call, among 64 tasks of which some give up at any moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_reach_who_asked() {
    let Some(db) = numbers("lanes=2").await else { return };
    warm(&db).await;
    let given_up = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..64_i64)
        .map(|task| {
            let (db, given_up) = (db.clone(), Arc::clone(&given_up));
            tokio::spawn(async move {
                for round in 0..150_i64 {
                    let id = 1 + (task * 151 + round * 7) % 10_000;
                    let ask = db
                        .fetch_one::<(i64, i64, String)>(sql!("SELECT id, double, label FROM numbers WHERE id = {id}"));
                    let patience = Duration::from_micros(if round % 5 == 4 {
                        (task * 37 + round * 13) as u64 % 900
                    } else {
                        20_000_000
                    });
                    match tokio::time::timeout(patience, ask).await {
                        Ok(answer) => assert_eq!(answer.unwrap(), (id, 2 * id, format!("label {id}"))),
                        Err(_) => drop(given_up.fetch_add(1, Ordering::Relaxed)),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let stats = covet_testsuite::settled(&db).await;
    assert!(given_up.load(Ordering::Relaxed) > 50, "{given_up:?}");
    assert!(stats.lanes.calls > 2_000, "{stats:?}");
    assert_eq!((stats.lanes.in_flight, stats.in_use), (0, 0));
}

/// One that turns out slow is stopped and runs again on a lease; who stands behind it waits no longer than the lane's time-out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_statement_costs_its_neighbours_little() {
    let Some(db) = numbers("lanes=1").await else { return };
    warm(&db).await;
    for _ in 0..3 {
        assert_eq!(crossed(&db, 2).await.unwrap(), 4);
    }
    let before = db.pool_stats().lanes;
    let slow = tokio::spawn({
        let db = db.clone();
        async move { crossed(&db, SLOW).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let (mut longest, mut asked) = (Duration::ZERO, 0);
    while !slow.is_finished() {
        let since = Instant::now();
        assert_eq!(double(&db, 5).await.unwrap(), 10);
        longest = longest.max(since.elapsed());
        asked += 1;
    }
    assert_eq!(slow.await.unwrap().unwrap(), SLOW * SLOW);
    // The lane's 250 ms, and as much again for a busy machine.
    assert!(longest < Duration::from_millis(500), "{longest:?}");
    assert!(asked > 10, "{asked}");
    let after = db.pool_stats();
    assert!(after.lanes.again > before.again, "{after:?}");
    assert_eq!((after.cancelled, after.lanes.opened), (0, 1), "{after:?}");
    // Now it is known to be slow.
    let again = after.lanes.again;
    assert_eq!(crossed(&db, 3).await.unwrap(), 9);
    assert_eq!(db.pool_stats().lanes.again, again);
}

/// A call that is given up leaves its statement to the lane, and cancels nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_given_up_stops_nobody() {
    let Some(db) = numbers("lanes=1").await else { return };
    for _ in 0..5 {
        warm(&db).await;
        for _ in 0..3 {
            crossed(&db, 2).await.unwrap();
        }
        assert!(tokio::time::timeout(Duration::from_millis(10), crossed(&db, SLOW)).await.is_err());
        let since = Instant::now();
        for id in 1..=20 {
            assert_eq!(double(&db, id).await.unwrap(), 2 * id);
        }
        assert!(since.elapsed() < Duration::from_millis(600), "{:?}", since.elapsed());
    }
    let stats = covet_testsuite::settled(&db).await;
    assert_eq!(stats.lanes.opened, 1);
}

/// The lane's statements follow the schema without anybody noticing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_follow_the_schema() {
    let Some(db) = numbers("lanes=1").await else { return };
    warm(&db).await;
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8_i64)
        .map(|task| {
            let (db, stop) = (db.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut asked = 0;
                while !stop.load(Ordering::Relaxed) {
                    let row: covet_db::Row =
                        db.fetch_one(sql!("SELECT * FROM numbers WHERE id = {task + 1}")).await.unwrap();
                    assert_eq!(row.get::<i64>("double").unwrap(), 2 * (task + 1));
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    for round in 0..10 {
        let change = covet_db::Sql::unchecked(format!("ALTER TABLE numbers ADD COLUMN more{round} int"));
        db.execute(change).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        assert!(task.await.unwrap() > 0);
    }
    assert_eq!(db.pool_stats().lanes.opened, 1);
}

/// Connections that the server ends under load give no wrong answer, and lanes no error at all: they read only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_that_the_server_ends_give_no_wrong_answer() {
    let Some(db) = numbers("lanes=2").await else { return };
    warm(&db).await;
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..16_i64)
        .map(|task| {
            let (db, stop) = (db.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut id = task + 1;
                while !stop.load(Ordering::Relaxed) {
                    id = 1 + (id * 31) % 10_000;
                    assert_eq!(double(&db, id).await.unwrap(), 2 * id);
                }
            })
        })
        .collect();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'covet lane' AND datname = current_database()")
            .await
            .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    warm(&db).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let stats = covet_testsuite::settled(&db).await;
    assert!(stats.lanes.opened > 3 && stats.lanes.closed > 2, "{stats:?}");
    assert_eq!((stats.lanes.in_flight, stats.in_use), (0, 0));
}

/// A result that is suddenly large leaves the lane, and the next ones do not come there.
#[tokio::test]
async fn large_results_take_a_lease() {
    let Some(db) = numbers("lanes=1&pool_min=0").await else { return };
    warm(&db).await;
    let up_to = async |most: i64| {
        db.fetch_all::<(i64, String)>(sql!("SELECT id, label FROM numbers WHERE id <= {most}")).await.unwrap().len()
    };
    for _ in 0..3 {
        assert_eq!(up_to(10).await, 10);
    }
    let before = db.pool_stats().lanes;
    assert_eq!(up_to(10_000).await, 10_000);
    assert_eq!(db.pool_stats().lanes.again, before.again + 1);
    assert_eq!(up_to(10_000).await, 10_000);
    assert_eq!(db.pool_stats().lanes.again, before.again + 1);
}

/// Passes bytes on to a server and counts how often the client speaks after it was answered.
async fn counting_proxy(port: u16) -> (u16, Arc<AtomicU64>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let turns = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&turns);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let turns = Arc::clone(&counted);
            tokio::spawn(async move {
                let server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                let (mut asked, mut answered) = ([0; 65_536], [0; 65_536]);
                let mut was_answered = true;
                loop {
                    tokio::select! {
                        read = from_client.read(&mut asked) => match read {
                            Ok(length @ 1..) => {
                                turns.fetch_add(u64::from(std::mem::take(&mut was_answered)), Ordering::Relaxed);
                                to_server.write_all(&asked[..length]).await.unwrap();
                            }
                            _ => return,
                        },
                        read = from_server.read(&mut answered) => match read {
                            Ok(length @ 1..) => {
                                // Late, so that a client which does not wait is ahead.
                                tokio::time::sleep(Duration::from_millis(30)).await;
                                was_answered = true;
                                to_client.write_all(&answered[..length]).await.unwrap();
                            }
                            _ => return,
                        },
                    }
                }
            });
        }
    });
    (own, turns)
}

#[tokio::test]
async fn a_batch_takes_one_round_trip() {
    let Some(url) = (POSTGRES.url)(Path::new("")) else { return };
    let (before, rest) = url.rsplit_once(':').unwrap();
    let (port, name) = rest.split_once('/').unwrap();
    let (port, turns) = counting_proxy(port.parse().unwrap()).await;
    let db = Db::connect(&format!("{before}:{port}/{name}?pool_min=0&pool_max=1")).await.unwrap();
    db.execute("CREATE TABLE t (x int)").await.unwrap();
    for round in 0..3 {
        let before = turns.load(Ordering::Relaxed);
        let (_, sums) = db
            .batch(|batch| {
                (
                    (0..20_i64).map(|n| batch.execute(sql!("INSERT INTO t VALUES ({n})"))).collect::<Vec<_>>(),
                    (0..20_i64).map(|n| batch.value::<i64>(sql!("SELECT count(*) + {n} FROM t"))).collect::<Vec<_>>(),
                )
            })
            .await
            .unwrap();
        assert!(sums.into_iter().eq((0..20).map(|n| 20 * (round + 1) + n)));
        if round > 0 {
            // The answers may come in a few pieces, and none of them is waited for.
            assert_eq!(turns.load(Ordering::Relaxed) - before, 1);
        }
    }
}

#[tokio::test]
async fn a_batch_has_a_connection_of_its_own() {
    let Some(db) = numbers("lanes=1&pool_min=0").await else { return };
    warm(&db).await;
    let before = db.pool_stats();
    for _ in 0..40 {
        let answers: Vec<i64> = db
            .batch(|batch| {
                (1..=20_i64)
                    .map(|id| batch.value(sql!("SELECT double FROM numbers WHERE id = {id}")))
                    .collect::<Vec<_>>()
            })
            .await
            .unwrap();
        assert!(answers.into_iter().eq((1..=20).map(|id| 2 * id)));
    }
    let after = db.pool_stats();
    assert_eq!((after.lanes.calls, after.acquired), (before.lanes.calls, before.acquired + 40));
}
