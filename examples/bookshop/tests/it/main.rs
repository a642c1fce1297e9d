//! The Bookshop as its clients see it.

#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod books;
mod document;
mod pages;
mod program;

use bookshop::app;
use covet::Db;
use covet::test::Client;

/// A client of a shop with the first stock, on a database of its own.
async fn shop() -> Client {
    Client::new(app().database(Db::connect("sqlite::memory:")).prepare().await.unwrap()).unwrap()
}
