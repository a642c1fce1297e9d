//! What only PostgreSQL has: its types, sessions that the server ends, and statements that outlive their schema.

mod connecting;
mod copying;
mod faults;
mod listening;
mod locks;
mod pooler;
mod replicas;
mod secrets;
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use covet_db::{ConnectOptions, Db, Error, ErrorKind, Isolation, Json, Row, Sql, TransactionOptions, sql};
use covet_testsuite::POSTGRES;
use futures_util::TryStreamExt;

/// The URL of a fresh database; none where there is no server, which has been told then.
fn url() -> Option<String> {
    (POSTGRES.url)(Path::new(""))
}

async fn connect(url: &str, options: &str) -> Db {
    Db::connect(&format!("{url}?{options}")).await.unwrap()
}

#[tokio::test]
async fn every_type_is_read() {
    let Some(url) = url() else { return };
    for options in ["prepared=auto", "prepared=never"] {
        let db = connect(&url, options).await;
        for (value, expected) in [
            ("true", "true"),
            ("1::int2", "1"),
            ("-2::int8", "-2"),
            ("1.5::float4", "1.5"),
            ("-0.00012300::numeric", "\"-0.00012300\""),
            ("123456789012.5::numeric", "\"123456789012.5\""),
            ("'NaN'::numeric", "\"NaN\""),
            ("'a b'::varchar", "\"a b\""),
            ("'x'::char(3)", "\"x  \""),
            ("'\\x00ff'::bytea", "\"00ff\""),
            ("'00000000-0000-0000-0000-000000000007'::uuid", "\"00000000-0000-0000-0000-000000000007\""),
            ("'2026-11-23'::date", "\"2026-11-23\""),
            ("'infinity'::date", "\"infinity\""),
            ("'13:37:00.25'::time", "\"13:37:00.25\""),
            ("'1969-12-31 13:37:00'::timestamp", "\"1969-12-31T13:37:00\""),
            ("'2026-11-23 13:37:00+02'::timestamptz", "\"2026-11-23T11:37:00Z\""),
            ("'1 year -2 months 3 days -04:05:06.7'::interval", "\"P10M3DT-4H-5M-6.7S\""),
            ("'{\"a\":1}'::json", "\"{\\\"a\\\":1}\""),
            ("'{\"a\":1}'::jsonb", "\"{\\\"a\\\": 1}\""),
            ("'10.0.0.0/8'::inet", "\"10.0.0.0/8\""),
            ("'::1'::inet", "\"::1\""),
            ("ARRAY[1,NULL,3]", "\"[1,null,3]\""),
            ("ARRAY[['a\"'],['b']]", "\"[[\\\"a\\\\\\\"\\\"],[\\\"b\\\"]]\""),
            ("'{}'::int4[]", "\"[]\""),
            ("'[1,5)'::int4range", "\"[1,5)\""),
            ("'(,2026-01-02 00:00]'::tsrange", "\"(,2026-01-02T00:00:00]\""),
            ("row(1, 'a \"b\"', NULL)::rowtype", "\"(1,\\\"a \\\"\\\"b\\\"\\\"\\\",)\""),
            ("'sad'::mood", "\"sad\""),
            ("5::positive", "5"),
        ] {
            db.execute("DROP TYPE IF EXISTS mood").await.unwrap();
            db.execute("DROP TYPE IF EXISTS rowtype").await.unwrap();
            db.execute("DROP DOMAIN IF EXISTS positive").await.unwrap();
            db.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')").await.unwrap();
            db.execute("CREATE TYPE rowtype AS (a int, b text, c bool)").await.unwrap();
            db.execute("CREATE DOMAIN positive AS int CHECK (VALUE > 0)").await.unwrap();
            let row: Row = db.fetch_one(Sql::unchecked(format!("SELECT {value} AS value"))).await.unwrap();
            assert_eq!(row.to_map()["value"].to_string(), expected, "{value}, {options}");
        }
    }
}

