//! What only MySQL and MariaDB have.

use std::path::PathBuf;
use std::time::Duration;

use crate::SslMode;

/// What a connection to MySQL or MariaDB has of its own. In a URL the options have the names of the fields, and those of TLS
/// the names that PostgreSQL's have: `sslmode`, `sslrootcert`, `sslcert`, `sslkey`.
///
/// ```
/// use covet_db::ConnectOptions;
/// # #[cfg(feature = "mysql")]
/// # fn main() -> covet_db::Result<()> {
/// let options = ConnectOptions::new("mysql://me@localhost/shop?compression=on")?;
/// assert!(options.mysql.compression);
/// # Ok(()) }
/// # #[cfg(not(feature = "mysql"))] fn main() {}
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MysqlOptions {
    /// How long opening one connection may take; 5 seconds unless told.
    pub connect_timeout: Duration,
    /// The file of a Unix socket, which is used instead of the host.
    pub socket: Option<PathBuf>,
    /// The largest packet, in bytes, that is taken from the server or sent to it: a row, a statement with its values. More of
    /// one is not read, so that a server cannot fill the memory of this program. 64 MiB unless told; 1 KiB to 1 GiB.
    pub max_allowed_packet: usize,
    /// What goes over the network is compressed by zlib.
    pub compression: bool,
    /// The `sql_mode` of every session. Unless told it is strict: a value that does not fit is an error and is not cut off,
    /// a zero date cannot be stored, and a key of 0 is 0 and not the next number.
    pub sql_mode: String,
    /// Rows are loaded by `LOAD DATA LOCAL INFILE` where the server allows it, which it is asked to by nobody else than a
    /// load of this program. Without it they are loaded by INSERT.
    pub local_infile: bool,
    /// How the connection is protected; unless told `verify-full` for hosts off this machine, `prefer` for this one.
    pub ssl_mode: Option<SslMode>,
    /// A file of certificates that may vouch for the server, instead of the system's own.
    pub ssl_root_cert: Option<PathBuf>,
    /// The client's certificate, in PEM.
    pub ssl_cert: Option<PathBuf>,
    /// Its key, in PEM.
    pub ssl_key: Option<PathBuf>,
}

impl Default for MysqlOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            socket: None,
            max_allowed_packet: 64 << 20,
            compression: false,
            sql_mode: "ONLY_FULL_GROUP_BY,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO".into(),
            local_infile: true,
            ssl_mode: None,
            ssl_root_cert: None,
            ssl_cert: None,
            ssl_key: None,
        }
    }
}
