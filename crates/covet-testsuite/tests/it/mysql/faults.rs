//! Sessions that the server ends, and networks that fail, under load: no acknowledged write is lost, no answer is wrong, and
//! the pool recovers.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use covet_db::{Db, sql};
use covet_testsuite::settled;

use super::{connect, url};
use crate::bank::{self, Least, is_expected};
use crate::proxy::{Fault, Proxy};

/// Ends some sessions of a database, and says how many.
async fn kill_some(killer: &Db) -> u64 {
    let victims: Vec<(u64,)> = killer
        .fetch_all("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() ORDER BY RAND() LIMIT 3")
        .await
        .unwrap();
    let mut killed = 0;
    for (id,) in victims {
        killed += u64::from(killer.mysql().unwrap().kill(id).await.is_ok());
    }
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_keeps_its_balance() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_max=16").await;
    let killer = connect(&url, "pool_max=1&pool_min=0").await;
    let least = Least { time: Duration::from_secs(4), transfers: 100, killed: 5 };
    bank::keeps_its_balance(&db, &killer, kill_some, least).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_fails_loses_nothing_and_leaves_nothing() {
    let Some(url) = url() else { return };
    let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next()?.parse().ok()).unwrap();
    let direct = connect(&url, "pool_min=0").await;
    direct.execute("CREATE TABLE done (task INTEGER, round INTEGER, PRIMARY KEY (task, round))").await.unwrap();
    let proxy = Proxy::start(port).await;
    let options = "pool_max=8&pool_min=0&acquire_timeout=500ms&command_timeout=300ms&query_timeout=300ms&connect_timeout=500ms&attempts=2";
    let db = connect(&proxy.through(&url, port), options).await;
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..8_i64)
        .map(|task| {
            let (db, stop, written) = (db.clone(), Arc::clone(&stop), Arc::clone(&written));
            tokio::spawn(async move {
                let (mut acknowledged, mut round) = (Vec::new(), 0_i64);
                while !stop.load(Ordering::Relaxed) {
                    round += 1;
                    let write = async {
                        match round % 3 {
                            0 => db.execute(sql!("INSERT INTO done VALUES ({task}, {round})")).await.map(drop),
                            1 => {
                                let insert = async |tx: &covet_db::Transaction| {
                                    tx.execute(sql!("INSERT INTO done VALUES ({task}, {round})")).await.map(drop)
                                };
                                db.transaction(insert).await
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
                    match db.fetch_value::<i64>(sql!("SELECT {asked}")).await {
                        Ok(answer) => assert_eq!(answer, asked),
                        Err(error) => assert!(is_expected(&error), "{error:?}"),
                    }
                }
                acknowledged
            })
        })
        .collect();
    let goes_on = async |writes: u64| {
        let until = written.load(Ordering::Relaxed) + writes;
        while written.load(Ordering::Relaxed) < until {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    goes_on(50).await;
    for fault in [Fault::Delay, Fault::Stall, Fault::Cut, Fault::HalfClose, Fault::Refuse, Fault::Cut, Fault::Stall] {
        proxy.set(fault);
        tokio::time::sleep(Duration::from_millis(700)).await;
        proxy.set(Fault::Nothing);
        let since = Instant::now();
        goes_on(50).await;
        assert!(since.elapsed() < Duration::from_secs(8), "{fault:?}: recovered after {:?}", since.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    let stored: Vec<(i64, i64)> = direct.fetch_all("SELECT task, round FROM done").await.unwrap();
    let stored: HashSet<_> = stored.into_iter().collect();
    let lost: Vec<_> = acknowledged.iter().filter(|write| !stored.contains(write)).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
    tokio::time::sleep(Duration::from_secs(3)).await;
    let stats = settled(&db).await;
    assert_eq!((stats.in_use, stats.waiting), (0, 0), "{stats:?}");
}
