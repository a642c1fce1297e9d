fn main() {
    let table = "users";
    let _ = covet_db::sql!("SELECT * FROM \"{table}\"");
}
