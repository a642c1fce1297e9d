static MIGRATIONS: covet_db::Migrations = covet_db::migrations!("no/such/folder");

fn main() {}
