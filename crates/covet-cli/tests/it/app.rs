//! What looks into an app and migrates its database.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

/// A folder in which `covet` finds the app of `examples/shop.rs`, built already.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self::of(&example("shop"))
    }

    /// One in which `cargo run` would run another program.
    pub(crate) fn of(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cargo = folder.path().join("cargo");
        std::fs::write(&cargo, format!("#!/bin/sh\nexec {}\n", program.display())).unwrap();
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
        Folder(folder)
    }

    pub(crate) fn covet(&self, arguments: &[&str]) -> Output {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_covet"));
        command.args(arguments).current_dir(self.0.path()).env("CARGO", self.0.path().join("cargo"));
        command.env_remove("DATABASE_URL").env_remove("COVET_LOG").output().unwrap()
    }

    /// The names of what stands in it.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.covet(arguments);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn sql(&self, statement: &'static str) {
        let url = format!("sqlite:{}", self.0.path().join("shop.db").display());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let db = covet::Db::connect(&url).await.unwrap();
            db.execute(statement).await.unwrap();
            db.close().await;
        });
    }
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_covet")).parent().unwrap().join("examples").join(name)
}

fn states(report: &Value) -> Vec<&str> {
    report["migrations"].as_array().unwrap().iter().map(|entry| entry["state"].as_str().unwrap()).collect()
}

fn ends(output: &Output, code: i32, said: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(said), "{text}");
}

#[test]
fn routes_and_the_document_are_printed_without_a_database() {
    let folder = Folder::new();
    assert_eq!(folder.json(&["routes", "--json"])[0]["path"], "/count");
    assert_eq!(folder.json(&["openapi"])["info"]["title"], "Shop");
    let table = folder.covet(&["routes"]);
    assert!(String::from_utf8_lossy(&table.stdout).starts_with("GET  /count  "), "{table:?}");
    assert!(!folder.0.path().join("shop.db").exists());
}

#[test]
fn migrations_are_seen_and_applied() {
    let folder = Folder::new();
    assert_eq!(states(&folder.json(&["migrate", "status", "--json"])), ["pending", "pending"]);
    ends(&folder.covet(&["migrate", "status", "--check"]), 7, "2 migrations are pending");
    let up = folder.covet(&["migrate", "up"]);
    assert_eq!(String::from_utf8_lossy(&up.stdout), "applied 0001 books\napplied 0002 price\n", "{up:?}");
    assert_eq!(folder.json(&["migrate", "up", "--json"]), json!({ "migrations": [] }));
    assert_eq!(states(&folder.json(&["migrate", "status", "--json", "--check"])), ["applied", "applied"]);
    let status = folder.covet(&["migrate", "status"]);
    assert!(String::from_utf8_lossy(&status.stdout).starts_with("0001  books  applied  20"), "{status:?}");
}

#[test]
fn each_kind_of_failure_has_its_code() {
    let folder = Folder::new();
    ends(&folder.covet(&["migrate", "sideways"]), 2, "sideways");
    ends(&folder.covet(&["migrate", "up", "--database-url", "sqlite:/nowhere/at/all.db"]), 6, "could not be reached");
    ends(&folder.covet(&["migrate", "up", "--database-url", "oracle:x"]), 6, "oracle");
    assert!(folder.covet(&["migrate", "up"]).status.success());
    folder.sql("UPDATE covet_migrations SET checksum = '0' WHERE number = 1");
    let status = folder.covet(&["migrate", "status"]);
    assert!(String::from_utf8_lossy(&status.stdout).contains("books  edited"), "{status:?}");
    ends(&status, 5, "1 of the migrations do not agree");
    ends(&folder.covet(&["migrate", "up"]), 5, "was edited after it had been applied");
    ends(&Folder::of(Path::new("/bin/false")).covet(&["migrate", "up"]), 3, "did not run to its end");
    ends(&Folder::of(Path::new("/bin/true")).covet(&["migrate", "up"]), 4, "does not end in `App::serve`");
    ends(&Folder::of(Path::new("/bin/true")).covet(&["routes"]), 4, "does not end in `App::serve`");
}

/// Builds all that the project depends on, so it takes its time.
#[test]
fn a_new_project_builds_runs_and_passes_its_tests() {
    let folder = Folder::new();
    let covet = concat!(env!("CARGO_MANIFEST_DIR"), "/../covet");
    let made = folder.json(&["new", "my-shop", "--covet", covet, "--json"]);
    assert_eq!(made["created"].as_array().unwrap().len(), 9);
    ends(&folder.covet(&["new", "my-shop"]), 1, "exists");
    if std::env::var_os("COVET_TEST_FULL").is_none() {
        return;
    }
    let project = folder.0.path().join("my-shop");
    let cargo = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO"));
        command.args(arguments).current_dir(&project).env_remove("RUSTFLAGS").env_remove("DATABASE_URL");
        command.env("CARGO_TARGET_DIR", project.join("target")).output().unwrap()
    };
    let tests = cargo(&["test"]);
    assert!(tests.status.success(), "{tests:?}");
    let inspected =
        std::process::Command::new(project.join("target/debug/my-shop")).env("COVET_INSPECT", "routes").output();
    let routes: Value = serde_json::from_slice(&inspected.unwrap().stdout).unwrap();
    assert_eq!(routes[0]["path"], "/notes");
}

#[test]
fn a_new_migration_is_the_next_file() {
    let folder = Folder::new();
    let made = folder.json(&["migrate", "new", "add authors", "--json"]);
    assert_eq!(made, json!({ "created": ["migrations/0001_add_authors.sql"] }));
    let made = folder.covet(&["migrate", "new", "prices", "--for", "sqlite,postgres"]);
    let expected = "created migrations/sqlite/0002_prices.sql\ncreated migrations/postgres/0002_prices.sql\n";
    assert_eq!(String::from_utf8_lossy(&made.stdout), expected);
    ends(&folder.covet(&["migrate", "new", "…"]), 2, "is no name for a migration");
}
