//! The Bookshop: the reference application of Covet, and what a newcomer copies.
//!
//! [`app`] puts it together; `main.rs` reads the command line and serves it; each folder is one subject of the shop.

pub mod books;
pub mod seed;

use covet::db::{Migrations, migrations};
use covet::{App, Db};

/// The tables, as numbered files that are part of the program.
pub static MIGRATIONS: Migrations = migrations!("migrations");

/// The shop on a database that has been migrated.
pub fn app(db: Db) -> App {
    App::new("Bookshop", env!("CARGO_PKG_VERSION"))
        .description("Books, and what can be done with them.")
        .database(db)
        .metrics()
        .routes(books::routes().under("/api"))
}
