//! A `main` that answers nothing.

#[covet::main]
async fn main() {}
