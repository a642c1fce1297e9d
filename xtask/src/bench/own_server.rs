//! A database server of the bench's own, which ends with it.

use crate::workspace::Workspace;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. It ends by itself when nobody holds the file `users` any more.
pub(super) struct OwnServer {
    pub(super) port: u16,
    _users: File,
}

impl OwnServer {
    /// Starts a program by the script with which the tests start theirs: `postgres` or `mysql`.
    pub(super) fn start(workspace: &Workspace, script: &str, program: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{} did not start: {error}", program.display());
        let folder = std::env::temp_dir().join(format!("covet-bench-{script}-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(told)?;
        let users = File::create(folder.join("users")).map_err(told)?;
        users.lock_shared().map_err(told)?;
        File::create(folder.join("starting")).map_err(told)?;
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).map_err(told)?.port();
        let mut shell = Command::new("sh");
        shell.arg(workspace.root.join(format!("crates/covet-testsuite/src/servers/{script}.sh")));
        shell.arg(&folder).arg(program).arg(port.to_string());
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(told)?;
        let deadline = Instant::now() + PATIENCE;
        while !folder.join("port").exists() {
            if Instant::now() > deadline {
                return Err(format!("{} did not start; see {}", program.display(), folder.display()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(Self { port, _users: users })
    }
}
