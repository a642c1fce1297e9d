struct Isbn(String);

#[derive(covet_db::FromRow)]
#[from_row(crate = "covet_db")]
struct Book {
    id: i64,
    isbn: Isbn,
}

fn main() {}
