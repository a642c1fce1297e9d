//! `COVET_MIGRATE`: the migrations alone, without serving.

use std::collections::BTreeMap;

use covet_db::{Db, ErrorKind, MigrationStatus, Migrations};
use serde::Serialize;
use serde_json::{Value, json};

use super::Startup;
use crate::app::build::build;
use crate::app::{App, inspect};
use crate::request::Shared;
use crate::{Error, Result};

/// What the command line reads from standard output. The error of a failure is told on standard error as well.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// For each history table what stands in it or is to come, in the order of the sets.
    migrations: Vec<Entry>,
    /// What kept the command from its end: `connect` or `migration`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Entry {
    history: &'static str,
    #[serde(flatten)]
    status: MigrationStatus,
}

/// Carries out `status` or `up`, prints the report, and answers the error.
pub(in crate::app) async fn migrate(app: App, command: &str) -> Result<()> {
    let up = match command {
        "up" => true,
        "status" => false,
        other => return Err(Error::new(format!("COVET_MIGRATE is `{other}`; it can be `up` or `status`"))),
    };
    let mut built = build(app)?;
    let mut report = Report::default();
    let result = carry_out(built.startup, &mut built.shared, up, &mut report).await;
    inspect::print(&report)?;
    result
}

async fn carry_out(mut startup: Startup, shared: &mut Shared, up: bool, report: &mut Report) -> Result<()> {
    let sets: Vec<Migrations> = startup.migrations().copied().collect();
    let db = match startup.connect(shared).await {
        Ok(db) => db,
        Err(error) => {
            report.failed = Some("connect");
            return Err(error);
        }
    };
    for set in sets {
        if let Err(error) = one_set(&db, &set, up, report).await {
            report.failed = Some(if error.kind() == ErrorKind::Migration { "migration" } else { "connect" });
            return Err(error.into());
        }
    }
    Ok(())
}

/// With `up` what was applied now, otherwise how everything stands.
async fn one_set(db: &Db, set: &Migrations, up: bool, report: &mut Report) -> covet_db::Result<()> {
    let statuses = if up { db.migrate(set).await? } else { db.migration_status(set).await? };
    let history = set.history();
    report.migrations.extend(statuses.into_iter().map(|status| Entry { history, status }));
    Ok(())
}

/// What `COVET_INSPECT=migrations` prints: what is built into the program, without asking any database.
pub(in crate::app) fn list(startup: &Startup) -> Value {
    let entry = |set: &Migrations, migration: &covet_db::Migration| {
        let mut entry = BTreeMap::from([
            ("history", json!(set.history())),
            ("number", json!(migration.number())),
            ("name", json!(migration.name())),
            ("checksum", json!(migration.checksum())),
        ]);
        // One without a dialect is for all.
        entry.extend(migration.dialect().map(|dialect| ("dialect", json!(dialect.to_string().to_lowercase()))));
        json!(entry)
    };
    startup.migrations().flat_map(|set| set.list().iter().map(move |migration| entry(set, migration))).collect()
}
