//! Reads that go to servers with a copy of the database.

use std::time::{Duration, Instant};

use covet_db::{Db, ErrorKind, sql};
use covet_testsuite::servers::{PrivateServer, Setup, Stop};

async fn is_copy(db: &Db) -> bool {
    db.fetch_value("SELECT pg_is_in_recovery()").await.unwrap()
}

/// Asks for readers until they are what is wanted.
async fn until_reads_go_to(db: &Db, copy: bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        // A replica that has just gone fails its reads until it is found out.
        let found = db.reader().fetch_value::<bool>("SELECT pg_is_in_recovery()").await;
        if found.as_ref().is_ok_and(|found| *found == copy) {
            return;
        }
        assert!(Instant::now() < deadline, "reads go to a copy: {found:?}, wanted: {copy}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_to_a_copy_while_it_answers() {
    let Some(mut server) = PrivateServer::start(&Setup::default()) else { return };
    let mut standby = server.standby();
    let db = Db::connect(&server.url(&format!("pool_min=0&replicas=127.0.0.1:{}", standby.port()))).await.unwrap();
    db.execute("CREATE TABLE books (title text)").await.unwrap();
    until_reads_go_to(&db, true).await;
    assert!(!is_copy(&db).await);
    // The copy answers before it has all that was written.
    let deadline = Instant::now() + Duration::from_secs(15);
    while !db.reader().fetch_value::<bool>("SELECT to_regclass('books') IS NOT NULL").await.unwrap() {
        assert!(Instant::now() < deadline, "the table does not reach the copy");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = db.reader().execute("INSERT INTO books VALUES ('x')").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ReadOnly);
    let tx = db.begin().await.unwrap();
    assert!(!tx.fetch_value::<bool>("SELECT pg_is_in_recovery()").await.unwrap());
    tx.rollback().await.unwrap();

    standby.stop(Stop::Told);
    until_reads_go_to(&db, false).await;
    standby.start_again();
    until_reads_go_to(&db, true).await;

    db.close().await;
    assert_eq!(db.reader().execute("SELECT 1").await.unwrap_err().kind(), ErrorKind::Closed);
}

/// A copy that lags behind by more than is allowed gets no reads, also when nothing more is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_copy_is_not_read() {
    let Some(mut server) = PrivateServer::start(&Setup::default()) else { return };
    let standby = server.standby();
    let options = format!("pool_min=0&replica_lag=2s&replicas=127.0.0.1:{}", standby.port());
    let db = Db::connect(&server.url(&options)).await.unwrap();
    db.execute("CREATE TABLE books (title text)").await.unwrap();
    until_reads_go_to(&db, true).await;
    let copy = Db::connect(&standby.url("pool_min=0")).await.unwrap();
    copy.execute("SELECT pg_wal_replay_pause()").await.unwrap();
    let title = "written after";
    db.execute(sql!("INSERT INTO books VALUES ({title})")).await.unwrap();
    until_reads_go_to(&db, false).await;
    assert_eq!(db.reader().fetch_value::<String>("SELECT title FROM books").await.unwrap(), title);
    copy.execute("SELECT pg_wal_replay_resume()").await.unwrap();
    until_reads_go_to(&db, true).await;
    assert_eq!(db.reader().fetch_value::<String>("SELECT title FROM books").await.unwrap(), title);
}

/// Where no server was named the reader is the database itself.
#[tokio::test]
async fn without_copies_reads_stay() {
    let Some(server) = PrivateServer::start(&Setup::default()) else { return };
    let db = Db::connect(&server.url("pool_min=0")).await.unwrap();
    assert!(!is_copy(&db.reader()).await);
    let nowhere = Db::connect(&server.url("pool_min=0&replicas=127.0.0.1:1")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!is_copy(&nowhere.reader()).await);
}
