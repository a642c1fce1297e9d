//! Our own tools in `xtask/tools`, each a workspace of its own, so that only who uses one builds it.

use super::INSTALL_LIMIT;
use crate::process;
use crate::workspace::Workspace;
use std::path::PathBuf;
use std::process::Command;

/// The program of the tool in `xtask/tools/NAME`, built with optimization.
pub(crate) fn program(workspace: &Workspace, name: &str) -> Result<PathBuf, String> {
    process::run(&mut command(workspace, name, "build"), INSTALL_LIMIT)?;
    let program = folder(workspace, name).join("release").join(name);
    Ok(program.with_extension(std::env::consts::EXE_EXTENSION))
}

/// Runs the tool's own tests.
pub(crate) fn test(workspace: &Workspace, name: &str) -> Result<(), process::Failure> {
    process::run(&mut command(workspace, name, "test"), INSTALL_LIMIT)
}

fn folder(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.tool(&format!("rust-{name}"))
}

fn command(workspace: &Workspace, name: &str, task: &str) -> Command {
    let mut command = workspace.cargo(&[task, "--release", "--locked"]);
    let manifest = workspace.root.join(format!("xtask/tools/{name}/Cargo.toml"));
    command.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(folder(workspace, name));
    command
}
