//! A field whose type is no model.

#[derive(Debug)]
struct Cover;

#[covet::model]
struct Book {
    title: String,
    cover: Cover,
}

fn main() {}
