//! Adding, changing and deleting books.

use covet::db::{Executor, sql};
use covet::{
    Auth, Created, Db, ETag, IfMatch, Json, MergePatch, NoContent, Path, Result, Tagged, delete, patch, post, put,
};

use super::{Book, BookError, NewBook, find};
use crate::access::BooksWrite;
use crate::database::{insert, serializable};

/// Add a book.
#[post("/books")]
pub(super) async fn add_book(_: Auth<BooksWrite>, new: Json<NewBook>, db: Db) -> Result<Created<Book>> {
    let NewBook { title, author, published, price, stock } = &*new;
    let sql = sql!(
        "INSERT INTO books (title, author, published, price, stock)
         VALUES ({title}, {author}, {published}, {price}, {stock})"
    );
    let id = insert(sql, &db).await?;
    let (title, author) = (title.clone(), author.clone());
    let book = Book { id, title, author, published: *published, price: *price, stock: *stock };
    Ok(Created::at(format!("/api/books/{id}"), book))
}

/// Replace a book that has not changed since it was read.
#[put("/books/{id}")]
pub(super) async fn replace_book(
    _: Auth<BooksWrite>,
    id: Path<i64>,
    seen: IfMatch,
    new: Json<NewBook>,
    db: Db,
) -> Result<Tagged<Json<Book>>, BookError> {
    let (id, seen, new) = (*id, &seen, &*new);
    db.transaction_with(serializable(), |tx| async move {
        seen.check(&ETag::of(&find(id, &tx).await?))?;
        update(id, new, &tx).await.map(Book::tagged)
    })
    .await
}

/// Change members of a book; with If-Match only of one that has not changed since it was read.
#[patch("/books/{id}")]
pub(super) async fn change_book(
    _: Auth<BooksWrite>,
    id: Path<i64>,
    seen: Option<IfMatch>,
    patch: MergePatch<NewBook>,
    db: Db,
) -> Result<Tagged<Json<Book>>, BookError> {
    let (id, seen, patch) = (*id, seen.as_ref(), &patch);
    db.transaction_with(serializable(), |tx| async move {
        let book = find(id, &tx).await?;
        if let Some(seen) = seen {
            seen.check(&ETag::of(&book))?;
        }
        let changed = patch.apply(&book.changeable())?;
        update(id, &changed, &tx).await.map(Book::tagged)
    })
    .await
}

async fn update(id: i64, new: &NewBook, tx: &Executor) -> Result<Book, BookError> {
    let NewBook { title, author, published, price, stock } = new;
    tx.execute(sql!(
        "UPDATE books
         SET title = {title}, author = {author}, published = {published}, price = {price}, stock = {stock}
         WHERE id = {id}"
    ))
    .await?;
    find(id, tx).await
}

/// Delete a book; with If-Match only one that has not changed since it was read.
#[delete("/books/{id}")]
pub(super) async fn delete_book(
    _: Auth<BooksWrite>,
    id: Path<i64>,
    seen: Option<IfMatch>,
    db: Db,
) -> Result<NoContent, BookError> {
    let (id, seen) = (*id, seen.as_ref());
    db.transaction_with(serializable(), |tx| async move {
        let book = find(id, &tx).await?;
        if let Some(seen) = seen {
            seen.check(&ETag::of(&book))?;
        }
        tx.execute(sql!("DELETE FROM books WHERE id = {id}")).await?;
        Ok(NoContent)
    })
    .await
}
