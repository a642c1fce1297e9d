//! A model whose fields are not the path's parameters.

use covet::Path;

/// A key.
#[covet::model]
struct Key {
    shop: String,
    book: i64,
}

/// A book.
#[covet::get("/shops/{shop}/books/{id}")]
async fn book(key: Path<Key>) -> String {
    format!("{} of {}", key.book, key.shop)
}

fn main() {
    let _ = covet::routes![book];
}
