//! Parts beside the libraries that a user would take instead, and the packages' own benchmarks.

use crate::process;
use crate::workspace::Workspace;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Programs of their own, each with a table of ratios.
const BESIDE: [&str; 3] = ["micro", "templates", "jose"];

/// Runs the programs, then the benchmarks of every package that has some.
pub(super) fn run(workspace: &Workspace, is_quick: bool) -> Result<bool, String> {
    for name in BESIDE {
        println!("\nbench/{name}\n");
        let mut command = workspace.cargo(&["run", "--quiet", "--release", "--manifest-path"]);
        command
            .arg(format!("bench/{name}/Cargo.toml"))
            .env("CARGO_TARGET_DIR", workspace.target.join("bench").join(name));
        if is_quick {
            command.args(["--", "--quick"]);
        }
        process::run(&mut command, LIMIT)?;
    }
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
