//! What only MySQL and MariaDB have: their types, sessions that the server ends, statements that commit, and loads.

mod connecting;
mod faults;
mod malicious;
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use covet_db::{Db, Error, ErrorKind, Migration, MigrationState, Migrations, Row, Sql, TransactionOptions, sql};
use covet_testsuite::MYSQL;
use futures_util::TryStreamExt;

/// The URL of a fresh database; none where there is no server, which has been told then.
fn url() -> Option<String> {
    (MYSQL.url)(Path::new(""))
}

async fn connect(url: &str, options: &str) -> Db {
    Db::connect(&format!("{url}?{options}")).await.unwrap()
}

#[tokio::test]
async fn every_type_is_read() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0").await;
    let is_mariadb = db.version().await.unwrap().starts_with("MariaDB");
    let mut columns = vec![
        ("TINYINT", "-128", "-128"),
        ("TINYINT UNSIGNED", "255", "255"),
        ("SMALLINT", "-32768", "-32768"),
        ("MEDIUMINT UNSIGNED", "16777215", "16777215"),
        ("INT", "-2147483648", "-2147483648"),
        ("INT UNSIGNED", "4294967295", "4294967295"),
        ("BIGINT", "-9223372036854775808", "-9223372036854775808"),
        ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"),
        ("DECIMAL(30,4)", "-12345678901234567.0890", "\"-12345678901234567.0890\""),
        ("FLOAT", "1.5", "1.5"),
        ("DOUBLE", "0.1", "0.1"),
        ("BIT(1)", "b'1'", "1"),
        ("BIT(64)", "0xFFFFFFFFFFFFFFFF", "18446744073709551615"),
        ("CHAR(5)", "'a b'", "\"a b\""),
        ("VARCHAR(9)", "'Ω👩'", "\"Ω👩\""),
        ("LONGTEXT", "'x'", "\"x\""),
        ("BINARY(2)", "0x00FF", "\"00ff\""),
        ("VARBINARY(9)", "0x41", "\"41\""),
        ("BLOB", "0x00", "\"00\""),
        ("DATE", "'2026-11-23'", "\"2026-11-23\""),
        ("TIME", "'13:37:00'", "\"13:37:00\""),
        ("TIME(6)", "'-838:59:58.500000'", "\"-838:59:58.500000\""),
        ("TIME", "'100:00:00'", "\"100:00:00\""),
        ("DATETIME(6)", "'2026-11-23 13:37:00.000001'", "\"2026-11-23T13:37:00.000001\""),
        ("TIMESTAMP(6) NULL", "'2026-11-23 13:37:00.5'", "\"2026-11-23T13:37:00.5Z\""),
        ("YEAR", "2026", "2026"),
        ("ENUM('a','b')", "'b'", "\"b\""),
        ("SET('a','b')", "'a,b'", "\"a,b\""),
    ];
    if is_mariadb {
        let uuid = "123e4567-e89b-12d3-a456-426655440000";
        columns.push(("UUID", "'123e4567-e89b-12d3-a456-426655440000'", "\"123e4567-e89b-12d3-a456-426655440000\""));
        let read: uuid::Uuid = db.fetch_value(sql!("SELECT CAST({uuid} AS UUID)")).await.unwrap();
        assert_eq!(read.to_string(), uuid);
    }
    for (ty, literal, expected) in columns {
        db.execute("DROP TABLE IF EXISTS t").await.unwrap();
        db.execute(Sql::unchecked(format!("CREATE TABLE t (value {ty})"))).await.unwrap();
        db.execute(Sql::unchecked(format!("INSERT INTO t VALUES ({literal})"))).await.unwrap();
        let row: Row = db.fetch_one("SELECT value FROM t").await.unwrap();
        assert_eq!(row.to_map()["value"].to_string(), expected, "{ty}");
    }
    db.execute("CREATE TABLE documents (data JSON, id BINARY(16), at TIMESTAMP(6) NULL)").await.unwrap();
    let (data, id) =
        (serde_json::json!({"a": [1, "x"]}), uuid::Uuid::from_u128(0xFFEE_0000_0000_0000_0000_0000_0000_00FF));
    let at = "2026-11-23T13:37:00.123456Z".parse::<jiff::Timestamp>().unwrap();
    db.execute(sql!("INSERT INTO documents VALUES ({data}, {&id.as_bytes()[..]}, {at})")).await.unwrap();
    let read: (serde_json::Value, uuid::Uuid, jiff::Timestamp) =
        db.fetch_one("SELECT data, id, at FROM documents").await.unwrap();
    assert_eq!(read, (data, id, at));
    let found: i64 = db
        .fetch_value(sql!("SELECT count(*) FROM documents WHERE id = {&id.as_bytes()[..]} AND at = {at}"))
        .await
        .unwrap();
    assert_eq!(found, 1);
}

