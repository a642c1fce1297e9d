//! One PostgreSQL server for all tests that run at the time, each of which gets a database of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use covet_db::{Db, Ident, sql};

use super::shared::{self, Use};

/// The folder of the server's programs; none where it is not installed.
///
/// `COVET_TEST_POSTGRES` names the program `postgres` of the server to use. Without it the newest that is installed is used.
///
/// When there is none, `COVET_REQUIRE_POSTGRES` makes that a failure.
pub(super) fn program() -> Option<PathBuf> {
    let named = std::env::var_os("COVET_TEST_POSTGRES").map(PathBuf::from);
    let found = named.as_deref().and_then(Path::parent).map(Path::to_owned).or_else(installed);
    let found = found.filter(|folder| folder.join("initdb").exists() && folder.join("postgres").exists());
    if found.is_none() {
        let required = named.is_some() || std::env::var_os("COVET_REQUIRE_POSTGRES").is_some();
        assert!(!required, "PostgreSQL is not installed, and the tests on it are required");
    }
    found
}

fn installed() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).find(|folder| folder.join("postgres").exists());
    versions.pop().map(|(_, folder)| folder).or(in_path)
}

/// Says so where there is no server.
pub(super) fn announced(program: Option<PathBuf>) -> Option<PathBuf> {
    if program.is_none() {
        #[expect(clippy::print_stderr, reason = "a test that tests nothing must say so")]
        {
            eprintln!("SKIPPED: PostgreSQL is not installed; this test tested nothing");
        }
    }
    program
}

/// The URL of a new, empty database. Says so and gives none where there is no server.
#[must_use]
pub fn fresh_database() -> Option<String> {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let binaries = announced(program())?;
    let port = server(&binaries);
    let name = format!("test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let url = move |database: &str| format!("postgres://covet@127.0.0.1:{port}/{database}");
    let admin = format!("{}?pool_min=0&pool_max=1", url("postgres"));
    let database = name.clone();
    // A case may be in a runtime already.
    let created = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let db = Db::connect(&admin).await.unwrap();
            let database = Ident::new(database).unwrap();
            db.execute(sql!("CREATE DATABASE {..database} TEMPLATE template0")).await.unwrap();
            db.close().await;
        });
    });
    created.join().unwrap();
    Some(url(&name))
}

/// The port of the server that this process uses until it ends.
fn server(binaries: &Path) -> u16 {
    static SERVER: OnceLock<Use> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let version: String = binaries.display().to_string().chars().filter(char::is_ascii_digit).collect();
        shared::server(&format!("postgres{version}"), include_str!("postgres.sh"), binaries)
    });
    server.port
}
