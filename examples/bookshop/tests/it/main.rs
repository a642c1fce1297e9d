//! The Bookshop as its clients see it.

#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod books;
mod document;
mod program;

use bookshop::{MIGRATIONS, app, seed};
use covet::Db;
use covet::test::Client;

/// A client of a shop with the first stock, on a database of its own.
async fn shop() -> Client {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    seed::fill_empty(&db).await.unwrap();
    Client::new(app(db)).unwrap()
}
