//! Both forms of transaction compile in a handler that borrows its arguments and must be `Send`.

use std::future::Future;
use std::pin::Pin;

use covet_db::{Db, Error, Executor, FromRow, TransactionOptions, sql};

#[derive(Debug)]
#[expect(dead_code, reason = "only its Debug is wanted, in a failed test")]
struct Problem(Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

#[derive(Debug, FromRow, PartialEq)]
#[from_row(crate = "covet_db")]
struct Book {
    id: i64,
    title: String,
}

async fn titled(db: &Executor, title: &str) -> Result<Vec<Book>, Error> {
    db.fetch_all(sql!("SELECT id, title FROM books WHERE title = {title}")).await
}

async fn handler(db: &Db, title: &str, ids: &[i64]) -> Result<usize, Problem> {
    let owned = title.to_owned();
    let once = db
        .transaction(async |tx| {
            for id in ids {
                tx.execute(sql!("INSERT INTO books VALUES ({id}, {owned})")).await?;
            }
            let inner: usize = tx.transaction(async |tx| Ok::<_, Problem>(titled(tx, title).await?.len())).await?;
            Ok::<_, Problem>(inner)
        })
        .await?;
    let again = db
        .transaction_with(TransactionOptions::default(), |tx| async move {
            let books = titled(&tx, title).await?;
            Ok::<_, Problem>(books.len())
        })
        .await?;
    assert_eq!(once, again);
    Ok(again)
}

fn boxed<'a>(
    db: &'a Db,
    title: &'a str,
    ids: &'a [i64],
) -> Pin<Box<dyn Future<Output = Result<usize, Problem>> + Send + 'a>> {
    Box::pin(handler(db, title, ids))
}

#[tokio::test]
async fn both_forms_run_in_a_spawned_task() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT)").await.unwrap();
    let task = tokio::spawn({
        let db = db.clone();
        async move {
            let title = String::from("Dune");
            boxed(&db, &title, &[1, 2]).await.unwrap()
        }
    });
    assert_eq!(task.await.unwrap(), 2);
    let dune = "Dune";
    let same = db.transaction(async |tx| tx.copy_in("books", ["id", "title"], [(3, dune)]).await).await;
    assert_eq!(same.unwrap(), 1);
    assert_eq!(titled(&db, "Dune").await.unwrap().len(), 3);
}
