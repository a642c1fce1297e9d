//! The whole table, in constant memory.

use covet::db::sql;
use covet::{Db, Public, Rows, get};

use super::Book;

/// Export all books.
#[get("/books/export")]
pub(super) async fn export_books(_: Public, db: Db) -> Rows<Book> {
    Rows::new(db.stream(sql!("SELECT id, title, author, published, price, stock FROM books ORDER BY id")))
}
