//! One MySQL or MariaDB server for all tests that run at the time, each of which gets a database of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use covet_db::{Db, Ident, sql};

use super::private::open_folder;
use super::shared::{self, Use};

/// The server's program; none where it is not installed.
///
/// `COVET_TEST_MYSQL` names the program of the server to use. Without it the one that is installed is used. When there is
/// none, `COVET_REQUIRE_MYSQL` makes that a failure.
pub(super) fn program() -> Option<PathBuf> {
    let named = std::env::var_os("COVET_TEST_MYSQL").map(PathBuf::from);
    let installed = ["/usr/sbin/mariadbd", "/usr/sbin/mysqld"].map(PathBuf::from);
    let found = named.clone().into_iter().chain(installed).find(|program| program.exists());
    if found.is_none() {
        let required = named.is_some() || std::env::var_os("COVET_REQUIRE_MYSQL").is_some();
        assert!(!required, "neither MariaDB nor MySQL is installed, and the tests on it are required");
        #[expect(clippy::print_stderr, reason = "a test that tests nothing must say so")]
        {
            eprintln!("SKIPPED: neither MariaDB nor MySQL is installed; this test tested nothing");
        }
    }
    found
}

/// Whether it is MariaDB.
pub(super) fn is_mariadb(program: &Path) -> bool {
    let version = Command::new(program).arg("--version").output().unwrap();
    String::from_utf8_lossy(&version.stdout).contains("MariaDB")
}

/// The URL of a new, empty database. Says so and gives none where there is no server.
#[must_use]
pub fn fresh_database() -> Option<String> {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let port = server()?.port;
    let name = format!("test_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let url = move |database: &str| format!("mysql://covet@127.0.0.1:{port}/{database}");
    let admin = format!("{}?pool_min=0&pool_max=1", url(""));
    let database = name.clone();
    // A case may be in a runtime already.
    let created = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let db = Db::connect(&admin).await.unwrap();
            let database = Ident::new(database).unwrap();
            db.execute(sql!("DROP DATABASE IF EXISTS {..database}")).await.unwrap();
            db.execute(sql!("CREATE DATABASE {..database} CHARACTER SET utf8mb4")).await.unwrap();
            db.close().await;
        });
    });
    created.join().unwrap();
    Some(url(&name))
}

/// The file of the server's Unix socket.
#[must_use]
pub fn mysql_socket() -> Option<String> {
    let socket = std::fs::read_to_string(server()?.folder.join("socket")).ok()?;
    Some(socket.trim().to_owned())
}

/// A server of a test's own.
#[derive(Debug)]
pub struct PrivateMysql {
    server: Use,
    shell: Child,
    is_mariadb: bool,
    _folder: tempfile::TempDir,
}

impl PrivateMysql {
    /// Starts a server with files in a folder, which stands for `{}` in its options. None where neither MariaDB nor MySQL is
    /// installed, which has been told then.
    #[must_use]
    pub fn start(files: &[(&str, &str)], options: &[&str]) -> Option<Self> {
        let program = program()?;
        let is_mariadb = is_mariadb(&program);
        let folder = open_folder();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let place = folder.path().display().to_string();
        let options: Vec<_> = options.iter().map(|option| option.replace("{}", &place)).collect();
        let (server, shell) = shared::own(folder.path(), include_str!("mysql.sh"), &program, &options);
        Some(Self { server, shell, is_mariadb, _folder: folder })
    }

    /// Whether it is MariaDB.
    #[must_use]
    pub fn is_mariadb(&self) -> bool {
        self.is_mariadb
    }

    /// A URL of its database `mysql`.
    #[must_use]
    pub fn url(&self, options: &str) -> String {
        format!("mysql://covet@127.0.0.1:{}/mysql?{options}", self.server.port)
    }
}

impl Drop for PrivateMysql {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.shell.id().to_string()).status();
        let _ = self.shell.wait();
    }
}

/// The server that this process uses until it ends.
fn server() -> Option<&'static Use> {
    static SERVER: OnceLock<Option<Use>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        let program = program()?;
        let kind = if is_mariadb(&program) { "mariadb" } else { "mysql" };
        Some(shared::server(kind, include_str!("mysql.sh"), &program))
    });
    server.as_ref()
}
