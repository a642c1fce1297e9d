fn main() {
    let _ = covet_db::sql!("SELECT * FROM users WHERE id = {id}");
}