#[tokio::test]
async fn a_zero_date_is_an_error_for_who_asks_for_a_date() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0&sql_mode=").await;
    db.execute("CREATE TABLE t (day DATE, at DATETIME)").await.unwrap();
    db.execute("INSERT INTO t VALUES ('0000-00-00', '0000-00-00 00:00:00'), ('2026-00-10', '2026-11-00 00:00:00')")
        .await
        .unwrap();
    for text in ["SELECT day FROM t", "SELECT at FROM t"] {
        let error = db.fetch_all::<(Option<jiff::civil::DateTime>,)>(text).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("its year, month or day is zero"), "{error}");
    }
    let strict = connect(&url, "pool_min=0").await;
    let error = strict.execute("INSERT INTO t VALUES ('0000-00-00', NULL)").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CheckViolation, "{error:?}");
}

#[tokio::test]
async fn sessions_are_as_promised_and_what_a_statement_changes_does_not_stay() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0&pool_max=1").await;
    for _ in 0..3 {
        let promised: (String, String, String) =
            db.fetch_one("SELECT @@time_zone, @@character_set_client, @@sql_mode").await.unwrap();
        assert_eq!((promised.0.as_str(), promised.1.as_str()), ("+00:00", "utf8mb4"));
        assert!(promised.2.contains("STRICT_ALL_TABLES"), "{promised:?}");
        db.execute("SET time_zone = '+09:00'").await.unwrap();
        db.execute("SET @mine = 7").await.unwrap();
        assert_eq!(db.fetch_value::<Option<i64>>("SELECT @mine").await.unwrap(), None);
        db.execute("CREATE TEMPORARY TABLE left_over (x int)").await.unwrap();
        assert!(db.execute("SELECT * FROM left_over").await.is_err());
        assert_eq!(db.fetch_value::<i64>("SELECT GET_LOCK('mine', 0)").await.unwrap(), 1);
        assert_eq!(db.fetch_value::<i64>("SELECT IS_FREE_LOCK('mine')").await.unwrap(), 1);
    }
    assert_eq!(db.pool_stats().opened, 1);
    let before = db.pool_stats().statements;
    for _ in 0..10 {
        db.execute("DO 1").await.unwrap();
    }
    let after = db.pool_stats().statements;
    assert_eq!((after.prepared - before.prepared, after.found - before.found), (1, 9));
}

#[tokio::test]
async fn what_would_commit_a_transaction_is_refused_in_it() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0").await;
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)").await.unwrap();
    let tx = db.begin().await.unwrap();
    tx.execute("INSERT INTO t VALUES (1)").await.unwrap();
    for text in ["CREATE TABLE u (id INTEGER)", "ALTER TABLE t ADD c INTEGER", "TRUNCATE t", "LOCK TABLES t READ"] {
        assert_eq!(tx.execute(text).await.unwrap_err().kind(), ErrorKind::Misuse, "{text}");
    }
    tx.rollback().await.unwrap();
    assert_eq!(db.fetch_value::<i64>("SELECT count(*) FROM t").await.unwrap(), 0);
}

