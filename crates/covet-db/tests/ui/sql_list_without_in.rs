fn main() {
    let ids = [1, 2];
    let _ = covet_db::sql!("SELECT * FROM users WHERE id = {ids*}");
}
