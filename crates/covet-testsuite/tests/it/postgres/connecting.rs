//! Where a URL leads and with which password, and what a session is told at its start.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use covet_db::{ConnectOptions, Db, ErrorKind, sql};
use covet_testsuite::servers::{PrivateServer, Setup, free_port};
use futures_util::TryStreamExt;

#[tokio::test]
async fn a_socket_is_a_folder_in_the_url() {
    let Some(server) = PrivateServer::start(&Setup::default()) else { return };
    let socket = format!("postgres://covet@/postgres?host={}&port={}", server.sockets().display(), server.port());
    let db = Db::connect(&socket).await.unwrap();
    let address: Option<String> = db.fetch_value("SELECT inet_server_addr()").await.unwrap();
    assert_eq!(address, None);
    let sleep = db.execute("SELECT pg_sleep(9)");
    assert!(tokio::time::timeout(Duration::from_millis(50), sleep).await.is_err());
    assert_eq!(covet_testsuite::settled(&db).await.in_use, 0);
    assert_eq!((db.pool_stats().cancelled, db.pool_stats().closed), (1, 0));
    let nowhere = Db::connect("postgres://covet@/postgres?host=/nowhere").await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::Connect);
}

#[tokio::test]
async fn passwords_come_from_url_option_and_file() {
    let access = ["host all guarded 127.0.0.1/32 scram-sha-256"];
    let Some(server) = PrivateServer::start(&Setup { access: &access, ..Setup::default() }) else { return };
    let db = Db::connect(&server.url("pool_min=0")).await.unwrap();
    db.execute("CREATE ROLE guarded LOGIN PASSWORD 'hunter:2'").await.unwrap();
    let url = server.url("pool_min=0&attempts=1").replace("covet@", "guarded@");
    let who = async |options: ConnectOptions| {
        let db = Db::connect_with(options).await?;
        db.fetch_value::<String>("SELECT current_user::text").await
    };
    let options = |more: &str| ConnectOptions::new(&format!("{url}{more}")).unwrap();
    assert!(who(options("&passfile=/nowhere")).await.unwrap_err().to_string().contains("password missing"));
    assert_eq!(who(options("&password=hunter:2")).await.unwrap(), "guarded");
    let mut set = options("");
    set.set_password("hunter:2");
    assert!(!format!("{set:?}").contains("hunter"));
    assert_eq!(who(set).await.unwrap(), "guarded");
    let file = server.sockets().join("passwords");
    std::fs::write(&file, format!("127.0.0.1:{}:*:guarded:hunter\\:2\n", server.port())).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(who(options(&format!("&passfile={}", file.display()))).await.unwrap(), "guarded");
}

#[tokio::test]
async fn of_several_servers_the_one_that_is_wanted_is_found() {
    let Some(standby) =
        PrivateServer::start(&Setup { config: &["default_transaction_read_only = on"], ..Setup::default() })
    else {
        return;
    };
    let Some(primary) = PrivateServer::start(&Setup::default()) else { return };
    let url = |options: &str| {
        let (dead, first, second) = (free_port(), standby.port(), primary.port());
        format!("postgres://covet@127.0.0.1:{dead},127.0.0.1:{first},127.0.0.1:{second}/postgres?pool_min=0&{options}")
    };
    let port = async |options: &str| {
        let db = Db::connect(&url(options)).await?;
        // A statement is stopped on the server that runs it.
        let sleep = db.execute("SELECT pg_sleep(9)");
        assert!(tokio::time::timeout(Duration::from_millis(50), sleep).await.is_err());
        assert_eq!(covet_testsuite::settled(&db).await.in_use, 0);
        assert_eq!(db.pool_stats().closed, 0);
        db.fetch_value::<i64>("SELECT current_setting('port')::int8").await
    };
    let (first, second) = (i64::from(standby.port()), i64::from(primary.port()));
    assert_eq!(port("").await.unwrap(), first);
    assert_eq!(port("target_session_attrs=read-write").await.unwrap(), second);
    assert_eq!(port("target_session_attrs=read-only").await.unwrap(), first);
    assert_eq!(port("target_session_attrs=primary").await.unwrap(), first);
    assert_eq!(port("target_session_attrs=prefer-standby").await.unwrap(), first);
    let none = port("target_session_attrs=standby").await.unwrap_err();
    assert!(none.to_string().contains("is no standby"), "{none}");
    // A server that turns read-only is left for the other.
    let db = Db::connect(&url("target_session_attrs=read-write")).await.unwrap();
    db.execute("CREATE TABLE t (x int)").await.unwrap();
    db.execute("ALTER SYSTEM SET default_transaction_read_only = on").await.unwrap();
    db.execute("SELECT pg_reload_conf()").await.unwrap();
    let freed = Db::connect(&standby.url("pool_min=0")).await.unwrap();
    let tx = freed.begin().await.unwrap();
    drop(tx);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = db.execute("INSERT INTO t VALUES (1)").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ReadOnly);
    let nobody = db.execute("INSERT INTO t VALUES (1)").await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::Connect, "{nobody}");
}

