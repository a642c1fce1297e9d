//! Ways to a server.

use covet_db::{ConnectOptions, Db, ErrorKind, Sql, sql};

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

/// Each way to prove a password that the server has, encrypted and not.
#[tokio::test]
async fn every_plugin_proves_a_password() {
    let Some(url) = url() else { return };
    let admin = Db::connect(&format!("{url}?pool_min=0")).await.unwrap();
    let is_mariadb = admin.version().await.unwrap().starts_with("MariaDB");
    let plugins: &[(&str, &str)] = if is_mariadb {
        &[
            ("mysql_native_password", "VIA mysql_native_password USING PASSWORD('hunter2')"),
            ("ed25519", "VIA ed25519 USING PASSWORD('hunter2')"),
        ]
    } else {
        &[("caching_sha2_password", "WITH caching_sha2_password BY 'hunter2'")]
    };
    for (plugin, identified) in plugins {
        let user = format!("{plugin}_{}", std::process::id());
        let user = &user[user.len().saturating_sub(30)..];
        admin.execute(Sql::unchecked(format!("CREATE USER '{user}'@'%' IDENTIFIED {identified}"))).await.unwrap();
        admin.execute(Sql::unchecked(format!("GRANT ALL ON *.* TO '{user}'@'%'"))).await.unwrap();
        let known: String = admin.fetch_value(sql!("SELECT plugin FROM mysql.user WHERE user = {user}")).await.unwrap();
        assert_eq!(known, *plugin);
        let with = |password: &str, options: &str| {
            format!("{}?pool_min=0&{options}", url.replace("covet@", &format!("{user}:{password}@")))
        };
        let wrong = Db::connect(&with("hunter3", "sslmode=disable")).await.unwrap_err();
        assert_eq!((wrong.kind(), wrong.code()), (ErrorKind::Connect, Some("1045")), "{plugin}");
        assert!(!format!("{wrong:?}").contains("hunter3"));
        // The first time in full, then by what the server remembers, where it does.
        for options in ["sslmode=disable", "sslmode=disable", "sslmode=prefer"] {
            let db = Db::connect(&with("hunter2", options)).await.unwrap();
            let who: String = db.fetch_value("SELECT CURRENT_USER()").await.unwrap();
            assert_eq!(who, format!("{user}@%"), "{plugin}");
            db.close().await;
        }
        admin.execute(Sql::unchecked(format!("DROP USER '{user}'@'%'"))).await.unwrap();
    }
}

/// The server stops what nobody else stops: a second after the longest that a call may take.
#[tokio::test]
async fn the_server_has_a_limit_of_its_own() {
    let Some(url) = url() else { return };
    let db = Db::connect(&format!("{url}?pool_min=0&pool_max=1&query_timeout=2s&command_timeout=3s")).await.unwrap();
    let is_mariadb = db.version().await.unwrap().starts_with("MariaDB");
    let text = if is_mariadb { "SELECT @@max_statement_time" } else { "SELECT @@max_execution_time / 1000e0" };
    let limit = async |sql: Sql<'_>| db.fetch_value::<f64>(sql).await.unwrap();
    let usual = limit(Sql::unchecked(text)).await;
    assert!((usual - 4.0).abs() < 0.01, "{usual}");
    let longer = limit(Sql::unchecked(text).timeout(std::time::Duration::from_secs(9))).await;
    assert!((longer - 10.0).abs() < 0.01, "{longer}");
    let again = limit(Sql::unchecked(text)).await;
    assert!((again - 4.0).abs() < 0.01, "{again}");
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