/// Two transactions that each wait for the other. The one that loses is rolled back whole by the server, and nothing of it
/// that follows stands alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_is_tried_again_and_leaves_no_half() {
    let Some(url) = url() else { return };
    let db = connect(&url, "").await;
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)").await.unwrap();
    db.execute("INSERT INTO t VALUES (1, 0), (2, 0), (3, 0)").await.unwrap();
    let barrier = Arc::new(tokio::sync::Barrier::new(2));
    let tasks = [(1, 2), (2, 1)].map(|(first, second)| {
        let (db, barrier) = (db.clone(), Arc::clone(&barrier));
        tokio::spawn(async move {
            let first_try = AtomicBool::new(true);
            let transaction = db.transaction_with(TransactionOptions::default(), |tx| {
                let wait = first_try.swap(false, Ordering::Relaxed);
                let barrier = Arc::clone(&barrier);
                async move {
                    tx.execute(sql!("UPDATE t SET n = n + 1 WHERE id = {first}")).await?;
                    if wait {
                        barrier.wait().await;
                    }
                    let updated = tx.execute(sql!("UPDATE t SET n = n + 1 WHERE id = {second}")).await;
                    if let Err(error) = updated {
                        assert_eq!(error.kind(), ErrorKind::Deadlock);
                        // Somebody who goes on all the same.
                        let alone = tx.execute("UPDATE t SET n = n + 100 WHERE id = 3").await.unwrap_err();
                        assert_eq!(alone.kind(), ErrorKind::Closed);
                        return Err(error);
                    }
                    Ok::<_, Error>(())
                }
            });
            transaction.await
        })
    });
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(db.fetch_all::<(i64,)>("SELECT n FROM t ORDER BY id").await.unwrap(), [(2,), (2,), (0,)]);
    assert!(db.pool_stats().retried >= 1);
}

#[tokio::test]
async fn loads_go_either_way_and_keep_every_byte() {
    let Some(url) = url() else { return };
    for options in ["local_infile=on", "local_infile=off"] {
        let db = connect(&url, options).await;
        db.execute("DROP TABLE IF EXISTS t").await.unwrap();
        db.execute(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, amount DECIMAL(12,2), at DATETIME(6))",
        )
        .await
        .unwrap();
        let names = ["a\tb", "c\nd", "\\N", "\\", "e\0f", "", "Ω👩", "'\"`", "NULL"];
        let amount = "12.50".parse::<rust_decimal::Decimal>().unwrap();
        let at = jiff::civil::datetime(2026, 11, 23, 13, 37, 0, 1000);
        let rows = names.iter().enumerate().map(|(id, name)| (id, *name, (id % 2 == 0).then_some(amount), at));
        assert_eq!(db.copy_in("t", ["id", "name", "amount", "at"], rows).await.unwrap(), names.len() as u64);
        let read: Vec<(String, Option<rust_decimal::Decimal>, jiff::civil::DateTime)> =
            db.stream("SELECT name, amount, at FROM t ORDER BY id").try_collect().await.unwrap();
        for (id, row) in read.iter().enumerate() {
            assert_eq!(*row, (names[id].to_owned(), (id % 2 == 0).then_some(amount), at), "{options}");
        }
        for (id, name, expected) in [
            (100, Some("x".repeat(51)), ErrorKind::CheckViolation),
            (100, None, ErrorKind::NotNullViolation),
            (0, Some("again".into()), ErrorKind::UniqueViolation),
        ] {
            let error =
                db.copy_in("t", ["id", "name"], [(101, Some("fine".to_owned())), (id, name)]).await.unwrap_err();
            assert_eq!(error.kind(), expected, "{options}: {error:?}");
            assert_eq!(db.fetch_value::<i64>("SELECT count(*) FROM t").await.unwrap(), names.len() as i64);
        }
        // Bytes do not fit into lines, and go another way.
        db.execute("CREATE TABLE IF NOT EXISTS blobs (data BLOB)").await.unwrap();
        let bytes: Vec<u8> = (0..=255).collect();
        db.copy_in("blobs", ["data"], [(&bytes,)]).await.unwrap();
        assert_eq!(db.fetch_value::<Vec<u8>>("SELECT data FROM blobs").await.unwrap(), bytes);
    }
}

