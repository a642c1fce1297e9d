fn main() {
    let text = String::from("SELECT 1");
    let _ = covet_db::sql!(text);
}