#[tokio::test]
async fn values_fit_their_columns_or_are_refused_before_they_are_sent() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0").await;
    db.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')").await.unwrap();
    db.execute("CREATE TABLE t (small int2, tags text[], numbers int4[], mood mood, at timestamptz, amount numeric(9,2), data jsonb, note text)")
        .await
        .unwrap();
    let (tags, numbers, at) =
        (Json(["a", "b,\"c"]), Json([1, 2]), "2026-11-23T13:37:00Z".parse::<jiff::Timestamp>().unwrap());
    let (mood, amount, data) = ("ok", "12.50".parse::<rust_decimal::Decimal>().unwrap(), serde_json::json!({"a": [1]}));
    let insert = sql!(
        "INSERT INTO t VALUES ({7}, {tags}, {numbers}, {mood}, {at}, {amount}, {data}, {5}) RETURNING tags, numbers, mood, at, amount, data, note"
    );
    let row: Row = db.fetch_one(insert).await.unwrap();
    assert_eq!(row.get::<Json<Vec<String>>>("tags").unwrap().0, ["a", "b,\"c"]);
    assert_eq!(row.get::<Json<Vec<i64>>>("numbers").unwrap().0, [1, 2]);
    assert_eq!(row.get::<String>("mood").unwrap(), "ok");
    assert_eq!(row.get::<jiff::Timestamp>("at").unwrap(), at);
    assert_eq!(row.get::<rust_decimal::Decimal>("amount").unwrap(), amount);
    assert_eq!(row.get::<serde_json::Value>("data").unwrap(), data);
    assert_eq!(row.get::<String>("note").unwrap(), "5");
    let sent = db.pool_stats();
    for unfit in [
        sql!("INSERT INTO t (small) VALUES ({40_000})"),
        sql!("INSERT INTO t (small) VALUES ({1.5})"),
        sql!("INSERT INTO t (small) VALUES ({\"hunter2\"})"),
        sql!("INSERT INTO t (numbers) VALUES ({Json([1_i64 << 40])})"),
    ] {
        let error = db.execute(unfit).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Encode, None), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    assert_eq!(db.pool_stats().opened, sent.opened);
    // Within a transaction a refused value is no error of the transaction.
    let tx = db.begin().await.unwrap();
    assert_eq!(
        tx.execute(sql!("INSERT INTO t (small) VALUES ({40_000})")).await.unwrap_err().kind(),
        ErrorKind::Encode
    );
    let none: Option<i64> = None;
    assert!(tx.fetch_value::<bool>(sql!("SELECT {none} IS NULL OR {none} = 1")).await.unwrap());
    tx.execute(sql!("INSERT INTO t (small) VALUES ({40})")).await.unwrap();
    tx.commit().await.unwrap();
    // What the server quotes of a value is not repeated.
    let secret = "hunter2";
    let error = db.fetch_value::<i64>(sql!("SELECT CAST(CAST({secret} AS text) AS int8)")).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
}

#[tokio::test]
async fn what_a_statement_leaves_in_its_session_does_not_stay() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0&pool_max=1").await;
    for _ in 0..3 {
        db.execute("SET application_name = 'mine'").await.unwrap();
        let name: String = db.fetch_value("SELECT current_setting('application_name')").await.unwrap();
        assert_eq!(name, "covet");
        db.execute("CREATE TEMPORARY TABLE left_over (x int)").await.unwrap();
        assert!(!db.table_exists("left_over").await.unwrap());
        db.execute("SELECT pg_advisory_lock(7)").await.unwrap();
        let locks: i64 =
            db.fetch_value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7").await.unwrap();
        assert_eq!(locks, 0);
        let tx = db.begin().await.unwrap();
        tx.execute("SET application_name = 'mine'").await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(db.pool_stats().opened, 1);
}

/// R4: outside a transaction nobody notices, inside it is an error, once.
#[tokio::test]
async fn statements_follow_the_schema_on_every_connection() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0&pool_max=4").await;
    db.execute("CREATE TABLE t (a int)").await.unwrap();
    db.execute("INSERT INTO t VALUES (1)").await.unwrap();
    for round in 0..5 {
        let mut held = Vec::new();
        for _ in 0..4 {
            let tx = db.begin().await.unwrap();
            assert_eq!(tx.fetch_one::<Row>("SELECT * FROM t").await.unwrap().len(), 1 + round);
            held.push(tx);
        }
        for tx in held {
            tx.commit().await.unwrap();
        }
        db.execute(Sql::unchecked(format!("ALTER TABLE t ADD COLUMN b{round} int"))).await.unwrap();
        let tx = db.begin().await.unwrap();
        assert!(tx.fetch_one::<Row>("SELECT * FROM t").await.is_err());
        assert_eq!(tx.commit().await.unwrap_err().kind(), ErrorKind::Closed);
        for _ in 0..4 {
            assert_eq!(db.fetch_one::<Row>("SELECT * FROM t").await.unwrap().len(), 2 + round);
        }
    }
}

