//! All mistakes are said at once, each with what is allowed.

#[covet::model(deny_unknwon)]
struct Book {
    #[check(lenght(min = 1))]
    title: String,
    #[check(range(minimum = 0))]
    price: i64,
    #[check(length(min = 5, max = 1), email, email)]
    author: String,
    #[check(length(), pattern = "(", multiple_of = 0)]
    isbn: String,
    #[check(range(min = 0, exclusive_min = 1))]
    pages: i64,
}

fn main() {}
