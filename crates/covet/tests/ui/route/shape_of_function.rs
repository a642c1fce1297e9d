//! Functions that cannot be handlers.

#[covet::get("/sync")]
fn sync() -> &'static str {
    ""
}

#[covet::get("/nothing")]
async fn nothing() {}

#[covet::get("/generic")]
async fn generic<T>() -> &'static str {
    ""
}

#[covet::get]
async fn pathless() -> &'static str {
    ""
}

#[covet::get("/x", colour = "red")]
async fn setting() -> &'static str {
    ""
}

fn main() {}
