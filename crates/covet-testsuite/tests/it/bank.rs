//! A bank whose server ends sessions at random, on any server.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use covet_db::{Db, Error, ErrorKind, Isolation, TransactionOptions, sql};
use covet_testsuite::settled;

const ACCOUNTS: u64 = 50;

/// What may go wrong when the server or the network does.
pub(crate) fn is_expected(error: &Error) -> bool {
    let expected = [
        ErrorKind::ConnectionLost,
        ErrorKind::CommitUnknown,
        ErrorKind::Connect,
        ErrorKind::PoolTimeout,
        ErrorKind::Timeout,
    ];
    expected.contains(&error.kind())
}

/// How long the bank is open but in a full run, which is a minute, and what must have happened for the test to mean anything.
pub(crate) struct Least {
    pub(crate) time: Duration,
    pub(crate) transfers: usize,
    pub(crate) killed: u64,
}

/// Money that moves between accounts while the server ends sessions at random: none is made and none is lost, and what was
/// acknowledged is what happened. `end_some` ends a few sessions of `db` and says how many.
pub(crate) async fn keeps_its_balance(db: &Db, killer: &Db, end_some: impl AsyncFn(&Db) -> u64, least: Least) {
    db.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0))")
        .await
        .unwrap();
    db.execute("CREATE TABLE transfers (worker INTEGER, number INTEGER, PRIMARY KEY (worker, number))").await.unwrap();
    db.copy_in("accounts", ["id", "balance"], (0..ACCOUNTS).map(|id| (id, 1000))).await.unwrap();
    let time = if std::env::var_os("COVET_TEST_FULL").is_some() { Duration::from_secs(60) } else { least.time };
    let end = Instant::now() + time;
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
        killed += end_some(killer).await;
    }
    let (mut acknowledged, mut unknown) = (HashSet::new(), HashSet::new());
    for worker in workers {
        let (more, doubtful) = worker.await.unwrap();
        acknowledged.extend(more);
        unknown.extend(doubtful);
    }
    let (sum, lowest): (i64, i64) = killer.fetch_one("SELECT sum(balance), min(balance) FROM accounts").await.unwrap();
    assert_eq!(sum, 50_000);
    assert!(lowest >= 0);
    let stored: Vec<(u64, u64)> = killer.fetch_all("SELECT worker, number FROM transfers").await.unwrap();
    let stored: HashSet<_> = stored.into_iter().collect();
    assert!(acknowledged.is_subset(&stored), "an acknowledged transfer is lost");
    let more: Vec<_> = stored.difference(&acknowledged).collect();
    assert!(more.iter().all(|transfer| unknown.contains(transfer)), "a refused transfer happened");
    let transfers = acknowledged.len();
    assert!(transfers > least.transfers && killed > least.killed, "{transfers} transfers, {killed} killed");
    assert_eq!(settled(db).await.in_use, 0);
}
