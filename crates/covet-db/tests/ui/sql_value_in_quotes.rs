fn main() {
    let name = "Ada";
    let _ = covet_db::sql!("SELECT * FROM users WHERE name = '{name}'");
}
