//! Attributes that stand where they mean nothing.

#[covet::model(input, output)]
#[derive(Debug, Clone, serde::Serialize)]
#[check(length(min = 1))]
struct Book<'a> {
    title: &'a str,
}

#[covet::model(deny_unknown)]
struct Page {
    #[serde(flatten)]
    #[check(items(min = 1))]
    position: Position,
}

#[covet::model]
struct Position {
    limit: u32,
}

#[covet::model(output)]
struct View {
    #[check(length(min = 1))]
    title: String,
}

#[covet::model]
enum Shape {
    #[check(range(min = 1))]
    Circle(f64),
}

#[covet::model]
fn book() {}

#[covet::model]
union Either {
    one: u32,
    other: f32,
}

fn main() {}
