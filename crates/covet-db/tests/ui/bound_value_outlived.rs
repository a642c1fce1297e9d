fn query<'a>() -> covet_db::Sql<'a> {
    let name = String::from("Ada");
    covet_db::sql!("SELECT {name}")
}

fn main() {}
