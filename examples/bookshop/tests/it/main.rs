//! The Bookshop as its clients see it, on each database.

#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod books;
mod document;
mod import;
mod orders;
mod pages;
mod program;
mod size;

use bookshop::app;
use covet::Db;
use covet::test::Client;

/// Makes of each function that takes a shop a test for each database.
macro_rules! on_each_database {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(crate::shop_on("sqlite::memory:").await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(url) = covet_testsuite::servers::fresh_postgres() {
                    super::$name(crate::shop_on(&url).await).await;
                }
            }
        }
    )+};
}
use on_each_database;

/// A client of a shop with the first stock, on a database of its own.
async fn shop_on(url: &str) -> Client {
    Client::new(app().database(Db::connect(url)).prepare().await.unwrap()).unwrap()
}

/// The same on SQLite.
async fn shop() -> Client {
    shop_on("sqlite::memory:").await
}
