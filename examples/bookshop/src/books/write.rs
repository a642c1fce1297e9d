//! Adding, changing and deleting books.

use covet::db::sql;
use covet::{Created, Db, Json, NoContent, Path, Result, delete, post, put};

use super::{Book, BookError, NewBook};

/// Add a book.
#[post("/books")]
pub(super) async fn add_book(new: Json<NewBook>, db: Db) -> Result<Created<Book>> {
    let NewBook { title, author, published, price, stock } = &*new;
    let book: Book = db
        .fetch_one(sql!(
            "INSERT INTO books (title, author, published, price, stock)
             VALUES ({title}, {author}, {published}, {price}, {stock})
             RETURNING id, title, author, published, price, stock"
        ))
        .await?;
    Ok(Created::at(format!("/api/books/{}", book.id), book))
}

/// Replace a book.
#[put("/books/{id}")]
pub(super) async fn replace_book(id: Path<i64>, new: Json<NewBook>, db: Db) -> Result<Json<Book>, BookError> {
    let NewBook { title, author, published, price, stock } = &*new;
    db.fetch_optional(sql!(
        "UPDATE books
         SET title = {title}, author = {author}, published = {published}, price = {price}, stock = {stock}
         WHERE id = {*id}
         RETURNING id, title, author, published, price, stock"
    ))
    .await?
    .map(Json)
    .ok_or(BookError::NotFound { id: *id })
}

/// Delete a book.
#[delete("/books/{id}")]
pub(super) async fn delete_book(id: Path<i64>, db: Db) -> Result<NoContent, BookError> {
    let deleted = db.execute(sql!("DELETE FROM books WHERE id = {*id}")).await?;
    match deleted.rows_affected {
        0 => Err(BookError::NotFound { id: *id }),
        _ => Ok(NoContent),
    }
}
