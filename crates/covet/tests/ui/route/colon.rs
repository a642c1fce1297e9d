//! A parameter in the way of another framework.

use covet::Path;

/// A book.
#[covet::get("/books/:id")]
async fn book(id: Path<i64>) -> String {
    id.to_string()
}

fn main() {
    let _ = covet::routes![book];
}
