//! The shelf: `/books`.

mod export;
mod import;
mod list;
mod model;
mod write;

pub use import::{BadRow, ImportError, Imported, RowFault};
pub(crate) use list::pattern;
pub use list::{Search, Sort};
pub use model::{Book, BookError, NewBook};

use std::time::Duration;

use covet::db::{Executor, sql};
use covet::{Db, Json, Path, Public, Result, Routes, Tagged, get, routes};

/// How long an import may take.
const IMPORT: Duration = Duration::from_secs(4 * 60 * 60);

/// The routes of the shelf.
pub fn routes() -> Routes {
    let books = routes![
        list::list_books,
        get_book,
        write::add_book,
        write::replace_book,
        write::change_book,
        write::delete_book,
        export::export_books,
    ];
    // Of any size, and for as long as it comes.
    let import = routes![import::import_books].body_limit(u64::MAX).deadline(IMPORT);
    books.and(import).tag("books")
}

/// Fetch one book.
#[get("/books/{id}")]
async fn get_book(_: Public, id: Path<i64>, db: Db) -> Result<Tagged<Json<Book>>, BookError> {
    find(*id, &db).await.map(Book::tagged)
}

/// The book with this number.
pub(crate) async fn find(id: i64, db: &Executor) -> Result<Book, BookError> {
    let sql = sql!("SELECT id, title, author, published, price, stock FROM books WHERE id = {id}");
    db.fetch_optional(sql).await?.ok_or(BookError::NotFound { id })
}
