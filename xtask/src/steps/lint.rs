//! Format, lints and the edges between crates.

use crate::report::Outcome;
use crate::workspace::{BUILD_LIMIT, SHORT_LIMIT, Workspace};
use crate::{edges, process};

pub(super) fn format(workspace: &Workspace) -> Result<Outcome, String> {
    process::run(&mut workspace.cargo(&["fmt", "--all", "--check"]), SHORT_LIMIT)?;
    let tool = ["fmt", "--check", "--manifest-path", "xtask/tools/coverage/Cargo.toml"];
    process::run(&mut workspace.cargo(&tool), SHORT_LIMIT)?;
    Ok(Outcome::passed())
}

pub(super) fn clippy(workspace: &Workspace) -> Result<Outcome, String> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-Dwarnings"];
    process::run(&mut workspace.cargo(&arguments), BUILD_LIMIT)?;
    Ok(Outcome::passed())
}

pub(super) fn edges(workspace: &Workspace) -> Result<Outcome, String> {
    let faults = edges::faults(&workspace.packages);
    if faults.is_empty() {
        return Ok(Outcome::noted(format!("{} crates", workspace.packages.len())));
    }
    Err(faults.join("\n"))
}