/// Every acknowledged write is there, no other is there twice, and the pool goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_the_server_ends_lose_nothing() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_max=8").await;
    let killer = connect(&url, "pool_max=1&pool_min=0&application_name=killer").await;
    db.execute("CREATE TABLE done (task int, round int, PRIMARY KEY (task, round))").await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|task: i64| {
            let (db, stop) = (db.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                let mut round = 0_i64;
                while !stop.load(Ordering::Relaxed) {
                    round += 1;
                    let write = async {
                        match round % 2 {
                            0 => db.execute(sql!("INSERT INTO done VALUES ({task}, {round})")).await.map(drop),
                            _ => {
                                db.transaction(async |tx| {
                                    tx.execute(sql!("INSERT INTO done VALUES ({task}, {round})")).await.map(drop)
                                })
                                .await
                            }
                        }
                    };
                    match write.await {
                        Ok(()) => acknowledged.push((task, round)),
                        Err(error) => {
                            let expected = [ErrorKind::ConnectionLost, ErrorKind::CommitUnknown];
                            assert!(expected.contains(&error.kind()), "{error:?}");
                        }
                    }
                }
                acknowledged
            })
        })
        .collect();
    for _ in 0..15 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        killer
            .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'covet' AND datname = current_database() AND random() < 0.5")
            .await
            .unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    let stored: Vec<(i64, i64)> = killer.fetch_all("SELECT task, round FROM done").await.unwrap();
    let stored: std::collections::HashSet<_> = stored.into_iter().collect();
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    assert!(acknowledged.iter().all(|write| stored.contains(write)));
    assert_eq!(covet_testsuite::settled(&db).await.in_use, 0);
    db.execute("SELECT 1").await.unwrap();
}

/// R10: one that was ended while it was idle is found out before it is used.
#[tokio::test]
async fn an_idle_session_that_was_ended_is_not_given_out() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0&pool_max=2").await;
    let killer = connect(&url, "pool_max=1&pool_min=0&application_name=killer").await;
    for _ in 0..3 {
        db.execute("SELECT 1").await.unwrap();
        killer
            .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'covet' AND datname = current_database()")
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    db.execute("SELECT 1").await.unwrap();
    let closed = db.pool_stats().closed_by;
    assert!(closed.broken + closed.failover >= 3, "{closed:?}");
    db.close().await;
    assert_eq!(db.pool_stats().closed_by.shutdown, 1);
}

/// Two transactions that each wait for the other, and two that cannot be put in an order, which COMMIT finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_help_is_tried_again() {
    let Some(url) = url() else { return };
    let db = connect(&url, "").await;
    db.execute("CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)").await.unwrap();
    db.execute("INSERT INTO t VALUES (1, 0), (2, 0)").await.unwrap();
    let barrier = Arc::new(tokio::sync::Barrier::new(2));
    let tasks = [(1, 2), (2, 1)].map(|(first, second)| {
        let (db, barrier) = (db.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            let first_try = AtomicBool::new(true);
            db.transaction_with(TransactionOptions::default(), |tx| {
                let wait = first_try.swap(false, Ordering::Relaxed);
                let barrier = Arc::clone(&barrier);
                async move {
                    tx.execute(sql!("UPDATE t SET n = n + 1 WHERE id = {first}")).await?;
                    if wait {
                        barrier.wait().await;
                    }
                    tx.execute(sql!("UPDATE t SET n = n + 1 WHERE id = {second}")).await.map(drop)
                }
            })
            .await
        })
    });
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(db.fetch_all::<(i64,)>("SELECT n FROM t").await.unwrap(), [(2,), (2,)]);
    // Write skew: each reads what the other writes.
    let tasks = [(1, 2), (2, 1)].map(|(read, written)| {
        let (db, barrier) = (db.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            let mut options = TransactionOptions::default();
            options.isolation = Some(Isolation::Serializable);
            let first_try = AtomicBool::new(true);
            db.transaction_with(options, |tx| {
                let wait = first_try.swap(false, Ordering::Relaxed);
                let barrier = Arc::clone(&barrier);
                async move {
                    let n: i64 = tx.fetch_value(sql!("SELECT n FROM t WHERE id = {read}")).await?;
                    if wait {
                        barrier.wait().await;
                    }
                    tx.execute(sql!("UPDATE t SET n = {n + 10} WHERE id = {written}")).await?;
                    if wait {
                        barrier.wait().await;
                    }
                    Ok::<_, Error>(())
                }
            })
            .await
        })
    });
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let mut n: Vec<(i64,)> = db.fetch_all("SELECT n FROM t").await.unwrap();
    n.sort_unstable();
    assert_eq!(n, [(12,), (22,)]);
}

#[tokio::test]
async fn three_million_rows_take_little_memory() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0").await;
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    db.execute("SELECT 1").await.unwrap();
    let before = peak();
    let mut rows = db.stream::<(i64, String)>("SELECT n, 'some text of a row' FROM generate_series(1, 3000000) AS n");
    rows.try_next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut sum = 1_i64;
    while let Some((n, _)) = rows.try_next().await.unwrap() {
        sum += n;
    }
    assert_eq!(sum, 3_000_000 * 3_000_001 / 2);
    let grown = peak().saturating_sub(before);
    assert!(grown < 20 << 10, "memory grew by {grown} kB");
}

