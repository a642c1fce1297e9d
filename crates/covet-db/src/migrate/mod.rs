//! Migrations: numbered SQL files, built into the program, each applied once and in order.
//!
//! What was applied stands in a table of the database, with a checksum of the file, so that a file that was edited after
//! it ran, is gone, or comes too late is an error and not a surprise. Each runs in a transaction of its own; on SQLite that
//! transaction's lock also keeps two processes that start together apart. MySQL cannot undo DDL, so that there a migration
//! that broke off is told as half applied and never begun again in silence.

mod checksum;
mod history;

use std::time::Instant;

use history::{Applied, History};

use crate::{Db, Dialect, Error, ErrorKind, Executor, Result, Transaction};

/// One migration, as `migrations!` embeds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    number: u32,
    name: &'static str,
    dialect: Option<Dialect>,
    text: &'static str,
}

impl Migration {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(number: u32, name: &'static str, dialect: Option<Dialect>, text: &'static str) -> Self {
        Self { number, name, dialect, text }
    }

    /// The number in the file's name.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The rest of the file's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The only databases that it is for; `None` where it is for all.
    #[must_use]
    pub const fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// The statements.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The checksum of its text that the history keeps.
    #[must_use]
    pub fn checksum(&self) -> String {
        checksum::of(self.text)
    }
}

/// The migrations of a program or a library, made by [`migrations!`](crate::migrations!).
///
/// ```
/// # use covet_db::{Db, Migrations};
/// static MIGRATIONS: Migrations = covet_db::migrations!("tests/migrations");
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("sqlite::memory:").await?;
/// let applied = db.migrate(&MIGRATIONS).await?;
/// assert_eq!(applied.len(), 2);
/// assert!(db.migrate(&MIGRATIONS).await?.is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    all: &'static [Migration],
    folder: &'static str,
    history: &'static str,
}

impl Migrations {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(folder: &'static str, all: &'static [Migration]) -> Self {
        Self { all, folder, history: "covet_migrations" }
    }

    /// Keeps the history in another table than `covet_migrations`, so that a library's migrations and the program's
    /// have their own numbers.
    ///
    /// ```
    /// # use covet_db::Migrations;
    /// static MIGRATIONS: Migrations = covet_db::migrations!("tests/migrations").with_history("covet_shop_migrations");
    /// ```
    #[must_use]
    pub const fn with_history(mut self, table: &'static str) -> Self {
        self.history = table;
        self
    }

    /// The table of the history.
    #[must_use]
    pub const fn history(&self) -> &'static str {
        self.history
    }

    /// All of them, for whichever database, by number.
    ///
    /// ```
    /// # use covet_db::Migrations;
    /// static MIGRATIONS: Migrations = covet_db::migrations!("tests/migrations");
    /// let names: Vec<_> = MIGRATIONS.list().iter().map(|migration| migration.name()).collect();
    /// assert_eq!(names, ["create_books", "add_price"]);
    /// ```
    #[must_use]
    pub const fn list(&self) -> &'static [Migration] {
        self.all
    }

    /// Those for a dialect, by number.
    fn of(&self, dialect: Dialect) -> impl Iterator<Item = &'static Migration> {
        self.all.iter().filter(move |migration| migration.dialect.is_none_or(|only| only == dialect))
    }
}

/// A migration and whether it was applied.
///
/// ```
/// # use covet_db::{Db, MigrationState, Migrations};
/// # static MIGRATIONS: Migrations = covet_db::migrations!("tests/migrations");
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// for migration in db.migration_status(&MIGRATIONS).await? {
///     assert_eq!(migration.state, MigrationState::Pending);
///     println!("{:04} {}", migration.number, migration.name);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct MigrationStatus {
    /// The number in the file's name.
    pub number: u32,
    /// The rest of the file's name.
    pub name: String,
    /// Whether it was applied.
    pub state: MigrationState,
    /// When it was applied.
    pub applied_at: Option<jiff::Timestamp>,
}

