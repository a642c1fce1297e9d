//! The suite on each adapter, and what only one of them has.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on reports by panicking")]

mod auth;
#[cfg(unix)]
mod bank;
#[cfg(unix)]
mod certificates;
#[cfg(unix)]
mod lanes;
#[cfg(unix)]
mod mysql;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod proxy;
mod sqlite;
#[cfg(unix)]
mod ssl_modes;

mod sqlite_file {
    covet_testsuite::suite!(covet_testsuite::SQLITE_FILE);
}

mod sqlite_memory {
    covet_testsuite::suite!(covet_testsuite::SQLITE_MEMORY);
}

mod postgres_server {
    covet_testsuite::suite!(covet_testsuite::POSTGRES);
}

mod mysql_server {
    covet_testsuite::suite!(covet_testsuite::MYSQL);
}