/// What poolers need that give each transaction another connection.
#[tokio::test]
async fn without_prepared_statements_nothing_is_left_on_the_server() {
    let Some(url) = url() else { return };
    let db = connect(&url, "prepared=never&pool_max=1&pool_min=0").await;
    db.execute("CREATE TABLE t (id int PRIMARY KEY, name text, amount numeric, at timestamptz, data bytea)")
        .await
        .unwrap();
    let (name, at, data) = ("it's", jiff::Timestamp::UNIX_EPOCH, vec![0_u8, 255]);
    let amount = "12.50".parse::<rust_decimal::Decimal>().unwrap();
    db.execute(sql!("INSERT INTO t VALUES ({1}, {name}, {amount}, {at}, {data})")).await.unwrap();
    let (ids, names) = ([1, 2], ["it's", "\"\\,"]);
    let row: (i64, String, rust_decimal::Decimal, jiff::Timestamp, Vec<u8>) =
        db.fetch_one(sql!("SELECT * FROM t WHERE id IN ({ids*}) AND name IN ({names*})")).await.unwrap();
    assert_eq!(row, (1, "it's".to_owned(), amount, at, data));
    let streamed: Vec<(i64,)> =
        db.stream::<(i64,)>(sql!("SELECT id FROM t WHERE id > {0}")).try_collect().await.unwrap();
    assert_eq!(streamed, [(1,)]);
    db.transaction(async |tx| tx.execute(sql!("DELETE FROM t WHERE id = {1}")).await.map(drop)).await.unwrap();
    let left: i64 = db.fetch_value("SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql").await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn passwords_are_asked_and_never_shown() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0").await;
    db.execute("SELECT pg_advisory_lock(1)").await.unwrap();
    db.execute("DO $$ BEGIN CREATE ROLE guarded LOGIN PASSWORD 'hunter2'; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$")
        .await
        .unwrap();
    let right = url.replace("covet@", "guarded:hunter2@");
    let guarded = connect(&right, "pool_min=0").await;
    assert_eq!(guarded.fetch_value::<String>("SELECT current_user::text").await.unwrap(), "guarded");
    assert!(!format!("{guarded:?} {:?}", ConnectOptions::new(&right).unwrap()).contains("hunter2"));
    let since = Instant::now();
    let wrong = Db::connect(&url.replace("covet@", "guarded:hunter3@")).await.unwrap_err();
    assert_eq!((wrong.kind(), wrong.code()), (ErrorKind::Connect, Some("28P01")));
    assert!(!format!("{wrong} {wrong:?}").contains("hunter3"), "{wrong:?}");
    assert!(since.elapsed() < Duration::from_secs(2), "a wrong password is not tried again");
    let nowhere = Db::connect("postgres://covet@127.0.0.1:1/x").await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn as_many_stay_open_as_are_wanted() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=3&pool_max=6&idle_timeout=100ms").await;
    let all: Vec<_> = futures_util::future::join_all((0..6).map(|_| db.begin())).await;
    assert_eq!(db.pool_stats().in_use, 6);
    drop(all);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let stats = db.pool_stats();
    assert_eq!((stats.idle, stats.in_use), (3, 0), "{stats:?}");
    assert_eq!((stats.closed, stats.closed_by.idle), (3, 3), "{stats:?}");
    let aging = connect(&url, "pool_min=2&idle_timeout=80ms&max_lifetime=100ms").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(aging.pool_stats().closed_by.expired >= 4, "{:?}", aging.pool_stats());
    aging.execute("SELECT 1").await.unwrap();
}

/// R2 and R7: whoever comes next waits for milliseconds, whatever was given up before.
#[tokio::test]
async fn what_is_given_up_makes_nobody_wait() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0&pool_max=1").await;
    let mut longest = Duration::ZERO;
    for round in 0..20 {
        if round % 2 == 0 {
            let sleep = db.execute("SELECT pg_sleep(9)");
            assert!(tokio::time::timeout(Duration::from_millis(20), sleep).await.is_err());
        } else {
            let mut rows = db.stream::<(i64,)>("SELECT n FROM generate_series(1, 3000000) AS n");
            for _ in 0..10 {
                rows.try_next().await.unwrap().unwrap();
            }
        }
        let since = Instant::now();
        let running: i64 = db
            .fetch_value("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
            .await
            .unwrap();
        longest = longest.max(since.elapsed());
        assert_eq!(running, 0);
    }
    assert!(longest < Duration::from_millis(500), "{longest:?}");
    assert_eq!(db.pool_stats().opened, 1);
}