/// The server's own limit follows the call's time-out, a second behind it, and knows none for streams.
#[tokio::test]
async fn the_server_keeps_the_time_too() {
    let Some(url) = super::url() else { return };
    let db = Db::connect(&format!("{url}?pool_max=1&pool_min=0&query_timeout=2s&command_timeout=3s")).await.unwrap();
    let limit = "SELECT current_setting('statement_timeout')";
    let own = |seconds| sql!("SELECT current_setting('statement_timeout')").timeout(Duration::from_secs(seconds));
    assert_eq!(db.fetch_value::<String>(limit).await.unwrap(), "4s");
    assert_eq!(db.fetch_value::<String>(own(60)).await.unwrap(), "61s");
    assert_eq!(db.fetch_value::<String>(own(1)).await.unwrap(), "4s");
    let streamed: Vec<(String,)> = db.stream::<(String,)>(limit).try_collect().await.unwrap();
    assert_eq!(streamed, [("0".to_owned(),)]);
    assert_eq!(db.fetch_value::<String>(limit).await.unwrap(), "4s");
    // Within a transaction, after it, and after what a savepoint took back.
    for commits in [true, false] {
        let tx = db.begin().await.unwrap();
        assert_eq!(tx.fetch_value::<String>(limit).await.unwrap(), "4s");
        let inner = tx
            .transaction(async |inner| {
                assert_eq!(inner.fetch_value::<String>(own(60)).await.unwrap(), "61s");
                Err::<(), _>(covet_db::Error::decode("never mind"))
            })
            .await;
        assert!(inner.is_err());
        assert_eq!(tx.fetch_value::<String>(limit).await.unwrap(), "4s");
        assert_eq!(tx.fetch_value::<String>(own(60)).await.unwrap(), "61s");
        if commits {
            tx.commit().await.unwrap()
        } else {
            tx.rollback().await.unwrap()
        }
        assert_eq!(db.fetch_value::<String>(limit).await.unwrap(), "4s");
    }
    let given_up = db.stream::<(i64,)>("SELECT n FROM generate_series(1, 1000000) AS n").try_next().await.unwrap();
    assert_eq!(given_up, Some((1,)));
    let tx = db.begin().await.unwrap();
    assert_eq!(tx.fetch_value::<String>(limit).await.unwrap(), "4s");
    tx.rollback().await.unwrap();
    assert_eq!(db.fetch_value::<String>(limit).await.unwrap(), "4s");
    assert_eq!(db.pool_stats().opened, 1);
    // What the server stops is a time-out like any other.
    let since = Instant::now();
    db.execute("SET statement_timeout = 1").await.unwrap();
    let tx = db.begin().await.unwrap();
    tx.execute("SET LOCAL statement_timeout = '50ms'").await.unwrap();
    let stopped = tx.execute("SELECT pg_sleep(2)").await.unwrap_err();
    assert_eq!((stopped.kind(), stopped.code()), (ErrorKind::Timeout, Some("57014")));
    assert!(since.elapsed() < Duration::from_secs(1));
}
