#[derive(covet_db::FromRow)]
#[from_row(crate = "covet_db")]
enum Book {
    Paper,
}

fn main() {}
