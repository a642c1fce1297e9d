//! Parts of Covet beside the library that a user would take instead, in CPU time of one process. Ratios are what counts.
//!
//! `cargo run --release [-- --quick]` prints the tables.

#[path = "../../templates/src/clock.rs"]
mod clock;
mod routing;
mod validation;

fn main() {
    let batches = if std::env::args().any(|argument| argument == "--quick") { 5 } else { 25 };
    validation::measure(batches);
    routing::measure(batches);
}
