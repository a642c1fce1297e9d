//! A result that cannot be answered.

struct Book;

/// A book.
#[covet::get("/book")]
async fn book() -> Book {
    Book
}

fn main() {
    let _ = covet::routes![book];
}
