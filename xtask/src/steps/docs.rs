//! The documentation: it builds without a warning, its links lead somewhere, its examples run.

use crate::report::Outcome;
use crate::workspace::{BUILD_LIMIT, Workspace};
use crate::{links, process};

pub(super) fn run(workspace: &Workspace) -> Result<Outcome, String> {
    // Programs have no public documentation, and one of them shares its name with the library.
    let arguments = ["doc", "--workspace", "--all-features", "--no-deps", "--lib"];
    let mut command = workspace.cargo(&arguments);
    process::run(command.env("RUSTDOCFLAGS", "-Dwarnings"), BUILD_LIMIT)?;
    let broken = links::broken(&workspace.root)?;
    if broken.is_empty() {
        return Ok(Outcome::passed());
    }
    Err(format!("links to files that do not exist:\n{}", broken.join("\n")))
}

pub(super) fn examples(workspace: &Workspace) -> Result<Outcome, String> {
    let arguments = ["test", "--doc", "--workspace", "--all-features"];
    process::run(&mut workspace.cargo(&arguments), BUILD_LIMIT)?;
    Ok(Outcome::passed())
}
