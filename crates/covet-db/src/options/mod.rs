//! How to connect.

mod mysql;
mod postgres;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use mysql::MysqlOptions;
pub use postgres::{ChannelBinding, PostgresOptions, PreparedStatements, SslMode, TargetSession};

use crate::url::{self, Source};
use crate::{Error, Result};

/// Where a database is and how to treat it. Made from a URL, then changed field by field.
///
/// ```
/// # use covet_db::{ConnectOptions, Db};
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// let mut options = ConnectOptions::new("sqlite::memory:?busy_timeout=2s")?;
/// options.query_timeout = Duration::from_secs(5);
/// options.slow_statement = Duration::from_millis(50);
/// let db = Db::connect_with(options).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectOptions {
    pub(crate) source: Source,
    /// How often connecting is tried when the failure may pass; 3 unless told.
    pub attempts: u32,
    /// How many prepared statements each connection keeps; 100 unless told, and 0 keeps none.
    pub statement_cache: usize,
    /// How long an unused prepared statement is kept; 300 s unless told.
    pub statement_lifetime: Duration,
    /// How long a call that changes data may take; 60 s unless told.
    pub command_timeout: Duration,
    /// How long a call that reads may take; 30 s unless told.
    pub query_timeout: Duration,
    /// From which duration on a call is logged as slow; 1 s unless told.
    pub slow_statement: Duration,
    /// The pool's settings.
    pub pool: PoolOptions,
    /// What only SQLite has.
    pub sqlite: SqliteOptions,
    /// What only PostgreSQL has.
    pub postgres: PostgresOptions,
    /// What only MySQL and MariaDB have.
    pub mysql: MysqlOptions,
}

impl ConnectOptions {
    /// The defaults for a URL, changed by what stands behind its `?`.
    ///
    /// SQLite: `sqlite:app.db`, `sqlite:///var/lib/app.db`, `sqlite::memory:`, with the options `mode` (`ro`, `rw` or
    /// `rwc`), `busy_timeout`, `readers` and `synchronous`.
    ///
    /// PostgreSQL: `postgres://user:password@host:port/database`, with the options `host` (also the folder of a Unix
    /// socket), `port`, `user`, `password`, `dbname`, `passfile`, `sslmode` (`disable`, `prefer`, `require`, `verify-ca` or
    /// `verify-full`), `sslrootcert`, `sslcert`, `sslkey`, `channel_binding` (`disable`, `prefer` or `require`),
    /// `target_session_attrs`, `replicas`, `replica_lag`, `application_name`, `connect_timeout`, `lanes` (a number or `auto`) and `prepared` (`auto` or
    /// `never`);
    /// [`PostgresOptions`] says what they mean. What stands in a name or a password is %-escaped. `host1:port1,host2:port2`
    /// are asked in turn. Without a password in it the URL takes the one of the environment variable `PGPASSWORD`, and
    /// without that the one of the password file.
    ///
    /// Every database knows `attempts`, `statement_cache`,
    /// `statement_lifetime`, `command_timeout`, `query_timeout`, `slow_statement`, `pool_min`, `pool_max`,
    /// `acquire_timeout`, `max_lifetime` and `idle_timeout`. Durations are numbers with `ms`, `s` or `m`.
    ///
    /// ```
    /// use covet_db::{ConnectOptions, ErrorKind};
    /// let options = ConnectOptions::new("sqlite:app.db?mode=ro&query_timeout=500ms")?;
    /// assert_eq!(options.query_timeout.as_millis(), 500);
    /// let error = ConnectOptions::new("sqlite:app.db?bussy_timeout=1s").unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Configuration);
    /// # Ok::<(), covet_db::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) when the scheme or an option is unknown or a value
    /// cannot be read, or when the scheme's adapter is not part of this build.
    pub fn new(url: &str) -> Result<Self> {
        url::parse(url)
    }

    /// Sets the password, for programs that have it from somewhere else than the URL. On SQLite there is none, and nothing
    /// happens.
    ///
    /// ```
    /// use covet_db::ConnectOptions;
    /// let mut options = ConnectOptions::new("sqlite:app.db")?;
    /// options.set_password("from a vault");
    /// assert!(!format!("{options:?}").contains("vault"));
    /// # Ok::<(), covet_db::Error>(())
    /// ```
    pub fn set_password(&mut self, password: impl Into<String>) {
        if let Some(server) = self.source.server_mut() {
            server.password = Some(password.into());
        }
    }

