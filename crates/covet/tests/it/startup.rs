//! What an app does before it is served.

use covet::db::{Migrations, migrations, sql};
use covet::test::Client;
use covet::{App, Db, Error, Result, get, routes};

/// Say whose books there are.
#[get("/titles")]
async fn titles(db: Db) -> Result<String> {
    let titles: Vec<(String,)> = db.fetch_all("SELECT title FROM books ORDER BY id").await?;
    Ok(titles.into_iter().map(|(title,)| title).collect::<Vec<_>>().join(", "))
}

fn books() -> Migrations {
    migrations!("../covet-db/tests/migrations")
}

async fn add(db: Db, title: &'static str) -> Result<()> {
    db.execute(sql!("INSERT INTO books (title) VALUES ({title})")).await?;
    Ok(())
}

fn app() -> App {
    App::new("Books", "1.0.0").routes(routes![titles])
}

#[tokio::test]
async fn it_connects_then_migrates_then_takes_its_steps_in_order() {
    let app = app().on_start(|db| add(db, "Emma")).migrations(books()).on_start(|db| add(db, "Dune"));
    let app = app.database(Db::connect("sqlite::memory:")).prepare().await.unwrap();
    let client = Client::new(app).unwrap();
    assert_eq!(client.get("/titles").send().await.text(), "Emma, Dune");
}

#[tokio::test]
async fn a_connected_database_needs_no_preparation() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.migrate(&books()).await.unwrap();
    let client = Client::new(app().database(db)).unwrap();
    assert_eq!(client.get("/titles").send().await.text(), "");
}

#[tokio::test]
async fn what_is_still_to_be_done_is_told_when_the_app_is_built() {
    let fault = |app: App| app.build().unwrap_err().to_string();
    assert!(fault(app().database(Db::connect("sqlite::memory:"))).contains("`.prepare().await`"));
    let two = app().database(Db::connect("sqlite::memory:")).migrations(books()).migrations(books());
    assert!(two.prepare().await.unwrap_err().to_string().contains("history in `covet_migrations`"));
    let none = App::new("Books", "1.0.0").migrations(books());
    assert!(fault(none).contains("need a database; add it with .database(…)"));
    // The call is not awaited, so a wrong address is told when it is.
    let wrong = app().database(Db::connect("oracle:books"));
    assert!(wrong.prepare().await.unwrap_err().to_string().contains("oracle"));
    let failing = app().database(Db::connect("sqlite::memory:")).on_start(async |_| Err(Error::new("no books today")));
    assert_eq!(failing.prepare().await.unwrap_err().to_string(), "no books today");
}
