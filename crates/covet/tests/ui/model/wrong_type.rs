//! A rule on a value that it does not apply to.

#[covet::model]
struct Book {
    #[check(length(min = 1))]
    price: i64,
    #[check(range(min = 1))]
    title: String,
    #[check(items(max = 3))]
    author: String,
    #[check(unique)]
    ratings: Vec<f64>,
}

fn main() {}
