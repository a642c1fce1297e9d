//! The Bookshop as its clients see it, on each database.

#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod access;
mod books;
#[cfg(unix)]
mod browser;
#[cfg(unix)]
mod docs_login;
mod document;
mod import;
mod matrix;
mod orders;
mod pages;
mod program;
mod size;

use bookshop::access::Config;
use bookshop::app;
use covet::Db;
use covet::test::Client;

/// Makes of each function that takes a shop a test for each database.
macro_rules! on_each_database {
    ($($name:ident),+ $(,)?) => { on_each_database! { of crate::shop_on: $($name),+ } };
    (of $shop:path: $($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name($shop("sqlite::memory:").await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(url) = covet_testsuite::servers::fresh_postgres() {
                    super::$name($shop(&url).await).await;
                }
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn mysql() {
                if let Some(url) = covet_testsuite::servers::fresh_mysql() {
                    super::$name($shop(&url).await).await;
                }
            }
        }
    )+};
}
use on_each_database;

/// A client of a shop with the first stock, on a database of its own.
async fn shop_on(url: &str) -> Client {
    Client::new(app(&config()).unwrap().database(Db::connect(url)).prepare().await.unwrap()).unwrap()
}

/// The issuer of the shops of these tests.
const ISSUER: &str = "http://127.0.0.1:8000";

/// A shop with a client that may everything, and without the users of the demo, whose passwords would be hashed for each test.
fn config() -> Config {
    let mut config = Config::parse(
        r#"
        [[clients]]
        id = "staff"
        secret = "a secret of the tests"
        grants = ["client_credentials"]
        scopes = ["books:write", "orders:read", "orders:write", "audit:read", "users:admin"]
        "#,
    )
    .unwrap();
    config.issuer = ISSUER.to_owned();
    config
}

/// A token for the client that may everything.
async fn staff_token(shop: &Client) -> String {
    let form =
        [("grant_type", "client_credentials"), ("client_id", "staff"), ("client_secret", "a secret of the tests")];
    let answer = shop.post("/oauth/token").form(&form).send().await;
    answer.json::<serde_json::Value>()["access_token"].as_str().unwrap().to_owned()
}

/// The same shop, asked by the client that may everything.
async fn staff(shop: &Client) -> Client {
    shop.with_header("authorization", &format!("Bearer {}", staff_token(shop).await))
}

/// The same on SQLite.
async fn shop() -> Client {
    shop_on("sqlite::memory:").await
}
