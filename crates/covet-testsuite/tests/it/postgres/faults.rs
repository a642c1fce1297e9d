//! Servers that restart, networks that fail, and schemas that change, all under load: no acknowledged write is lost, no answer
//! is wrong, and the pool recovers.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use covet_db::{Db, Row, Sql, sql};
use covet_testsuite::servers::{PrivateServer, Setup, Stop};
use covet_testsuite::settled;
use futures_util::future::join_all;
use tokio::task::JoinHandle;

use crate::bank::{self, Least, is_expected};
use crate::proxy::{Fault, Proxy};

/// Tasks that write and read until they are told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Vec<(i64, i64)>>>,
    written: Arc<AtomicU64>,
}

impl Load {
    async fn start(db: &Db, tasks: i64) -> Self {
        db.execute("CREATE TABLE done (task int, round int, PRIMARY KEY (task, round))").await.unwrap();
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let tasks =
            (0..tasks).map(|task| tokio::spawn(work(db.clone(), task, Arc::clone(&stop), Arc::clone(&written))));
        Self { tasks: tasks.collect(), stop, written }
    }

    /// Waits until so many more writes were acknowledged.
    async fn goes_on(&self, writes: u64) {
        let until = self.written.load(Ordering::Relaxed) + writes;
        while self.written.load(Ordering::Relaxed) < until {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Ends it and holds what was acknowledged against what is there.
    async fn finish(self, db: &Db) {
        self.stop.store(true, Ordering::Relaxed);
        let mut acknowledged = Vec::new();
        for task in self.tasks {
            acknowledged.extend(task.await.unwrap());
        }
        let stored: Vec<(i64, i64)> = db.fetch_all("SELECT task, round FROM done").await.unwrap();
        let stored: HashSet<_> = stored.into_iter().collect();
        let lost: Vec<_> = acknowledged.iter().filter(|write| !stored.contains(write)).collect();
        assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
        let stats = settled(db).await;
        assert_eq!((stats.in_use, stats.waiting), (0, 0));
    }
}

async fn work(db: Db, task: i64, stop: Arc<AtomicBool>, written: Arc<AtomicU64>) -> Vec<(i64, i64)> {
    let mut acknowledged = Vec::new();
    let mut round = 0_i64;
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        let write = async {
            match round % 3 {
                0 => db.execute(sql!("INSERT INTO done VALUES ({task}, {round})")).await.map(drop),
                1 => {
                    let tx = async |tx: &covet_db::Transaction| {
                        tx.execute(sql!("INSERT INTO done VALUES ({task}, {round})")).await.map(drop)
                    };
                    db.transaction(tx).await
                }
                _ => db.copy_in("done", ["task", "round"], [(task, round)]).await.map(drop),
            }
        };
        match write.await {
            Ok(()) => {
                acknowledged.push((task, round));
                written.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                assert!(is_expected(&error), "{error:?}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        // An answer is one's own, or an error, but never somebody else's.
        let asked = task * 1_000_000 + round;
        match db.fetch_value::<i64>(sql!("SELECT {asked}::int8")).await {
            Ok(answer) => assert_eq!(answer, asked),
            Err(error) => assert!(is_expected(&error), "{error:?}"),
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_loses_nothing_and_is_found_again() {
    let Some(mut server) = PrivateServer::start(&Setup { config: &["fsync = on"], ..Setup::default() }) else { return };
    let db = Db::connect(&server.url("pool_max=8&acquire_timeout=1s")).await.unwrap();
    let load = Load::start(&db, 8).await;
    for stop in [Stop::Told, Stop::Crash, Stop::Told] {
        load.goes_on(200).await;
        server = tokio::task::spawn_blocking(move || {
            server.stop(stop);
            std::thread::sleep(Duration::from_millis(300));
            server.start_again();
            server
        })
        .await
        .unwrap();
        let since = Instant::now();
        load.goes_on(50).await;
        assert!(since.elapsed() < Duration::from_secs(2), "{stop:?}: recovered after {:?}", since.elapsed());
    }
    load.finish(&db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_fails_loses_nothing_and_leaves_nothing() {
    let Some(server) = PrivateServer::start(&Setup::default()) else { return };
    let direct = Db::connect(&server.url("pool_min=0")).await.unwrap();
    let proxy = Proxy::start(server.port()).await;
    let options = "pool_max=8&pool_min=0&acquire_timeout=500ms&command_timeout=300ms&query_timeout=300ms&connect_timeout=500ms&attempts=2";
    let db = Db::connect(&proxy.through(&server.url(options), server.port())).await.unwrap();
    let load = Load::start(&db, 8).await;
    load.goes_on(50).await;
    for fault in [Fault::Delay, Fault::Stall, Fault::Cut, Fault::HalfClose, Fault::Refuse, Fault::Cut, Fault::Stall] {
        let before = proxy.connections();
        proxy.set(fault);
        tokio::time::sleep(Duration::from_millis(700)).await;
        proxy.set(Fault::Nothing);
        let since = Instant::now();
        load.goes_on(50).await;
        // What stalled is given up two seconds later at the latest, and then there is room for what works.
        assert!(since.elapsed() < Duration::from_secs(5), "{fault:?}: recovered after {:?}", since.elapsed());
        if matches!(fault, Fault::Cut | Fault::HalfClose) {
            assert!(proxy.connections() > before, "{fault:?} broke nothing");
        }
    }
    load.finish(&direct).await;
    let stats = settled(&db).await;
    assert_eq!((stats.in_use, stats.waiting), (0, 0), "{stats:?}");
    // Nothing is left on the server of what was given up.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let left: i64 = direct
        .fetch_value("SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_changes_under_load_is_followed() {
    let Some(url) = super::url() else { return };
    let db = super::connect(&url, "pool_max=6").await;
    db.execute("CREATE TABLE t (id int PRIMARY KEY, c0 int)").await.unwrap();
    db.execute("INSERT INTO t SELECT n, n FROM generate_series(1, 20) AS n").await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (1..=8_i64)
        .map(|id| {
            let (db, stop) = (db.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut reads = 0;
                while !stop.load(Ordering::Relaxed) {
                    let row: Row = db.fetch_one(sql!("SELECT * FROM t WHERE id = {id}")).await.unwrap();
                    assert_eq!(row.get::<i64>("id").unwrap(), id);
                    db.execute(sql!("UPDATE t SET id = id WHERE id = {id}")).await.unwrap();
                    reads += 1;
                }
                reads
            })
        })
        .collect();
    for round in 1..=20 {
        tokio::time::sleep(Duration::from_millis(40)).await;
        let change = match round % 3 {
            0 => format!("ALTER TABLE t ALTER COLUMN c{} TYPE text", round - 1),
            _ => format!("ALTER TABLE t ADD COLUMN c{round} int"),
        };
        let change = if round % 3 == 0 { change } else { change + " DEFAULT 1" };
        db.execute(Sql::unchecked(change)).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let reads: i32 = join_all(tasks).await.into_iter().map(Result::unwrap).sum();
    assert!(reads > 100, "{reads}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_keeps_its_balance() {
    let Some(url) = super::url() else { return };
    let db = super::connect(&url, "pool_max=16").await;
    let killer = super::connect(&url, "pool_max=1&pool_min=0&application_name=killer").await;
    let end_some = async |killer: &Db| {
        let ended: i64 = killer
            .fetch_value("SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE application_name = 'covet' AND datname = current_database() ORDER BY random() LIMIT 3) AS victims")
            .await
            .unwrap();
        u64::try_from(ended).unwrap()
    };
    let least = Least { time: Duration::from_secs(5), transfers: 200, killed: 10 };
    bank::keeps_its_balance(&db, &killer, end_some, least).await;
}

/// A connection that comes back serves a caller whose own is still being opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_an_opening_while_another_connection_is_free() {
    let Some(server) = PrivateServer::start(&Setup::default()) else { return };
    let proxy = Proxy::start(server.port()).await;
    let url = proxy.through(&server.url("pool_min=0&pool_max=2&acquire_timeout=3s&lanes=0"), server.port());
    let db = Db::connect(&url).await.unwrap();
    let held = db.begin().await.unwrap();
    held.execute("SELECT 1").await.unwrap();
    proxy.set(Fault::Stall);
    let waiting = tokio::spawn({
        let db = db.clone();
        async move { db.begin().await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((db.pool_stats().opening, waiting.is_finished()), (1, false));
    proxy.set(Fault::Nothing);
    proxy.set(Fault::Refuse);
    let since = Instant::now();
    held.commit().await.unwrap();
    waiting.await.unwrap().unwrap();
    assert!(since.elapsed() < Duration::from_millis(500), "{:?}", since.elapsed());
}
