//! Behind PgBouncer in transaction mode: two connections to the server for all of a pool's.

use std::time::Duration;

use covet_db::postgres::CopyFormat;
use covet_db::{Db, ErrorKind, sql};
use covet_testsuite::servers::{PgBouncer, PrivateServer, Setup};
use futures_util::TryStreamExt;
use futures_util::future::join_all;

/// R5: every one of 200 statements, each on whatever connection there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_need_no_connection_of_their_own() {
    let Some(server) = PrivateServer::start(&Setup::default()) else { return };
    let Some(pooler) = PgBouncer::start(server.port()) else { return };
    let modes: &[&str] = if pooler.keeps_statements() { &["never", "auto"] } else { &["never"] };
    for mode in modes {
        let db = Db::connect(&pooler.url(&format!("prepared={mode}&pool_max=10&pool_min=0"))).await.unwrap();
        db.execute("DROP TABLE IF EXISTS t").await.unwrap();
        db.execute("CREATE TABLE t (id int PRIMARY KEY, amount numeric, at timestamptz, name text)").await.unwrap();
        let (amount, at) = ("12.50".parse::<rust_decimal::Decimal>().unwrap(), jiff::Timestamp::UNIX_EPOCH);
        let tasks = (0..200_i64).map(|id| {
            let db = db.clone();
            tokio::spawn(async move {
                let name = format!("name {id}");
                match id % 3 {
                    0 => {
                        db.transaction(async |tx| {
                            tx.execute(sql!("INSERT INTO t VALUES ({id}, {amount}, {at}, {name})")).await.map(drop)
                        })
                        .await
                        .unwrap();
                    }
                    1 => drop(db.copy_in("t", ["id", "amount", "at", "name"], [(id, amount, at, name)]).await.unwrap()),
                    _ => drop(db.execute(sql!("INSERT INTO t VALUES ({id}, {amount}, {at}, {name})")).await.unwrap()),
                }
                let row: (i64, rust_decimal::Decimal, jiff::Timestamp, String) =
                    db.fetch_one(sql!("SELECT id, amount, at, name FROM t WHERE id = {id}")).await.unwrap();
                assert_eq!(row, (id, amount, at, format!("name {id}")));
            })
        });
        for task in join_all(tasks).await {
            task.unwrap();
        }
        let rows: Vec<(i64,)> = db.stream::<(i64,)>("SELECT id FROM t ORDER BY id").try_collect().await.unwrap();
        assert_eq!(rows.len(), 200);
        let changes = (0..100_i64).map(|id| id.to_string()).collect::<Vec<_>>();
        let changed = db.execute_many(changes.iter().map(|name| sql!("UPDATE t SET name = 'x' WHERE name = {name}")));
        assert_eq!(changed.await.unwrap(), 0);
        let csv: Vec<bytes::Bytes> =
            db.postgres().unwrap().copy_out("TABLE t", CopyFormat::Text).await.unwrap().try_collect().await.unwrap();
        assert_eq!(csv.concat().split(|byte| *byte == b'\n').count(), 201);
        assert_eq!(covet_testsuite::settled(&db).await.in_use, 0, "{mode}");
    }
}

/// A call that is given up is stopped, and nobody else's is; what needs a session is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_up_stops_no_other() {
    let Some(server) = PrivateServer::start(&Setup::default()) else { return };
    let Some(pooler) = PgBouncer::start(server.port()) else { return };
    let db = Db::connect(&pooler.url("prepared=never&pool_max=4&pool_min=0")).await.unwrap();
    for _ in 0..10 {
        let sleep = db.execute("SELECT pg_sleep(9)");
        assert!(tokio::time::timeout(Duration::from_millis(30), sleep).await.is_err());
        let others = (0..4_i64).map(|n| db.fetch_value::<i64>(sql!("SELECT {n}::int8 FROM pg_sleep(0.01)")));
        let answers: Result<Vec<_>, _> = join_all(others).await.into_iter().collect();
        assert_eq!(answers.unwrap(), [0, 1, 2, 3]);
    }
    let pg = db.postgres().unwrap();
    assert_eq!(pg.listen(["x"]).await.unwrap_err().kind(), ErrorKind::Misuse);
    assert_eq!(pg.advisory_lock(1).await.unwrap_err().kind(), ErrorKind::Misuse);
    let tx = db.begin().await.unwrap();
    tx.postgres().unwrap().transaction_lock(1).await.unwrap();
    tx.commit().await.unwrap();
}