    pub(crate) fn with_defaults(source: Source) -> Self {
        Self {
            source,
            attempts: 3,
            statement_cache: 100,
            statement_lifetime: Duration::from_secs(300),
            command_timeout: Duration::from_secs(60),
            query_timeout: Duration::from_secs(30),
            slow_statement: Duration::from_secs(1),
            pool: PoolOptions::default(),
            sqlite: SqliteOptions::default(),
            postgres: PostgresOptions::default(),
            mysql: MysqlOptions::default(),
        }
    }
}

impl FromStr for ConnectOptions {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        Self::new(url)
    }
}

impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("source", &self.source)
            .field("attempts", &self.attempts)
            .field("statement_cache", &self.statement_cache)
            .field("statement_lifetime", &self.statement_lifetime)
            .field("command_timeout", &self.command_timeout)
            .field("query_timeout", &self.query_timeout)
            .field("slow_statement", &self.slow_statement)
            .field("pool", &self.pool)
            .field("sqlite", &self.sqlite)
            .field("postgres", &self.postgres)
            .field("mysql", &self.mysql)
            .finish()
    }
}

/// How many connections to keep, and how long to wait for one.
///
/// ```
/// let pool = covet_db::PoolOptions::default();
/// assert_eq!((pool.min, pool.max), (5, 20));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolOptions {
    /// How many connections to a server stay open; 5 unless told.
    pub min: usize,
    /// How many connections there may be; 20 unless told. On SQLite it bounds the readers.
    pub max: usize,
    /// How long a call waits for a connection; 5 s unless told.
    pub acquire_timeout: Duration,
    /// How old a connection to a server becomes, a tenth more or less; 30 min unless told.
    pub max_lifetime: Duration,
    /// How long a connection to a server beyond `min` may be idle; 10 min unless told.
    pub idle_timeout: Duration,
}

impl PoolOptions {
    /// A lifetime with up to a tenth more or less, so that connections that were opened together are not closed together.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn chosen_lifetime(&self) -> Duration {
        use std::hash::{BuildHasher, RandomState};
        let chance = RandomState::new().hash_one(0) % 1000;
        self.max_lifetime.mul_f64(0.9 + 0.2 * chance as f64 / 1000.0)
    }
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            min: 5,
            max: 20,
            acquire_timeout: Duration::from_secs(5),
            max_lifetime: Duration::from_secs(30 * 60),
            idle_timeout: Duration::from_secs(10 * 60),
        }
    }
}

/// How to open a SQLite file.
///
/// ```
/// use covet_db::{SqliteMode, SqliteOptions};
/// assert_eq!(SqliteOptions::default().mode, SqliteMode::Create);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// Whether the file may be written and made; it may unless told.
    pub mode: SqliteMode,
    /// How long a statement waits for a lock of another process; 5 s unless told.
    pub busy_timeout: Duration,
    /// How many connections read beside the one that writes; 4 unless told.
    pub readers: usize,
    /// What a commit waits for.
    pub synchronous: SqliteSynchronous,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            mode: SqliteMode::Create,
            busy_timeout: Duration::from_secs(5),
            readers: 4,
            synchronous: SqliteSynchronous::Normal,
        }
    }
}

/// What may be done with a SQLite file.
///
/// ```
/// # use covet_db::{ConnectOptions, SqliteMode};
/// assert_eq!(ConnectOptions::new("sqlite:app.db?mode=ro")?.sqlite.mode, SqliteMode::Read);
/// # Ok::<(), covet_db::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqliteMode {
    /// Read it (`ro`).
    Read,
    /// Read and write it; it must exist (`rw`).
    Write,
    /// Read and write it, and make it if it does not exist (`rwc`).
    Create,
}

/// What a SQLite commit waits for.
///
/// ```
/// # use covet_db::{ConnectOptions, SqliteSynchronous};
/// let options = ConnectOptions::new("sqlite:app.db?synchronous=full")?;
/// assert_eq!(options.sqlite.synchronous, SqliteSynchronous::Full);
/// # Ok::<(), covet_db::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqliteSynchronous {
    /// Nothing; a loss of power can damage the file.
    Off,
    /// The log's order; a loss of power can take the last transactions back but damages nothing.
    Normal,
    /// The disk, at each commit.
    Full,
}
