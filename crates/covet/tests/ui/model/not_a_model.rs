//! What a program reads and writes is a model.

use covet::validation::{In, Output, json, text};

struct Plain {
    title: String,
}

#[covet::model(output)]
struct View {
    title: String,
}

fn respond<T: Output>(_: T) {}

fn main() {
    let _: Result<Plain, _> = json::read(b"{}");
    let _: Result<View, _> = text::read_value("title", "a", In::Query);
    respond(Plain { title: String::new() });
}
