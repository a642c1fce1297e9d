//! Migrations: new files, and what the app itself says of its own with `COVET_MIGRATE`.

mod file;

use std::io::{self, Write};

use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use file::new;

use crate::On;
use crate::error::Error;
use crate::inspect::{pretty, table};

/// What the app prints.
#[derive(Debug, Deserialize)]
struct Report {
    migrations: Vec<Entry>,
    failed: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    history: String,
    number: u32,
    name: String,
    state: String,
    applied_at: Option<String>,
}

/// Applies what is pending.
pub(crate) fn up(on: &On) -> Result<(), Error> {
    let (value, report) = ask(on, "up")?;
    let text = match report.migrations.as_slice() {
        _ if on.json => pretty(&value),
        [] if report.failed.is_none() => "nothing to apply\n".to_owned(),
        applied => applied.iter().map(|entry| format!("applied {:04} {}\n", entry.number, entry.name)).collect(),
    };
    io::stdout().write_all(text.as_bytes())?;
    failure(&report)
}

/// Shows all, and fails when they do not agree with the database.
pub(crate) fn status(on: &On, check: bool) -> Result<(), Error> {
    let (value, report) = ask(on, "status")?;
    let text = if on.json { pretty(&value) } else { status_table(&report.migrations) };
    io::stdout().write_all(text.as_bytes())?;
    failure(&report)?;
    let count = |states: &[&str]| report.migrations.iter().filter(|entry| states.contains(&&*entry.state)).count();
    let sound = count(&["applied", "pending"]);
    if sound < report.migrations.len() {
        let wrong = report.migrations.len() - sound;
        return Err(Error::Migrations(format!("{wrong} of the migrations do not agree with the database")));
    }
    match count(&["pending"]) {
        pending if check && pending > 0 => Err(Error::Pending(pending)),
        _ => Ok(()),
    }
}

fn ask(on: &On, command: &str) -> Result<(Value, Report), Error> {
    let mut variables = vec![("COVET_MIGRATE", command)];
    variables.extend(on.database_url.as_deref().map(|url| ("DATABASE_URL", url)));
    let output = on.program.run(&variables)?;
    let value: Result<Value, _> = serde_json::from_slice(&output.stdout);
    // A program that fails before it comes to its migrations prints nothing.
    let Ok(value) = value else {
        return Err(if output.status.success() { Error::NotAnApp } else { Error::Failed });
    };
    let report = Report::deserialize(&value).map_err(|_| Error::NotAnApp)?;
    if report.failed.is_none() && !output.status.success() {
        return Err(Error::Failed);
    }
    Ok((value, report))
}

/// The program has told the reason already.
fn failure(report: &Report) -> Result<(), Error> {
    match report.failed.as_deref() {
        None => Ok(()),
        Some("migration") => Err(Error::Migrations("the migrations could not be applied".to_owned())),
        Some(_) => Err(Error::Database),
    }
}

/// A line for each: number, name, state, and when it was applied; the history's table where there are several.
fn status_table(entries: &[Entry]) -> String {
    let is_one = entries.iter().all(|entry| entry.history == entries[0].history);
    let row = |entry: &Entry| {
        let history = if is_one { String::new() } else { entry.history.clone() };
        let number = format!("{:04}", entry.number);
        [number, entry.name.clone(), entry.state.clone(), entry.applied_at.clone().unwrap_or_default(), history]
    };
    table(&entries.iter().map(row).collect::<Vec<_>>())
}

/// The JSON of files that were made.
fn made(paths: &[std::path::PathBuf]) -> Value {
    json!({ "created": paths })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_line_for_each_migration() {
        let report = Report::deserialize(json!({ "migrations": [
            { "history": "covet_migrations", "number": 1, "name": "books", "state": "applied", "applied_at": "2026-11-23T16:00:00Z" },
            { "history": "covet_migrations", "number": 2, "name": "orders", "state": "pending", "applied_at": null },
        ]}));
        let text = status_table(&report.unwrap().migrations);
        assert_eq!(text, "0001  books   applied  2026-11-23T16:00:00Z\n0002  orders  pending\n");
        assert_eq!(status_table(&[]), "");
    }
}
