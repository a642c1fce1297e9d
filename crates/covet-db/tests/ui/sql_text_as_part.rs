fn main() {
    let part = String::from("OR 1 = 1");
    let _ = covet_db::sql!("SELECT * FROM users WHERE id = 1 {..part}");
}
