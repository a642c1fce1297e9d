//! What would be published: every crate can be packed, and none is too large.

use crate::process;
use crate::report::Outcome;
use crate::workspace::{BUILD_LIMIT, Workspace};

/// A user downloads each crate whole, so that a file which slipped in costs everybody.
const MOST: u64 = 1024 * 1024;

pub(super) fn run(workspace: &Workspace) -> Result<Outcome, String> {
    // The build of what is packed would be the build that all other steps have done.
    let mut command = workspace.cargo(&["package", "--workspace", "--no-verify", "--allow-dirty"]);
    for package in workspace.packages.iter().filter(|package| !package.published) {
        command.args(["--exclude", &package.name]);
    }
    process::run(&mut command, BUILD_LIMIT)?;
    let (mut total, mut large) = (0, Vec::new());
    for package in workspace.packages.iter().filter(|package| package.published) {
        let name = format!("{}-{}.crate", package.name, package.version);
        let file = workspace.target.join("package").join(&name);
        let size = std::fs::metadata(&file).map_err(|error| format!("{name}: {error}"))?.len();
        total += size;
        if size > MOST {
            large.push(format!("{name} has {size} bytes, of {MOST} at most"));
        }
    }
    if large.is_empty() { Ok(Outcome::noted(format!("{} KiB in all", total / 1024))) } else { Err(large.join("\n")) }
}
