//! An argument that the path does not have.

use covet::Path;

/// A book.
#[covet::get("/books/{id}")]
async fn book(id: Path<i64>, page: Path<u32>) -> &'static str {
    "book"
}

fn main() {
    let _ = covet::routes![book];
}
