//! Nothing that is printed, logged or shown holds a password or a value: not our events, and not the driver's.

use std::fmt::Write;
use std::sync::Mutex;
use std::time::Duration;

use covet_db::postgres::CopyFormat;
use covet_db::{ConnectOptions, Db, Error, sql};
use covet_testsuite::servers::{PrivateServer, Setup};
use futures_util::{TryStreamExt, stream};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static SEEN: Mutex<String> = Mutex::new(String::new());

struct Everything;

struct Line;

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        writeln!(SEEN.lock().unwrap(), "{field} = {value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut Line);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The driver logs by the crate `log`.
impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        writeln!(SEEN.lock().unwrap(), "{}", record.args()).unwrap();
    }
    fn flush(&self) {}
}

fn note(what: &impl std::fmt::Debug) {
    writeln!(SEEN.lock().unwrap(), "{what:?}").unwrap();
}

fn note_error<T>(result: Result<T, Error>) {
    let error = result.err().unwrap();
    writeln!(SEEN.lock().unwrap(), "{error} {error:?} {:?}", std::error::Error::source(&error)).unwrap();
}

/// A test is a process of its own under `cargo nextest`; elsewhere the subscriber sees what others do, which must be as clean.
#[tokio::test]
async fn no_password_and_no_value_is_shown() {
    let _ = tracing::subscriber::set_global_default(Everything);
    let _ = log::set_logger(&Everything);
    log::set_max_level(log::LevelFilter::Trace);
    let access = ["host all guarded 127.0.0.1/32 scram-sha-256"];
    let Some(server) = PrivateServer::start(&Setup { access: &access, ..Setup::default() }) else { return };
    let admin = Db::connect(&server.url("pool_min=0")).await.unwrap();
    // The password's own statement is a text, and shown as one; so it is not the one that is looked for.
    admin.execute("CREATE ROLE guarded LOGIN PASSWORD 'first'").await.unwrap();
    let role = "DO $$ BEGIN EXECUTE 'ALTER ROLE guarded PASSWORD ' || quote_literal('s3cr' || 'et-pass'); END $$";
    admin.execute(role).await.unwrap();
    admin.execute("GRANT ALL ON SCHEMA public TO guarded").await.unwrap();
    let url = server.url("slow_statement=0ms&query_timeout=200ms").replace("covet@", "guarded:s3cret-pass@");
    note(&ConnectOptions::new(&url).unwrap());
    note_error(ConnectOptions::new(&format!("{url}&unknown=s3cret-pass2")));
    note_error(Db::connect(&url.replace("s3cret-pass", "s3cret-pass-but-wrong")).await);
    note_error(Db::connect(&url.replace("127.0.0.1", "127.0.0.1.invalid")).await);
    for prepared in ["auto", "never"] {
        let db = Db::connect(&format!("{url}&prepared={prepared}")).await.unwrap();
        note(&db);
        let _ = db.execute("DROP TABLE t").await;
        db.execute("CREATE TABLE t (name text UNIQUE, small int2, at date)").await.unwrap();
        let secret = "hunter2";
        db.execute(sql!("INSERT INTO t (name) VALUES ({secret})")).await.unwrap();
        note_error(db.execute(sql!("INSERT INTO t (name) VALUES ({secret})")).await);
        note_error(db.execute(sql!("INSERT INTO t (small) VALUES ({secret})")).await);
        note_error(db.execute(sql!("INSERT INTO t (at) VALUES (CAST(CAST({secret} AS text) AS date))")).await);
        note_error(db.copy_in("t", ["name"], [(secret,)]).await);
        note_error(db.fetch_value::<i64>("SELECT name FROM t").await);
        note_error(db.fetch_one::<(i64,)>(sql!("SELECT name FROM t WHERE name = {secret}")).await);
        let bytes = stream::iter([Ok::<_, Error>(bytes::Bytes::from_static(b"x\thunter2\n"))]);
        note_error(db.postgres().unwrap().copy_in("t", ["name", "small"], CopyFormat::Text, bytes).await);
        note_error(db.fetch_value::<String>(sql!("SELECT {secret} || pg_sleep(3)")).await);
        let rows: Vec<(String,)> =
            db.stream(sql!("SELECT name FROM t WHERE name = {secret}")).try_collect().await.unwrap();
        assert_eq!(rows, [(secret.to_owned(),)]);
        let tx = db.begin().await.unwrap();
        note(&tx);
        note_error(tx.execute(sql!("INSERT INTO t (name) VALUES ({secret})")).await);
        drop(tx);
        db.execute_many([secret, "hunter22"].iter().map(|name| sql!("DELETE FROM t WHERE name = {name}")))
            .await
            .unwrap();
        db.close().await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let seen = SEEN.lock().unwrap();
    assert!(seen.contains("a slow statement") && seen.contains("executing statement"), "too little was seen");
    for secret in ["hunter2", "s3cret"] {
        let line = seen.lines().find(|line| line.contains(secret));
        assert_eq!(line, None);
    }
}
