//! A server that all test processes of the moment share.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long starting a server may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process's use of the server, which ends with the process.
#[derive(Debug)]
pub(super) struct Use {
    _users: File,
    pub(super) port: u16,
    /// What the server's shell and the server say and keep.
    pub(super) folder: PathBuf,
}

/// Finds the server of this name that runs, or starts it by a script, which is given a folder, the program and a port.
pub(super) fn server(name: &str, script: &str, program: &Path) -> Use {
    let user = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap_or_default();
    let folder = std::env::temp_dir().join(format!("covet-{name}-{user}"));
    fs::create_dir_all(&folder).unwrap();
    let starting = File::create(folder.join("starting")).unwrap();
    starting.lock().unwrap();
    let users = File::create(folder.join("users")).unwrap();
    users.lock_shared().unwrap();
    let port = running(&folder).unwrap_or_else(|| start(&folder, script, program, &[]).0);
    Use { _users: users, port, folder }
}

/// Starts a server in a folder of its own, with options of its own. Its shell ends some seconds after this value, or at a signal.
pub(super) fn own(folder: &Path, script: &str, program: &Path, options: &[String]) -> (Use, Child) {
    let users = File::create(folder.join("users")).unwrap();
    users.lock_shared().unwrap();
    let (port, shell) = start(folder, script, program, options);
    (Use { _users: users, port, folder: folder.to_owned() }, shell)
}

/// The port of a server that answers.
fn running(folder: &Path) -> Option<u16> {
    let port = fs::read_to_string(folder.join("port")).ok()?.trim().parse().ok()?;
    std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(|_| port)
}

fn start(folder: &Path, script: &str, program: &Path, options: &[String]) -> (u16, Child) {
    // A shell that serves the last users may still be ending.
    let _ = fs::remove_file(folder.join("port"));
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg("server.sh").arg(folder).arg(program).arg(free.to_string()).args(options);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that an interrupted test run does not take it from others.
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    let mut shell = shell.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(port) = running(folder) {
            return (port, shell);
        }
        let ended = shell.try_wait().unwrap();
        assert!(ended.is_none() && Instant::now() < deadline, "the server did not start: {}", logs(folder));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What was said while it was made and started.
fn logs(folder: &Path) -> String {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    format!("{}{}{}", read("initdb.log"), read("install.log"), read("server.log"))
}
