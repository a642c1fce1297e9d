//! Two arguments that read the body.

use covet::{Body, Json, NoContent};

/// Add a book.
#[covet::post("/books")]
async fn add(title: Json<String>, body: Body) -> NoContent {
    let _ = (title, body);
    NoContent
}

fn main() {
    let _ = covet::routes![add];
}
