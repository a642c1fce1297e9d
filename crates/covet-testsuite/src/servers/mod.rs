//! Database servers that the tests start for themselves.

#[cfg(unix)]
mod postgres;

#[cfg(unix)]
pub(crate) use postgres::fresh_database as fresh_postgres;

/// No server is started here.
#[cfg(not(unix))]
#[must_use]
pub(crate) fn fresh_postgres() -> Option<String> {
    None
}
