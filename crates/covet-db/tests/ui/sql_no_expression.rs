fn main() {
    let _ = covet_db::sql!("SELECT {1 +}");
}
