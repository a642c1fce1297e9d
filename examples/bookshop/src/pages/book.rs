//! `/books/{id}`: one book.

use covet::db::sql;
use covet::{Db, Path, get};

use super::visitor::{Top, Visitor};
use crate::books::{Book, BookError, find};

/// One book, and others by its author.
#[covet::view("book.html")]
pub(super) struct BookPage {
    book: Book,
    others: Vec<Book>,
    top: Top,
}

/// Show a book.
#[get("/books/{id}")]
pub(super) async fn book(id: Path<i64>, visitor: Visitor, db: Db) -> Result<BookPage, BookError> {
    let book = find(*id, &db).await?;
    let others = db
        .fetch_all(sql!(
            "SELECT id, title, author, published, price, stock FROM books
             WHERE author = {book.author} AND id <> {book.id} ORDER BY published, id LIMIT 6"
        ))
        .await?;
    Ok(BookPage { book, others, top: visitor.top() })
}
