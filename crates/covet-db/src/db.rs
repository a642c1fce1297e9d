//! The handle of a database.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::backend::Backend;
use crate::executor::Database;
use crate::replicas::Replicas;
use crate::transaction::scope::Scope;
use crate::{ConnectOptions, Error, ErrorKind, Executor, PoolStats, Result, SlowStatement};

/// A database: a pool of connections, and all the calls of [`Executor`] on whichever is free. Clones are cheap and share
/// the pool.
///
/// ```
/// # use covet_db::{sql, Db};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let db = Db::connect("sqlite::memory:").await?;
/// db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL)").await?;
/// let title = "The Dispossessed";
/// db.execute(sql!("INSERT INTO books (title) VALUES ({title})")).await?;
/// let titles: Vec<(String,)> = db.fetch_all("SELECT title FROM books").await?;
/// assert_eq!(titles[0].0, title);
/// # Ok(()) }
/// ```
pub struct Db {
    executor: Executor,
}

impl Clone for Db {
    fn clone(&self) -> Self {
        Self::over(Arc::clone(&self.executor.database))
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Db").field(&self.executor.database.options.source).finish()
    }
}

impl Deref for Db {
    type Target = Executor;

    fn deref(&self) -> &Executor {
        &self.executor
    }
}

/// A database that is connected already, where one that is to be connected may stand as well; it is there at once.
impl IntoFuture for Db {
    type Output = Result<Self>;
    type IntoFuture = std::future::Ready<Result<Self>>;

    fn into_future(self) -> Self::IntoFuture {
        std::future::ready(Ok(self))
    }
}

impl Db {
    fn over(database: Arc<Database>) -> Self {
        Self { executor: Executor { database, scope: Scope::Pool } }
    }

    /// Connects to the database of a URL; [`ConnectOptions::new`] says what can stand in it.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// let db = Db::connect("sqlite::memory:").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the URL is wrong, [`ErrorKind::Connect`] when the database cannot be opened.
    pub fn connect(url: &str) -> impl Future<Output = Result<Self>> + Send + 'static + use<> {
        let options = ConnectOptions::new(url);
        async { Self::connect_with(options?).await }
    }

    /// Connects as the options say.
    ///
    /// ```
    /// # use covet_db::{ConnectOptions, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// let mut options = ConnectOptions::new("sqlite::memory:")?;
    /// options.statement_cache = 500;
    /// let db = Db::connect_with(options).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the database cannot be opened.
    pub async fn connect_with(options: ConnectOptions) -> Result<Self> {
        let options = Arc::new(options);
        let backend = Backend::connect(&options).await?;
        let database = Database::new(backend, options);
        Replicas::watch(&database);
        Ok(Self::over(database))
    }

    /// Connects to the database that the environment variable `DATABASE_URL` names, or else to the default.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// let db = Db::from_env_or("sqlite::memory:").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`connect`](Self::connect), and [`ErrorKind::Configuration`] when the variable is not UTF-8.
    pub fn from_env_or(default_url: &str) -> impl Future<Output = Result<Self>> + Send + 'static + use<> {
        let options = match std::env::var("DATABASE_URL") {
            Ok(url) => ConnectOptions::new(&url),
            Err(std::env::VarError::NotPresent) => ConnectOptions::new(default_url),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(Error::new(ErrorKind::Configuration, "the environment variable DATABASE_URL is not UTF-8"))
            }
        };
        async { Self::connect_with(options?).await }
    }

    /// What the pool is doing and has done.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// println!("{} of {} in use", db.pool_stats().in_use, db.pool_stats().size);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        PoolStats { retried: self.database.retried.load(Ordering::Relaxed), ..self.database.backend.stats() }
    }

    /// The latest 50 statements that took as long as `slow_statement`, which the log has as well; the last comes first.
    #[must_use]
    pub fn slow_statements(&self) -> Vec<SlowStatement> {
        self.database.slow.latest()
    }

    /// The database for reads that may be a little old: the next replica in turn that answers, or this same handle where there
    /// is none. Which servers are replicas, and how old what is read may be, is said by the options `replicas` and `replica_lag`
    /// of [`PostgresOptions`](crate::PostgresOptions). Ask anew for each piece of work; nothing is ever sent to a replica unasked.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// # db.execute("CREATE TABLE books (title TEXT)").await?;
    /// let titles: Vec<(String,)> = db.reader().fetch_all("SELECT title FROM books").await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn reader(&self) -> Self {
        self.database.replicas.pick().map_or_else(|| self.clone(), Self::over)
    }

    /// Closes the database for all clones: new calls fail at once, calls under way are waited for as long as an acquire
    /// may wait. Without it the connections are closed when the last clone is dropped.
    ///
    /// ```
    /// # use covet_db::{Db, ErrorKind};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// let db = Db::connect("sqlite::memory:").await?;
    /// db.close().await;
    /// assert_eq!(db.execute("SELECT 1").await.unwrap_err().kind(), ErrorKind::Closed);
    /// # Ok(()) }
    /// ```
    pub async fn close(&self) {
        self.database.backend.close().await;
        self.database.replicas.close().await;
    }
}
