//! Sessions that the server ends, and networks that fail, under load: no acknowledged write is lost, no answer is wrong, and
//! the pool recovers.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use covet_db::{Db, Error, ErrorKind, Isolation, TransactionOptions, sql};
use covet_testsuite::settled;

use super::{connect, url};
use crate::proxy::{Fault, Proxy};

/// What may go wrong when the server or the network does.
fn is_expected(error: &Error) -> bool {
    let expected = [
        ErrorKind::ConnectionLost,
        ErrorKind::CommitUnknown,
        ErrorKind::Connect,
        ErrorKind::PoolTimeout,
        ErrorKind::Timeout,
    ];
    expected.contains(&error.kind())
}

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

/// Money that moves between accounts while the server ends sessions at random: none is made and none is lost, and what was
/// acknowledged is what happened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_keeps_its_balance() {
    const ACCOUNTS: u64 = 50;
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_max=16").await;
    let killer = connect(&url, "pool_max=1&pool_min=0").await;
    db.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0))")
        .await
        .unwrap();
    db.execute("CREATE TABLE transfers (worker INTEGER, number INTEGER, PRIMARY KEY (worker, number))").await.unwrap();
    db.copy_in("accounts", ["id", "balance"], (0..ACCOUNTS).map(|id| (id, 1000))).await.unwrap();
    let seconds = if std::env::var_os("COVET_TEST_FULL").is_some() { 60 } else { 4 };
    let end = Instant::now() + Duration::from_secs(seconds);
    let workers: Vec<_> = (0..16_u64)
        .map(|worker| {
            let db = db.clone();
            tokio::spawn(async move {
                let (mut acknowledged, mut unknown, mut number) = (HashSet::new(), HashSet::new(), 0_u64);
                let mut chance = worker * 7919 + 1;
                while Instant::now() < end {
                    number += 1;
                    chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let (from, to) = ((chance >> 33) % ACCOUNTS, (chance >> 43) % ACCOUNTS);
                    let mut options = TransactionOptions::default();
                    options.isolation = Some(Isolation::Serializable);
                    options.retries = 10;
                    let moved = db
                        .transaction_with(options, |tx| async move {
                            let balance: i64 =
                                tx.fetch_value(sql!("SELECT balance FROM accounts WHERE id = {from}")).await?;
                            if balance > 0 {
                                tx.execute(sql!("UPDATE accounts SET balance = balance - 1 WHERE id = {from}")).await?;
                                tx.execute(sql!("UPDATE accounts SET balance = balance + 1 WHERE id = {to}")).await?;
                            }
                            tx.execute(sql!("INSERT INTO transfers VALUES ({worker}, {number})")).await.map(drop)
                        })
                        .await;
                    match moved {
                        Ok(()) => drop(acknowledged.insert((worker, number))),
                        Err(error) if error.kind() == ErrorKind::CommitUnknown => {
                            unknown.insert((worker, number));
                        }
                        Err(error) => assert!(is_expected(&error) || error.is_retryable(), "{error:?}"),
                    }
                }
                (acknowledged, unknown)
            })
        })
        .collect();
    let mut killed = 0;
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(200)).await;
        killed += kill_some(&killer).await;
    }
    let (mut acknowledged, mut unknown) = (HashSet::new(), HashSet::new());
    for worker in workers {
        let (more, doubtful) = worker.await.unwrap();
        acknowledged.extend(more);
        unknown.extend(doubtful);
    }
    let (sum, least): (i64, i64) = killer.fetch_one("SELECT sum(balance), min(balance) FROM accounts").await.unwrap();
    assert_eq!(sum, 50_000);
    assert!(least >= 0);
    let stored: Vec<(u64, u64)> = killer.fetch_all("SELECT worker, number FROM transfers").await.unwrap();
    let stored: HashSet<_> = stored.into_iter().collect();
    assert!(acknowledged.is_subset(&stored), "an acknowledged transfer is lost");
    let more: Vec<_> = stored.difference(&acknowledged).collect();
    assert!(more.iter().all(|transfer| unknown.contains(transfer)), "a refused transfer happened");
    assert!(acknowledged.len() > 100 && killed > 5, "{} transfers, {killed} killed", acknowledged.len());
    assert_eq!(settled(&db).await.in_use, 0);
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
