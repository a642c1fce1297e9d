//! The reference application, looked into by the command line.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::app::Folder;

/// The Bookshop's program, which is built beside this one where the workspace is tested as a whole.
fn bookshop() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_covet")).with_file_name("bookshop");
    if !program.exists() {
        let target = program.parent().and_then(Path::parent).unwrap();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--package", "bookshop"]).env("CARGO_TARGET_DIR", target);
        assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
    }
    program
}

#[test]
fn the_bookshops_matrix_says_who_may_call_what() {
    let folder = Folder::of(&bookshop());
    let table = folder.covet(&["routes", "--auth"]);
    assert!(table.status.success(), "{table:?}");
    let table = String::from_utf8(table.stdout).unwrap();
    let line = |method: &str, path: &str| {
        let words = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut found = words.filter(|words| words[..2] == [method, path]);
        found.next().unwrap_or_else(|| panic!("{method} {path} is not in\n{table}"))[2..].join(" ")
    };
    assert_eq!(line("GET", "/api/books"), "everybody");
    assert_eq!(line("GET", "/api/me"), "whoever is known customer clerk admin");
    assert_eq!(line("POST", "/api/books"), "books:write clerk admin");
    assert_eq!(line("GET", "/api/orders"), "orders:read customer clerk admin");
    assert_eq!(line("GET", "/api/audit"), "audit:read admin");
    assert_eq!(line("GET", "/admin"), "users:admin admin");
    // Nothing was started for that.
    assert_eq!(folder.files(), ["cargo"]);
}
