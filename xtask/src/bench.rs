//! `cargo xtask bench`: runs the benchmarks there are, and says so where there are none.

use crate::process;
use crate::workspace::Workspace;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Runs every benchmark of the workspace.
pub(crate) fn run(workspace: &Workspace) -> Result<bool, String> {
    let with_benches: Vec<&str> = workspace
        .packages
        .iter()
        .filter(|package| workspace.root.join(&package.folder).join("benches").is_dir())
        .map(|package| package.name.as_str())
        .collect();
    if with_benches.is_empty() {
        println!("There are no benchmarks yet: no package has a folder `benches`.");
        return Ok(true);
    }
    println!("Benchmarks of: {}", with_benches.join(", "));
    let mut command = workspace.cargo(&["bench", "--all-features", "--benches"]);
    for package in with_benches {
        command.args(["--package", package]);
    }
    process::run(&mut command, LIMIT)?;
    Ok(true)
}
