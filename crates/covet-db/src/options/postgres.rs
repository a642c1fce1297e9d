//! What only PostgreSQL has.

use std::path::PathBuf;
use std::time::Duration;

/// How to connect to a PostgreSQL server.
///
/// ```
/// use covet_db::{PostgresOptions, PreparedStatements};
/// assert_eq!(PostgresOptions::default().prepared, PreparedStatements::Auto);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// The name that the server lists the connections under; `covet` unless told.
    pub application_name: String,
    /// How long opening a connection may take; 5 s unless told. In a URL a number without a unit is seconds, as libpq has it.
    pub connect_timeout: Duration,
    /// Whether statements are prepared; they are unless told.
    pub prepared: PreparedStatements,
    /// How many of the pool's connections short statements share, an eighth of `pool.max` at the most; one for each core
    /// unless told, and 0 turns lanes off. There are none without prepared statements.
    pub lanes: Option<usize>,
    /// How much the connection is protected. Unless told, `verify-full`, on this machine `prefer`, and over a Unix socket
    /// `disable`.
    pub ssl_mode: Option<SslMode>,
    /// A file of PEM certificates; a server's must have been issued by one of them. Unless told, the system's own list is
    /// used. `require` with such a file checks as `verify-ca` does.
    pub ssl_root_cert: Option<PathBuf>,
    /// The client's own certificate, a PEM file, for servers that ask for one.
    pub ssl_cert: Option<PathBuf>,
    /// The private key of that certificate, a PEM file.
    pub ssl_key: Option<PathBuf>,
    /// Whether the password's proof is bound to the TLS connection; it is where the server can.
    pub channel_binding: ChannelBinding,
    /// Which of several servers is wanted; any unless told.
    pub target_session: TargetSession,
    /// Hosts and ports of servers that have a copy of the database, for [`Db::reader`](crate::Db::reader); the rest of the
    /// options holds for them too, each with a pool of its own. In a URL `host:port,host:port`.
    pub replicas: Vec<(String, u16)>,
    /// How old what a replica has may be; any age unless told. In a URL `replica_lag`.
    pub replica_lag: Option<Duration>,
    /// A password file; unless told that of the environment variable `PGPASSFILE`, and else `.pgpass` in the home folder.
    pub password_file: Option<PathBuf>,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            application_name: "covet".into(),
            connect_timeout: Duration::from_secs(5),
            prepared: PreparedStatements::Auto,
            lanes: None,
            ssl_mode: None,
            ssl_root_cert: None,
            ssl_cert: None,
            ssl_key: None,
            channel_binding: ChannelBinding::Prefer,
            target_session: TargetSession::Any,
            replicas: Vec::new(),
            replica_lag: None,
            password_file: None,
        }
    }
}

/// Whether statements are prepared on the server.
///
/// ```
/// use covet_db::PreparedStatements;
/// assert_ne!(PreparedStatements::Auto, PreparedStatements::Never);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PreparedStatements {
    /// Once for each text and connection (`auto`).
    Auto,
    /// Never (`never`), for poolers that give each transaction another connection. Values go as text whose type the server
    /// infers; one in a place that tells no type, as in `SELECT {7}`, is text.
    Never,
}

/// How much a connection is protected, in libpq's words. All but `Disable` need the feature `tls`.
///
/// ```
/// # #[cfg(feature = "postgres")] {
/// use covet_db::{ConnectOptions, SslMode};
/// let options = ConnectOptions::new("postgres://db.example/shop?sslmode=verify-ca")?;
/// assert_eq!(options.postgres.ssl_mode, Some(SslMode::VerifyCa));
/// # }
/// # Ok::<(), covet_db::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SslMode {
    /// Not encrypted.
    Disable,
    /// Encrypted where the server can, which a listener on the way can talk it out of.
    Prefer,
    /// Encrypted; whoever answers is taken for the server.
    Require,
    /// Encrypted, and the server's certificate was issued by one that is trusted.
    VerifyCa,
    /// Encrypted, and that certificate is for the host that was asked for.
    VerifyFull,
}

impl SslMode {
    /// On the way to another machine anybody may listen, or answer in its stead.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(crate) fn for_host(host: &str) -> Self {
        let address = host.parse::<std::net::IpAddr>();
        let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        if is_here { Self::Prefer } else { Self::VerifyFull }
    }
}

/// Whether the proof of the password is bound to the TLS connection (`SCRAM-SHA-256-PLUS`, RFC 5802 and RFC 5929), so that
/// nobody in between can pass it on.
///
/// ```
/// assert_eq!(covet_db::PostgresOptions::default().channel_binding, covet_db::ChannelBinding::Prefer);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where the server can.
    Prefer,
    /// Always; a server that cannot is refused.
    Require,
}

/// Which server is wanted where a URL names several, in libpq's words (`target_session_attrs`).
///
/// ```
/// assert_eq!(covet_db::PostgresOptions::default().target_session, covet_db::TargetSession::Any);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetSession {
    /// The first that answers (`any`).
    Any,
    /// One whose transactions can write (`read-write`).
    ReadWrite,
    /// One whose transactions cannot (`read-only`).
    ReadOnly,
    /// One that is no standby (`primary`).
    Primary,
    /// A standby (`standby`).
    Standby,
    /// A standby, or else any (`prefer-standby`).
    PreferStandby,
}