#[tokio::test]
async fn the_handle_tells_of_tables_and_the_server() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0").await;
    let mysql = db.mysql().unwrap();
    let table = covet_db::Ident::new("we`ird; DROP TABLE t").unwrap();
    db.execute(sql!("CREATE TABLE {..table} (id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9) COLLATE utf8mb4_bin NOT NULL DEFAULT 'x' COMMENT 'what it is called')"))
        .await
        .unwrap();
    let name = table.as_str();
    let columns = mysql.table_info(name).await.unwrap();
    assert!(columns[0].auto_increment && columns[0].key == "PRI");
    assert_eq!(
        (columns[1].comment.as_str(), columns[1].collation.as_deref()),
        ("what it is called", Some("utf8mb4_bin"))
    );
    assert_eq!(mysql.check_table(name).await.unwrap().last().unwrap().text, "OK");
    assert!(!mysql.optimize_table(name).await.unwrap().is_empty());
    assert!(!mysql.analyze_table(name).await.unwrap().is_empty());
    for wrong in ["nowhere", "x`; DROP TABLE t; --"] {
        assert!(mysql.check_table(wrong).await.is_err() && mysql.table_info(wrong).await.is_err(), "{wrong}");
    }
    let database: String = db.fetch_value("SELECT DATABASE()").await.unwrap();
    assert!(mysql.databases().await.unwrap().contains(&database));
    assert_eq!(mysql.tables(&database).await.unwrap(), [name]);
    assert!(mysql.tables("nowhere").await.unwrap().is_empty());
    assert_eq!(mysql.variable("time_zone").await.unwrap().as_deref(), Some("+00:00"));
    let victim = db.begin().await.unwrap();
    let id = victim.mysql().unwrap().connection_id().await.unwrap();
    mysql.kill(id).await.unwrap();
    assert_eq!(victim.execute("DO 1").await.unwrap_err().kind(), ErrorKind::ConnectionLost);
    drop(victim);
    assert_eq!(covet_testsuite::settled(&db).await.in_use, 0);
}

#[tokio::test]
async fn a_half_applied_migration_is_told_and_not_repeated() {
    const HALF: &str =
        "CREATE TABLE one (id INTEGER);\nCREATE TABLE two (id INTEGER);\nINSERT INTO nowhere VALUES (1);";
    static FAILING: Migrations = Migrations::new("", &[Migration::new(1, "half", None, HALF)]);
    static AT_ONCE: Migrations =
        Migrations::new("", &[Migration::new(1, "none", None, "CREATE TABLE one (id NONSENSE)")])
            .with_history("covet_other");
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0").await;
    assert_eq!(db.migrate(&FAILING).await.unwrap_err().kind(), ErrorKind::Migration);
    assert_eq!(db.migration_status(&FAILING).await.unwrap()[0].state, MigrationState::HalfApplied);
    assert!(db.table_exists("two").await.unwrap());
    let told = db.migrate(&FAILING).await.unwrap_err().to_string();
    assert!(told.starts_with("migration 0001 half was not finished, and MySQL cannot undo"), "{told}");
    // Finished by hand.
    db.execute("UPDATE covet_migrations SET applied_at = '2026-11-23T10:00:00Z'").await.unwrap();
    assert!(db.migrate(&FAILING).await.unwrap().is_empty());
    // Where the first statement fails, nothing was done.
    assert!(db.migrate(&AT_ONCE).await.is_err());
    assert_eq!(db.migration_status(&AT_ONCE).await.unwrap()[0].state, MigrationState::Pending);
}

#[tokio::test]
async fn routines_and_their_results_can_be_called() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0&pool_max=1").await;
    db.execute("CREATE PROCEDURE twice(n INTEGER) BEGIN SELECT n; SELECT n * 2; END").await.unwrap();
    for _ in 0..3 {
        assert_eq!(db.fetch_all::<(i64,)>("CALL twice(7)").await.unwrap(), [(7,)]);
    }
    db.execute("CREATE PROCEDURE fails() BEGIN SELECT 1; SELECT * FROM nowhere; END").await.unwrap();
    assert!(db.fetch_all::<(i64,)>("CALL fails()").await.is_err());
    assert_eq!(db.fetch_value::<i64>("SELECT 5").await.unwrap(), 5);
}

/// Newer MySQL would make numbers of the texts that follow a number.
#[tokio::test]
async fn one_text_takes_values_of_every_kind() {
    let Some(url) = url() else { return };
    let db = connect(&url, "pool_min=0&pool_max=1").await;
    let (number, text, none) = (1.5, "12.50", None::<f64>);
    for _ in 0..3 {
        assert_eq!(db.fetch_value::<Option<f64>>(sql!("SELECT {none}")).await.unwrap(), None);
        assert_eq!(db.fetch_value::<f64>(sql!("SELECT {number}")).await.unwrap(), number);
        assert_eq!(db.fetch_value::<String>(sql!("SELECT {text}")).await.unwrap(), text);
        assert_eq!(db.fetch_value::<i64>(sql!("SELECT {7}")).await.unwrap(), 7);
    }
}
