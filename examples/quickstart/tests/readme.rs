//! The README shows this very program.

#[test]
fn the_readme_shows_this_program() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");
    let readme = std::fs::read_to_string(format!("{root}README.md")).unwrap();
    let program = include_str!("../src/main.rs");
    assert!(
        readme.contains(&format!("```rust\n{program}```")),
        "README.md does not have examples/quickstart/src/main.rs"
    );
    let table = include_str!("../migrations/0001_books.sql");
    assert!(readme.contains(&format!("```sql\n{table}```")), "README.md does not have the quickstart's migration");
}
