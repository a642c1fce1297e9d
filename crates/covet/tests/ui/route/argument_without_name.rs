//! An argument whose parameters nobody can name.

use covet::Path;

/// A page.
#[covet::get("/books/{id}/pages/{page}")]
async fn page(Path((_id, _page)): Path<(i64, u32)>) -> &'static str {
    "page"
}

fn main() {
    let _ = covet::routes![page];
}
