//! What is logged.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use covet_db::{ConnectOptions, Db, sql};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes every field of every span and event down.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<String>>);

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        writeln!(self.0, "{field} = {value:?}").unwrap();
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("covet_db")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn spans_have_opentelemetry_names_and_never_a_value() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let mut options = ConnectOptions::new("sqlite::memory:").unwrap();
    options.slow_statement = Duration::ZERO;
    let db = Db::connect_with(options).await.unwrap();
    db.execute("CREATE TABLE users (name TEXT UNIQUE)").await.unwrap();
    let secret = "hunter2";
    for _ in 0..2 {
        let _ = db.execute(sql!("INSERT INTO users VALUES ({secret})")).await;
    }
    let _ = db.copy_in("users", ["name"], [(secret,)]).await;
    let log = recorder.0.lock().unwrap().clone();
    for expected in [
        "db.system.name = \"sqlite\"",
        "db.query.text = \"INSERT INTO users VALUES (?)\"",
        "db.operation.name = \"INSERT\"",
        "error.type = UniqueViolation",
        "a slow statement",
    ] {
        assert!(log.contains(expected), "{expected} is not in\n{log}");
    }
    assert!(!log.contains(secret), "{log}");
}
