//! A bookshop in one file.

use covet::db::{FromRow, migrations};
use covet::{App, Auth, Created, Db, Json, Path, Problem, Public, Result, get, post, routes, sql};

covet::permissions! {
    BooksWrite = "books:write" => "Add and change books",
}

/// A book on the shelf.
#[covet::model]
#[derive(FromRow)]
struct Book {
    id: i64,
    title: String,
    price: i64,
}

/// A book that is to be added.
#[covet::model]
struct NewBook {
    #[check(length(min = 1, max = 200))]
    title: String,
    /// Price in cents.
    #[check(range(min = 0))]
    price: i64,
}

/// Why a book cannot be had.
#[derive(Problem)]
enum BookError {
    /// No book has this number.
    #[problem(status = 404)]
    NotFound { id: i64 },
    #[problem(transparent)]
    Db(covet::db::Error),
}

/// Fetch one book.
#[get("/books/{id}")]
async fn book(_: Public, id: Path<i64>, db: Db) -> Result<Json<Book>, BookError> {
    db.fetch_optional(sql!("SELECT id, title, price FROM books WHERE id = {*id}"))
        .await?
        .map(Json)
        .ok_or(BookError::NotFound { id: *id })
}

/// Add a book.
#[post("/books")]
async fn add_book(_auth: Auth<BooksWrite>, new: Json<NewBook>, db: Db) -> Result<Created<Book>> {
    let Json(NewBook { title, price }) = new;
    let sql = sql!("INSERT INTO books (title, price) VALUES ({&title}, {price})");
    let id = db.execute(sql).await?.last_insert_id.unwrap_or_default();
    Ok(Created::at(format!("/books/{id}"), Book { id, title, price }))
}

#[covet::main]
async fn main() -> Result<()> {
    App::new("Bookshop", env!("CARGO_PKG_VERSION"))
        .database(Db::from_env_or("sqlite:bookshop.db"))
        .migrations(migrations!("migrations"))
        .auth(covet::auth::Server::from_env()?)
        .routes(routes![book, add_book])
        .serve()
        .await
}
