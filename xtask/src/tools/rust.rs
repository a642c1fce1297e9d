//! Programs written in Rust, built from their published source.

use super::{INSTALL_LIMIT, once};
use crate::process;
use crate::workspace::Workspace;
use std::path::PathBuf;

/// The folder of the programs of one package, built once for each version.
pub(crate) fn programs(
    workspace: &Workspace,
    package: &str,
    version: &str,
) -> Result<PathBuf, String> {
    let folder = workspace.tool(package);
    once(&folder, version, || {
        println!("building {package} {version}, once");
        let mut command = workspace.cargo(&["install", "--quiet", "--locked", package]);
        command
            .arg("--version")
            .arg(format!("={version}"))
            .arg("--root")
            .arg(&folder);
        // A folder of its own, so that its build cannot be disturbed by what is built here.
        command.arg("--target-dir").arg(folder.join("build"));
        command.env("CARGO_PROFILE_RELEASE_DEBUG", "false");
        Ok(process::run(&mut command, INSTALL_LIMIT)?)
    })?;
    Ok(folder.join("bin"))
}
