//! An error that is no problem.

use covet::NoContent;

struct Failed;

/// Try.
#[covet::post("/try")]
async fn attempt() -> Result<NoContent, Failed> {
    Err(Failed)
}

fn main() {
    let _ = covet::routes![attempt];
}
