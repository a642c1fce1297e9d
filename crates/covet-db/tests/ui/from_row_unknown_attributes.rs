#[derive(covet_db::FromRow)]
#[from_row(crate = "covet_db")]
struct Book {
    #[from_row(renamed = "x")]
    id: i64,
    #[from_row(json, skip)]
    title: String,
    #[from_row(rename = 7)]
    price: i64,
}

fn main() {}
