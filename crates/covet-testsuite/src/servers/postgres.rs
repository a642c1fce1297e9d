//! One PostgreSQL server for all tests that run at the time, each of which gets a database of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use covet_db::{Db, Ident, sql};

/// How long starting a server may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

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
    static SERVER: OnceLock<(File, u16)> = OnceLock::new();
    let (_, port) = SERVER.get_or_init(|| {
        let user = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap_or_default();
        let version: String = binaries.display().to_string().chars().filter(char::is_ascii_digit).collect();
        let folder = std::env::temp_dir().join(format!("covet-postgres{version}-{user}"));
        fs::create_dir_all(&folder).unwrap();
        let starting = File::create(folder.join("starting")).unwrap();
        starting.lock().unwrap();
        let users = File::create(folder.join("users")).unwrap();
        users.lock_shared().unwrap();
        let port = running(&folder).unwrap_or_else(|| start(&folder, binaries));
        (users, port)
    });
    *port
}

/// The port of a server that answers.
fn running(folder: &Path) -> Option<u16> {
    let port = fs::read_to_string(folder.join("port")).ok()?.trim().parse().ok()?;
    std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(|_| port)
}

#[expect(clippy::zombie_processes, reason = "the shell outlives this process when others use its server")]
fn start(folder: &Path, binaries: &Path) -> u16 {
    // A shell that serves the last users may still be ending.
    let _ = fs::remove_file(folder.join("port"));
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(include_str!("postgres.sh")).arg("postgres.sh");
    shell.arg(folder).arg(binaries).arg(free.to_string());
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that an interrupted test run does not take it from others.
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    let mut shell = shell.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(port) = running(folder) {
            return port;
        }
        let ended = shell.try_wait().unwrap();
        assert!(ended.is_none() && Instant::now() < deadline, "PostgreSQL did not start; see {}", folder.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}
