//! `covet db` on the databases that there are.

use std::path::Path;

use covet_testsuite::servers::{fresh_mysql, fresh_postgres};
use serde_json::{Value, json};

use super::{answer, covet};

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    run_on(&file(folder, "shop.db"), folder, arguments)
}

fn run_on(url: &str, folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    answer(covet(folder, &[&["db", "--database-url", url], arguments].concat(), ""))
}

/// What was printed, where it went well.
fn ok(folder: &Path, arguments: &[&str]) -> String {
    ok_on(&file(folder, "shop.db"), folder, arguments)
}

fn ok_on(url: &str, folder: &Path, arguments: &[&str]) -> String {
    let (code, output, error) = run_on(url, folder, arguments);
    assert_eq!(code, 0, "{arguments:?}: {error}");
    output
}

fn file(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

#[test]
fn a_file_is_filled_asked_and_emptied_into_files() {
    let folder = tempfile::tempdir().unwrap();
    let (url, other) = (file(folder.path(), "shop.db"), file(folder.path(), "other.db"));
    fill_ask_and_empty(folder.path(), &url, &other, &["SQLite 3."]);
}

#[test]
fn postgresql_is_filled_asked_and_emptied_into_files() {
    let folder = tempfile::tempdir().unwrap();
    let Some(url) = fresh_postgres() else { return };
    // Rows go from one kind of database into another as well.
    let other = file(folder.path(), "other.db");
    fill_ask_and_empty(folder.path(), &url, &other, &["PostgreSQL "]);
}

#[test]
fn mysql_is_filled_asked_and_emptied_into_files() {
    let folder = tempfile::tempdir().unwrap();
    let Some(url) = fresh_mysql() else { return };
    let other = file(folder.path(), "other.db");
    fill_ask_and_empty(folder.path(), &url, &other, &["MariaDB ", "MySQL "]);
}

fn fill_ask_and_empty(folder: &Path, url: &str, other: &str, versions: &[&str]) {
    let ok = |arguments: &[&str]| ok_on(url, folder, arguments);
    std::fs::create_dir(folder.join("migrations")).unwrap();
    let create = "CREATE TABLE books (id INTEGER NOT NULL PRIMARY KEY, title TEXT, price REAL);";
    std::fs::write(folder.join("migrations/0001_create_books.sql"), create).unwrap();
    assert!(ok(&["migrate", "--status"]).contains("0001    create_books  pending"));
    assert!(ok(&["migrate"]).contains("applied"));
    assert_eq!(ok(&["migrate"]), "nothing is pending\n");

    std::fs::write(folder.join("books.csv"), "id,title\n1,Dune\n2,\"a, \"\"b\"\"\"\n3,\n").unwrap();
    assert_eq!(ok(&["copy", "books", "books.csv"]), "3 rows copied\n");
    std::fs::write(folder.join("more.ndjson"), "{\"id\":4,\"title\":\"é\",\"price\":1.5}\n\n{\"id\":5}\n").unwrap();
    assert_eq!(ok(&["--json", "copy", "books", "more.ndjson"]), "{\"rows\":2}\n");
    let text = ok(&["query", "SELECT id, title FROM books WHERE id < 3"]);
    assert_eq!(text, "id  title\n--  ------\n1   Dune\n2   a, \"b\"\n(2 rows)\n");
    let lines = ok(&["query", "--json", "SELECT * FROM books WHERE id > 3"]);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let row = |id: i64, title: Option<&str>, price: Option<f64>| json!({ "id": id, "title": title, "price": price });
    assert_eq!(lines, [row(4, Some("é"), Some(1.5)), row(5, None, None)]);
    assert_eq!(ok(&["query", "UPDATE books SET price = 2 WHERE id < 3"]), "2 rows changed\n");

    let csv = ok(&["export", "books"]);
    assert!(csv.lines().any(|line| line == "\"2\",\"a, \"\"b\"\"\",\"2\""), "{csv}");
    ok(&["export", "books", "--format", "ndjson", "--output", "out.ndjson"]);
    let written = std::fs::read_to_string(folder.join("out.ndjson")).unwrap();
    assert_eq!(written.lines().count(), 5);
    // Into another database, whose table is there.
    let there = |arguments: &[&str]| run_on(other, folder, arguments);
    assert_eq!(there(&["migrate"]).0, 0);
    assert_eq!(there(&["copy", "books", url]).1, "5 rows copied\n");
    assert!(there(&["query", "SELECT count(*) AS n FROM books"]).1.contains("\n5\n"));

    let info: Value = serde_json::from_str(&ok(&["info", "--json"])).unwrap();
    assert_eq!(info["tables"][0]["name"], "books");
    assert!(info["pool"]["size"].as_u64() > Some(0));
    let info = ok(&["info"]);
    assert!(versions.iter().any(|version| info.starts_with(version)), "{info}");
}

#[test]
fn each_kind_of_failure_has_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let without = answer(covet(folder, &["db", "info", "--database-url", ""], ""));
    assert_eq!(without.0, 2);
    let check = |arguments: &[&str], code: i32, message: &str| {
        let (found, _, error) = run(folder, arguments);
        assert!(found == code && error.contains(message), "{arguments:?}: {found} {error}");
    };
    check(&["query", "SELEKT 1"], 8, "syntax error");
    check(&["export", "nothing"], 2, "there is no table `nothing`");
    check(&["copy", "books", "books.xlsx"], 2, "does not end in .csv");
    check(&["migrate", "nowhere"], 2, "cannot be read");
    ok(folder, &["query", "CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL)"]);
    std::fs::write(folder.join("bad.ndjson"), "{\"id\":1,\"title\":\"x\"}\n{\"id\":2,\"titel\":\"y\"}\n").unwrap();
    check(&["copy", "books", "bad.ndjson"], 2, "bad.ndjson, line 2: the table has no column `titel`");
    std::fs::write(folder.join("bad.csv"), "id,title\n1,x\n2,\n").unwrap();
    check(&["copy", "books", "bad.csv"], 8, "NOT NULL");
    assert!(ok(folder, &["query", "SELECT count(*) FROM books"]).contains("\n0\n"), "all or nothing");
    let secret = "postgres://me:hunter2@127.0.0.1:1/x?attempts=1";
    let (code, _, error) = answer(covet(folder, &["db", "info", "--database-url", secret], ""));
    assert!(code == 6 && !error.contains("hunter2"), "{code} {error}");
}
