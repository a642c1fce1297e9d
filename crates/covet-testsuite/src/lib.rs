//! The conformance suite: what every adapter of `covet-db` must do, as a library.
//!
//! A case is an async function that gets a fresh database of its own and panics when something is not as it must be. An
//! adapter is an entry that says how to make such a database and which [`Features`] it has; cases ask for features and
//! never for a name. The macro [`suite!`] makes one test of each case for an adapter.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a case reports by panicking")]

pub mod cases;
mod polling;

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use covet_db::{ConnectOptions, Db, PoolStats};
pub use polling::{drop_after, for_every_poll};

/// What an adapter can do that another may not.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// A second handle sees the same database.
    pub second_handle: bool,
    /// Readers go on while a transaction writes.
    pub reads_beside_a_writer: bool,
    /// The database stops making rows when a stream's reader stops taking them.
    pub streams_in_constant_memory: bool,
    /// DDL is undone with its transaction.
    pub transactional_ddl: bool,
    /// `execute` tells the number of the row that was inserted.
    pub last_insert_id: bool,
    /// INSERT, UPDATE and DELETE know RETURNING.
    pub returning: bool,
    /// Integers above those of 64 signed bits can be stored.
    pub unsigned_integers: bool,
}

/// A database that the suite can have.
#[derive(Clone, Copy, Debug)]
pub struct Adapter {
    /// What it can do.
    pub features: Features,
    /// The URL of a new, empty database; the folder is new and empty too.
    pub url: fn(folder: &std::path::Path) -> String,
    /// A query that runs until it is stopped, and gives no row before.
    pub endless: &'static str,
}

/// SQLite in a file.
pub const SQLITE_FILE: Adapter = Adapter {
    features: Features {
        second_handle: true,
        reads_beside_a_writer: true,
        streams_in_constant_memory: true,
        transactional_ddl: true,
        last_insert_id: true,
        returning: true,
        unsigned_integers: false,
    },
    url: |folder| format!("sqlite:{}", folder.join("test.db").display()),
    endless: "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
};

/// SQLite in memory.
pub const SQLITE_MEMORY: Adapter = Adapter {
    features: Features {
        second_handle: false,
        reads_beside_a_writer: false,
        streams_in_constant_memory: false,
        ..SQLITE_FILE.features
    },
    url: |_| "sqlite::memory:".to_owned(),
    endless: SQLITE_FILE.endless,
};

/// A database of a case's own.
#[derive(Debug)]
pub struct Fresh {
    /// The database.
    pub db: Db,
    /// What its adapter can do.
    pub features: Features,
    /// A query that runs until it is stopped.
    pub endless: &'static str,
    url: String,
    _folder: tempfile::TempDir,
}

impl Fresh {
    async fn new(adapter: &Adapter) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = (adapter.url)(folder.path());
        Self {
            db: Db::connect(&url).await.unwrap(),
            features: adapter.features,
            endless: adapter.endless,
            url,
            _folder: folder,
        }
    }

    /// The URL's options, to change and connect with.
    #[must_use]
    pub fn options(&self) -> ConnectOptions {
        ConnectOptions::new(&self.url).unwrap()
    }

    /// Another handle with connections of its own; the same one where there can be no second.
    pub async fn second(&self) -> Db {
        match self.features.second_handle {
            true => Db::connect(&self.url).await.unwrap(),
            false => self.db.clone(),
        }
    }

    /// A table with a key, a unique and a checked column.
    pub async fn with_books(self) -> Self {
        self.db
            .execute(
                "CREATE TABLE books (
                    id INTEGER NOT NULL PRIMARY KEY,
                    title VARCHAR(200) NOT NULL UNIQUE,
                    price INTEGER CONSTRAINT price_is_positive CHECK (price > 0)
                )",
            )
            .await
            .unwrap();
        self
    }

    /// How many books a handle sees.
    pub async fn books(db: &covet_db::Executor) -> i64 {
        db.fetch_value("SELECT count(*) FROM books").await.unwrap()
    }

    /// Proves that nothing is left of calls that were given up: no lease is out, and both a reader and a writer are served
    /// at once, here and at a second handle.
    pub async fn assert_nothing_is_left(&self, second: &Db) {
        let since = Instant::now();
        for db in [&self.db, second] {
            db.execute("CREATE TABLE IF NOT EXISTS probe (x INTEGER)").await.unwrap();
            db.execute("DELETE FROM probe").await.unwrap();
            let none: i64 = db.fetch_value("SELECT count(*) FROM probe").await.unwrap();
            assert_eq!(none, 0);
        }
        let elapsed = since.elapsed();
        assert!(elapsed < Duration::from_millis(400), "the next calls took {elapsed:?}");
        assert_eq!(settled(&self.db).await.in_use, 0);
    }
}

/// The pool's state once the leases that are on their way back have come back.
pub async fn settled(db: &Db) -> PoolStats {
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        let stats = db.pool_stats();
        if stats.in_use == 0 || Instant::now() > deadline {
            return stats;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A case as the tests call it.
pub type Case = fn(Fresh) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a case on a database of its own, on a runtime with two threads, and fails when it takes a minute.
pub fn run(adapter: &Adapter, case: Case) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let fresh = Fresh::new(adapter).await;
        tokio::time::timeout(Duration::from_secs(60), case(fresh)).await.unwrap();
    });
}

/// Makes one test of each case for an adapter.
#[macro_export]
macro_rules! suite {
    ($adapter:expr) => {
        $crate::cases! { $adapter }
    };
}
