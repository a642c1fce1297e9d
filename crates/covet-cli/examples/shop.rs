//! The app that the tests of the command line look into.

use covet::db::migrations;
use covet::{App, Db, Result, get, routes};

/// Count the books.
#[get("/count")]
async fn count(db: Db) -> Result<String> {
    Ok(db.fetch_value::<i64>("SELECT count(*) FROM books").await?.to_string())
}

#[covet::main]
async fn main() -> Result<()> {
    App::new("Shop", "1.0.0")
        .database(Db::from_env_or("sqlite:shop.db"))
        .migrations(migrations!("examples/migrations"))
        .routes(routes![count])
        .serve()
        .await
}
