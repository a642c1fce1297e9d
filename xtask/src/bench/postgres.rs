//! A PostgreSQL server of the bench's own, which ends with it.

use crate::process;
use crate::tools::debian;
use crate::workspace::{SHORT_LIMIT, Workspace};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. It ends by itself when nobody holds the file `users` any more.
pub(super) struct Postgres {
    port: u16,
    binaries: PathBuf,
    _users: File,
}

impl Postgres {
    /// Starts the newest that is installed, by the script with which the tests start theirs.
    pub(super) fn start(workspace: &Workspace) -> Result<Self, String> {
        let binaries = match installed() {
            Some(binaries) => binaries,
            None => {
                debian::install("/usr/lib/postgresql", &["postgresql"])?;
                installed().ok_or("PostgreSQL is not installed")?
            }
        };
        let told = |error: std::io::Error| format!("PostgreSQL did not start: {error}");
        let folder = std::env::temp_dir().join(format!("covet-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(told)?;
        let users = File::create(folder.join("users")).map_err(told)?;
        users.lock_shared().map_err(told)?;
        File::create(folder.join("starting")).map_err(told)?;
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).map_err(told)?.port();
        let mut shell = Command::new("sh");
        shell.arg(workspace.root.join("crates/covet-testsuite/src/servers/postgres.sh"));
        shell.arg(&folder).arg(&binaries).arg(port.to_string());
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(told)?;
        let deadline = Instant::now() + PATIENCE;
        while !folder.join("port").exists() {
            if Instant::now() > deadline {
                return Err(format!("PostgreSQL did not start; see {}", folder.display()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(Self { port, binaries, _users: users })
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://covet@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs the statements of a file.
    pub(super) fn run(&self, file: &Path) -> Result<(), String> {
        let mut command = Command::new(self.binaries.join("psql"));
        command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname"]).arg(self.url());
        Ok(process::run(command.arg("--file").arg(file), SHORT_LIMIT)?)
    }

    pub(super) fn version(&self) -> Result<String, String> {
        let mut command = Command::new(self.binaries.join("postgres"));
        let text = process::output(command.arg("--version"), SHORT_LIMIT)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(text.split_whitespace().nth(2).unwrap_or("unknown").to_owned())
    }
}

fn installed() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, binaries)| binaries.join("postgres").exists())
        .collect();
    versions.sort();
    versions.pop().map(|(_, binaries)| binaries)
}