/// Whether a migration was applied; see [`MigrationStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MigrationState {
    /// It was applied as it is.
    Applied,
    /// It is still to be applied.
    Pending,
    /// It was applied and edited afterwards.
    Edited,
    /// It was applied and is not part of this program.
    Missing,
    /// Its number is below one that was applied without it.
    OutOfOrder,
    /// Begun and not finished, on MySQL, which cannot undo what was done of it.
    HalfApplied,
}

impl Db {
    /// Applies the migrations that have not been applied, in order, and gives those.
    ///
    /// ```
    /// # use covet_db::{Db, Migrations};
    /// static MIGRATIONS: Migrations = covet_db::migrations!("tests/migrations");
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// for migration in db.migrate(&MIGRATIONS).await? {
    ///     println!("applied {:04} {}", migration.number, migration.name);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Migration`] when an applied file was edited or is missing, when a number comes too late, or when a
    /// migration fails; those before it stay applied, and it has changed nothing.
    pub async fn migrate(&self, migrations: &Migrations) -> Result<Vec<MigrationStatus>> {
        folder_is_as_built(migrations)?;
        let history = History::new(migrations.history)?;
        let mut done = Vec::new();
        loop {
            // What is pending is read anew under each transaction's lock: another process may be at the same work.
            let next = self.transaction(async |tx| apply_next(tx, &history, migrations).await);
            match next.await? {
                Some(status) => done.push(status),
                None => return Ok(done),
            }
        }
    }

    /// Every migration of the program and of the database's history, by number.
    ///
    /// ```
    /// # use covet_db::{Db, Migrations};
    /// static MIGRATIONS: Migrations = covet_db::migrations!("tests/migrations");
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// assert_eq!(db.migration_status(&MIGRATIONS).await?.len(), 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the history cannot be read. What is wrong with a migration is no error here but stands in its state.
    pub async fn migration_status(&self, migrations: &Migrations) -> Result<Vec<MigrationStatus>> {
        let history = History::new(migrations.history)?;
        let applied = history.read(self).await?;
        Ok(compare(&applied, migrations.of(self.dialect())))
    }
}

/// Applies the first pending migration, if the history is sound.
async fn apply_next(tx: &Transaction, history: &History, migrations: &Migrations) -> Result<Option<MigrationStatus>> {
    history.lock(tx).await?;
    history.create(tx).await?;
    let applied = history.read(tx).await?;
    let mut statuses = compare(&applied, migrations.of(tx.dialect()));
    if let Some(fault) = statuses.iter().find_map(fault) {
        return Err(fault);
    }
    let Some(position) = statuses.iter().position(|status| status.state == MigrationState::Pending) else {
        return Ok(None);
    };
    let mut status = statuses.swap_remove(position);
    let Some(migration) = migrations.of(tx.dialect()).find(|migration| migration.number == status.number) else {
        return Ok(None);
    };
    let started = Instant::now();
    let now = match tx.dialect() {
        Dialect::Mysql => run_without_undo(tx, history, migration).await?,
        _ => {
            run(tx, migration).await.map_err(|(_, error)| failed(migration, error))?;
            let now = jiff::Timestamp::now();
            history.add(tx, migration, Some(now)).await?;
            now
        }
    };
    tracing::info!(number = migration.number, name = migration.name, elapsed = ?started.elapsed(), "a migration was applied");
    status.state = MigrationState::Applied;
    status.applied_at = Some(now);
    Ok(Some(status))
}

async fn run(tx: &Executor, migration: &Migration) -> Result<(), (usize, Error)> {
    let before = |error| (0, error);
    let Some(mut turn) = tx.scope.turn().await.map_err(before)? else {
        return Err(before(Error::new(ErrorKind::Misuse, "a migration runs in a transaction")));
    };
    let result = turn.lease().map_err(before)?.script(migration.text.to_owned()).await;
    turn.answered();
    result
}

