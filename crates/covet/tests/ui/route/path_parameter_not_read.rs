//! A parameter of the path that no argument reads.

/// A book.
#[covet::get("/books/{id}")]
async fn book() -> &'static str {
    "book"
}

fn main() {
    let _ = covet::routes![book];
}
