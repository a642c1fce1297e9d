//! Database servers that the tests start for themselves.

#[cfg(unix)]
mod mysql;
#[cfg(unix)]
mod pooler;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod private;
#[cfg(unix)]
mod shared;

#[cfg(unix)]
pub use mysql::{PrivateMysql, fresh_database as fresh_mysql, mysql_socket};
#[cfg(unix)]
pub use pooler::PgBouncer;
#[cfg(unix)]
pub use postgres::fresh_database as fresh_postgres;
#[cfg(unix)]
pub use private::{PrivateServer, Setup, Stop, as_postgres, free_port, give_to_postgres, open_folder};

/// No server is started here.
#[cfg(not(unix))]
#[must_use]
pub fn fresh_postgres() -> Option<String> {
    None
}

/// No server is started here.
#[cfg(not(unix))]
#[must_use]
pub fn fresh_mysql() -> Option<String> {
    None
}