/// MySQL commits before and after each CREATE, ALTER or DROP. So it is noted that the migration has begun, and the first such
/// statement makes the note last: from then on until its end the migration is half applied, whatever happens to the program.
async fn run_without_undo(tx: &Executor, history: &History, migration: &Migration) -> Result<jiff::Timestamp> {
    history.add(tx, migration, None).await?;
    if let Err((done, error)) = run(tx, migration).await {
        if done == 0 {
            history.remove(tx, migration).await?;
        } else {
            let (number, name) = (migration.number, migration.name);
            tracing::warn!(number, name, statements = done, "a migration failed after some of its statements were done");
        }
        return Err(failed(migration, error));
    }
    let now = jiff::Timestamp::now();
    history.finish(tx, migration, now).await?;
    Ok(now)
}

fn failed(migration: &Migration, error: Error) -> Error {
    let message = format!("migration {:04} {} failed", migration.number, migration.name);
    Error::new(ErrorKind::Migration, message).with_source(error)
}

/// Goes through both lists by number.
fn compare(applied: &[Applied], migrations: impl Iterator<Item = &'static Migration>) -> Vec<MigrationStatus> {
    let last_applied = applied.iter().map(|applied| applied.number).max();
    let mut statuses: Vec<_> = migrations
        .map(|migration| {
            let found = applied.iter().find(|applied| applied.number == migration.number);
            let state = match found {
                Some(applied) if applied.applied_at.is_none() => MigrationState::HalfApplied,
                Some(applied) if applied.checksum == migration.checksum() => MigrationState::Applied,
                Some(_) => MigrationState::Edited,
                None if last_applied > Some(migration.number) => MigrationState::OutOfOrder,
                None => MigrationState::Pending,
            };
            MigrationStatus {
                number: migration.number,
                name: migration.name.to_owned(),
                state,
                applied_at: found.and_then(|applied| applied.applied_at),
            }
        })
        .collect();
    for gone in applied {
        if statuses.iter().all(|status| status.number != gone.number) {
            statuses.push(MigrationStatus {
                number: gone.number,
                name: gone.name.clone(),
                state: MigrationState::Missing,
                applied_at: gone.applied_at,
            });
        }
    }
    statuses.sort_by_key(|status| status.number);
    statuses
}

/// What keeps the migrations from going on.
fn fault(status: &MigrationStatus) -> Option<Error> {
    let what = match status.state {
        MigrationState::Applied | MigrationState::Pending => return None,
        MigrationState::HalfApplied => {
            "was not finished, and MySQL cannot undo the statements that were done; either finish it by hand and write a time into the `applied_at` of its row in the history, or undo it by hand and delete the row"
        }
        MigrationState::Edited => "was edited after it had been applied; undo the edit and write a new migration",
        MigrationState::Missing => "has been applied to this database and is not part of this program",
        MigrationState::OutOfOrder => "comes before one that has been applied; give it a higher number",
    };
    let message = format!("migration {:04} {} {what}", status.number, status.name);
    Some(Error::new(ErrorKind::Migration, message))
}

/// A file that was added after the build is not in the program, because a macro cannot watch a folder. Where the source
/// is at hand and the build is for development, that is found out here.
fn folder_is_as_built(migrations: &Migrations) -> Result<()> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    let root = std::path::Path::new(migrations.folder);
    let folders = ["", "sqlite", "postgres", "mysql"].map(|folder| root.join(folder));
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let files = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "sql"));
    let (found, built) = (files.count(), migrations.all.len());
    if found > built && root.is_dir() {
        return Err(Error::new(
            ErrorKind::Migration,
            format!(
                "the folder {} has {found} migrations, and the program was built with {built}; build it again after touching the file that has `migrations!`",
                migrations.folder
            ),
        ));
    }
    Ok(())
}
