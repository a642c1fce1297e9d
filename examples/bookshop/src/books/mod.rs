//! The shelf: `/books`.

mod list;
mod model;
mod write;

pub(crate) use list::pattern;
pub use list::{Search, Sort};
pub use model::{Book, BookError, NewBook};

use covet::db::{Executor, sql};
use covet::{Db, Json, Path, Result, Routes, Tagged, get, routes};

/// The routes of the shelf.
pub fn routes() -> Routes {
    routes![list::list_books, get_book, write::add_book, write::replace_book, write::delete_book].tag("books")
}

/// Fetch one book.
#[get("/books/{id}")]
async fn get_book(id: Path<i64>, db: Db) -> Result<Tagged<Json<Book>>, BookError> {
    find(*id, &db).await.map(Book::tagged)
}

/// The book with this number.
pub(crate) async fn find(id: i64, db: &Executor) -> Result<Book, BookError> {
    let sql = sql!("SELECT id, title, author, published, price, stock FROM books WHERE id = {id}");
    db.fetch_optional(sql).await?.ok_or(BookError::NotFound { id })
}
