//! Migrations.

use covet_db::{Error, ErrorKind, Migration, MigrationState, Migrations};

use crate::Fresh;

const ONE: Migration = Migration::new(1, "books", None, "CREATE TABLE books (id INTEGER PRIMARY KEY DEFAULT 1);\n");
const TWO: Migration = Migration::new(
    2,
    "title",
    None,
    "ALTER TABLE books ADD COLUMN title VARCHAR(9);\nINSERT INTO books (title) VALUES ('a; b');\n",
);
const THREE: Migration = Migration::new(3, "index", None, "CREATE INDEX books_by_title ON books (title);\n");

static ALL: Migrations = Migrations::new("", &[ONE, TWO, THREE]);

fn states(statuses: &[covet_db::MigrationStatus]) -> Vec<(u32, MigrationState)> {
    statuses.iter().map(|status| (status.number, status.state)).collect()
}

async fn refused(fresh: &Fresh, migrations: &Migrations) -> Error {
    let error = fresh.db.migrate(migrations).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Migration);
    error
}

/// Twice changes nothing.
pub async fn they_are_applied_once_and_in_order(fresh: Fresh) {
    use MigrationState::{Applied, Pending};
    let db = &fresh.db;
    assert_eq!(states(&db.migration_status(&ALL).await.unwrap()), [(1, Pending), (2, Pending), (3, Pending)]);
    static FIRST: Migrations = Migrations::new("", &[ONE]);
    assert_eq!(states(&db.migrate(&FIRST).await.unwrap()), [(1, Applied)]);
    assert_eq!(states(&db.migration_status(&ALL).await.unwrap()), [(1, Applied), (2, Pending), (3, Pending)]);
    assert_eq!(states(&db.migrate(&ALL).await.unwrap()), [(2, Applied), (3, Applied)]);
    assert!(db.migrate(&ALL).await.unwrap().is_empty());
    let statuses = db.migration_status(&ALL).await.unwrap();
    assert!(statuses.iter().all(|status| status.applied_at.is_some()));
    assert_eq!(Fresh::books(db).await, 1);
    // Another history has its own numbers.
    static OTHER: Migrations =
        Migrations::new("", &[Migration::new(1, "other", None, "CREATE TABLE other (id INTEGER)")])
            .with_history("covet_other");
    assert_eq!(states(&db.migrate(&OTHER).await.unwrap()), [(1, Applied)]);
    // One for another database is none of this one's.
    static FOREIGN: Migrations = Migrations::new(
        "",
        &[
            ONE,
            TWO,
            THREE,
            Migration::new(4, "x", Some(covet_db::Dialect::Mysql), "nonsense"),
            Migration::new(4, "x", Some(covet_db::Dialect::Postgres), "nonsense"),
        ],
    );
    if db.dialect() == covet_db::Dialect::Sqlite {
        assert!(db.migrate(&FOREIGN).await.unwrap().is_empty());
    }
}

/// An edit after the fact is told by number and name; line ends are no edit.
pub async fn an_edited_one_is_refused(fresh: Fresh) {
    fresh.db.migrate(&ALL).await.unwrap();
    static EDITED: Migrations = Migrations::new("", &[ONE, Migration::new(2, "title", None, "-- edited"), THREE]);
    let error = refused(&fresh, &EDITED).await;
    assert_eq!(
        error.to_string(),
        "migration 0002 title was edited after it had been applied; undo the edit and write a new migration"
    );
    assert_eq!(fresh.db.migration_status(&EDITED).await.unwrap()[1].state, MigrationState::Edited);
    static CHECKED_OUT: Migrations = Migrations::new(
        "",
        &[Migration::new(1, "books", None, "CREATE TABLE books (id INTEGER PRIMARY KEY DEFAULT 1);\r\n"), TWO, THREE],
    );
    assert!(fresh.db.migrate(&CHECKED_OUT).await.unwrap().is_empty());
}

/// The database knows more than the program.
pub async fn a_missing_one_is_refused(fresh: Fresh) {
    fresh.db.migrate(&ALL).await.unwrap();
    static OLDER: Migrations = Migrations::new("", &[ONE, THREE]);
    let error = refused(&fresh, &OLDER).await;
    assert_eq!(
        error.to_string(),
        "migration 0002 title has been applied to this database and is not part of this program"
    );
    assert_eq!(fresh.db.migration_status(&OLDER).await.unwrap()[1].state, MigrationState::Missing);
}

/// A number below one that was applied.
pub async fn one_that_comes_late_is_refused(fresh: Fresh) {
    static WITHOUT: Migrations =
        Migrations::new("", &[ONE, Migration::new(3, "late", None, "CREATE TABLE late (id INTEGER)")]);
    fresh.db.migrate(&WITHOUT).await.unwrap();
    static WITH: Migrations =
        Migrations::new("", &[ONE, TWO, Migration::new(3, "late", None, "CREATE TABLE late (id INTEGER)")]);
    let error = refused(&fresh, &WITH).await;
    assert_eq!(
        error.to_string(),
        "migration 0002 title comes before one that has been applied; give it a higher number"
    );
}

/// Those before it stay.
pub async fn a_failing_one_leaves_nothing(fresh: Fresh) {
    static FAILING: Migrations = Migrations::new(
        "",
        &[ONE, Migration::new(2, "half", None, "CREATE TABLE half (id INTEGER);\nINSERT INTO nowhere VALUES (1);")],
    );
    let error = refused(&fresh, &FAILING).await;
    assert_eq!(error.to_string(), "migration 0002 half failed");
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(reason.contains("nowhere"), "{reason}");
    assert!(fresh.db.table_exists("books").await.unwrap());
    if fresh.features.transactional_ddl {
        assert!(!fresh.db.table_exists("half").await.unwrap());
        assert_eq!(states(&fresh.db.migrate(&ALL).await.unwrap()).len(), 2);
    }
}

/// Each is applied by one of them.
pub async fn two_programs_can_start_together(fresh: Fresh) {
    let second = fresh.second().await;
    let (one, two) = tokio::join!(fresh.db.migrate(&ALL), second.migrate(&ALL));
    assert_eq!(one.unwrap().len() + two.unwrap().len(), 3);
    assert_eq!(Fresh::books(&second).await, 1);
}

/// A COMMIT in a file would take the lock away.
pub async fn transactions_in_them_are_refused(fresh: Fresh) {
    static COMMITTING: Migrations = Migrations::new(
        "",
        &[Migration::new(1, "x", None, "CREATE TABLE a (id INTEGER); COMMIT; CREATE TABLE b (id INTEGER)")],
    );
    refused(&fresh, &COMMITTING).await;
    if fresh.features.transactional_ddl {
        assert!(!fresh.db.table_exists("a").await.unwrap());
    }
}
