//! The packages' own benchmarks.

use crate::process;
use crate::workspace::Workspace;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Runs the benchmarks of every package that has some.
pub(super) fn run(workspace: &Workspace) -> Result<bool, String> {
    let with_benches: Vec<&str> = workspace
        .packages
        .iter()
        .filter(|package| workspace.root.join(&package.folder).join("benches").is_dir())
        .map(|package| package.name.as_str())
        .collect();
    println!("Benchmarks of: {}", with_benches.join(", "));
    let mut command = workspace.cargo(&["bench", "--all-features", "--benches"]);
    for package in with_benches {
        command.args(["--package", package]);
    }
    process::run(&mut command, LIMIT)?;
    Ok(true)
}
