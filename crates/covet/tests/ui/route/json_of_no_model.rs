//! A body of a type that is no model.

use covet::{Json, NoContent};

struct Book;

/// Add a book.
#[covet::post("/books")]
async fn add(book: Json<Book>) -> NoContent {
    let _ = book;
    NoContent
}

fn main() {
    let _ = covet::routes![add];
}
