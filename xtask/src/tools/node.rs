//! Packages of npm, pinned by the lock file in `xtask/tools/node`.

use super::{INSTALL_LIMIT, once};
use crate::process;
use crate::workspace::Workspace;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The folder `node_modules` with the locked packages.
pub(crate) fn modules(workspace: &Workspace) -> Result<PathBuf, String> {
    if !process::succeeds("npm", &["--version"]) {
        return Err("npm is missing; install it by: apt-get install npm".into());
    }
    let source = workspace.root.join("xtask/tools/node");
    let folder = workspace.tool("node");
    let lock = source.join("package-lock.json");
    let pin = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    once(&folder, &pin, || {
        for file in ["package.json", "package-lock.json"] {
            let copied = fs::copy(source.join(file), folder.join(file));
            copied.map_err(|error| format!("{file}: {error}"))?;
        }
        let mut command = Command::new("npm");
        // No package has a reason to run a script of its own while it is installed.
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
        Ok(process::run(command.current_dir(&folder), INSTALL_LIMIT)?)
    })?;
    Ok(folder.join("node_modules"))
}
