//! The Bookshop as a program that other programs are tried against.

use crate::process;
use crate::workspace::{BUILD_LIMIT, Workspace};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// An empty folder.
pub(super) fn empty(folder: &Path) -> Result<(), String> {
    let told = |error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(told)?;
    }
    fs::create_dir_all(folder).map_err(told)
}

/// The running Bookshop; it ends with this value.
pub(super) struct Shop {
    child: Child,
    pub(super) address: String,
}

impl Shop {
    /// Starts it in a folder with its configuration, `bookshop.toml`, and an empty database.
    pub(super) fn start(workspace: &Workspace, folder: &Path) -> Result<Self, String> {
        process::run(&mut workspace.cargo(&["build", "--package", "bookshop"]), BUILD_LIMIT)?;
        let program = workspace.target.join("debug/bookshop").with_extension(std::env::consts::EXE_EXTENSION);
        let mut command = Command::new(&program);
        command.current_dir(folder).args([
            "--bind=127.0.0.1:0",
            "--database-url=sqlite:bookshop.db",
            "--config=bookshop.toml",
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let mut log = BufReader::new(child.stderr.take().ok_or("the bookshop has no standard error")?);
        let address = address(&mut log);
        // Read on, or the program would wait for room in the pipe.
        let file = fs::File::create(folder.join("bookshop.log"));
        std::thread::spawn(move || file.and_then(|mut file| std::io::copy(&mut log, &mut file)));
        let shop = Shop { child, address: address.clone().unwrap_or_default() };
        address.map(|_| shop).ok_or_else(|| "the bookshop did not start to serve".to_owned())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in the line that says what is served.
fn address(log: &mut impl BufRead) -> Option<String> {
    let mut lines = log.lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains("serving http://")))?;
    let (_, rest) = line.split_once("serving http://")?;
    rest.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod start {
    use super::address;

    #[test]
    fn the_address_is_read_from_the_log() {
        let log = "INFO a migration was applied\nINFO serving http://127.0.0.1:4711 address=…\nINFO more\n";
        assert_eq!(address(&mut log.as_bytes()), Some("127.0.0.1:4711".to_owned()));
        assert_eq!(address(&mut "it ended\n".as_bytes()), None);
    }
}
