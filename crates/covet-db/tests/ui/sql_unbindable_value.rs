struct Path(i64);

fn main() {
    let id = Path(7);
    let _ = covet_db::sql!("SELECT * FROM users WHERE id = {id}");
}
