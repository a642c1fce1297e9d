//! Migrations of a folder, without a program that has them.

use std::fs;
use std::path::Path;

use covet_db::{Db, Dialect, Migration, MigrationStatus, Migrations};

use super::{Failure, print, table};

pub(super) async fn run(db: &Db, folder: &Path, status: bool, as_json: bool) -> Result<(), Failure> {
    let mut all = read(folder, None)?;
    for (name, dialect) in [("sqlite", Dialect::Sqlite), ("postgres", Dialect::Postgres), ("mysql", Dialect::Mysql)] {
        let folder = folder.join(name);
        if folder.is_dir() {
            all.extend(read(&folder, Some(dialect))?);
        }
    }
    all.sort_by_key(|(number, ..)| *number);
    let all: Vec<_> =
        all.into_iter().map(|(number, name, dialect, text)| Migration::new(number, name, dialect, text)).collect();
    // The process ends with them.
    let folder: &'static str = folder.display().to_string().leak();
    let migrations = Migrations::new(folder, all.leak());
    let statuses = match status {
        true => db.migration_status(&migrations).await?,
        false => db.migrate(&migrations).await?,
    };
    if as_json {
        let value = serde_json::to_string_pretty(&statuses).map_err(std::io::Error::other)?;
        return print(&format!("{value}\n"));
    }
    if statuses.is_empty() {
        return print("nothing is pending\n");
    }
    let row = |status: &MigrationStatus| {
        let applied = status.applied_at.map(|at| at.to_string()).unwrap_or_default();
        let state = format!("{:?}", status.state).to_lowercase();
        vec![format!("{:04}", status.number), status.name.clone(), state, applied]
    };
    let head = ["number", "name", "state", "applied at"].map(str::to_owned);
    print(&table(&head, &statuses.iter().map(row).collect::<Vec<_>>()))
}

type File = (u32, &'static str, Option<Dialect>, &'static str);

/// The files `0001_name.sql` of a folder.
fn read(folder: &Path, dialect: Option<Dialect>) -> Result<Vec<File>, Failure> {
    let mut files: Vec<File> = Vec::new();
    let entries = fs::read_dir(folder)
        .map_err(|error| Failure::Usage(format!("the folder {} cannot be read: {error}", folder.display())))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let number = stem.split_once('_').and_then(|(number, name)| Some((number.parse::<u32>().ok()?, name)));
        let Some((number, name)) = number.filter(|(_, name)| !name.is_empty()) else {
            let message = format!(
                "{}: a migration is named by a number and what it does, as in `0001_create_books.sql`",
                path.display()
            );
            return Err(Failure::Usage(message));
        };
        if files.iter().any(|(other, ..)| *other == number) {
            return Err(Failure::Usage(format!("{}: another file has the number {number}", path.display())));
        }
        let text = fs::read_to_string(&path)?;
        files.push((number, &*name.to_owned().leak(), dialect, &*text.leak()));
    }
    Ok(files)
}
