//! Ways to a server.

use covet_db::{ConnectOptions, Db, ErrorKind};

use super::url;

#[tokio::test]
async fn passwords_are_asked_and_never_shown() {
    let Some(url) = url() else { return };
    let right = url.replace("covet@", "guarded:hunter2@");
    let db = Db::connect(&format!("{right}?pool_min=0")).await.unwrap();
    assert!(db.fetch_value::<String>("SELECT CURRENT_USER()").await.unwrap().starts_with("guarded@"));
    assert!(!format!("{db:?} {:?}", ConnectOptions::new(&right).unwrap()).contains("hunter2"));
    let error = Db::connect(&url.replace("covet@", "guarded:hunter3@")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Connect, Some("1045")));
    assert!(!format!("{error} {error:?}").contains("hunter3"));
    let (server, _) = url.rsplit_once('/').unwrap();
    let error = Db::connect(&format!("{server}/nowhere")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Connect, Some("1049")));
}

#[tokio::test]
async fn a_socket_and_compression_lead_there_too() {
    let Some(url) = url() else { return };
    let socket = covet_testsuite::servers::mysql_socket().unwrap();
    for options in [format!("socket={socket}"), "compression=on".to_owned(), format!("socket={socket}&compression=on")]
    {
        let db = Db::connect(&format!("{url}?pool_min=0&{options}")).await.unwrap();
        let long = "x".repeat(1 << 20);
        assert_eq!(db.fetch_value::<String>(covet_db::sql!("SELECT {long}")).await.unwrap(), long, "{options}");
        let endless = db.fetch_value::<i64>("SELECT SLEEP(3600)");
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), endless).await.is_err());
        assert_eq!(covet_testsuite::settled(&db).await.in_use, 0, "{options}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let port = covet_testsuite::servers::free_port();
    let error = Db::connect(&format!("mysql://me:hunter2@127.0.0.1:{port}/d?attempts=2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().starts_with("MySQL cannot be reached: "), "{error}");
    let error = Db::connect("mysql://me@127.0.0.1/d?socket=/nowhere/socket&attempts=1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
}
