//! What runs the tests.

use crate::process;
use crate::workspace::{SHORT_LIMIT, Workspace};
use std::process::{Command, Stdio};

/// cargo-nextest where it is installed, or else Cargo itself.
#[derive(Debug)]
pub(super) enum Runner {
    Nextest,
    Cargo,
}

impl Runner {
    pub(super) fn find(workspace: &Workspace) -> Self {
        let mut command = workspace.cargo(&["nextest", "--version"]);
        command.stderr(Stdio::null());
        match process::output(&mut command, SHORT_LIMIT) {
            Ok(_) => Self::Nextest,
            Err(_) => Self::Cargo,
        }
    }

    /// The command that runs the chosen packages' tests, without those in documentation.
    pub(super) fn command(&self, workspace: &Workspace, choice: &[&str]) -> Command {
        let arguments: &[&str] = match self {
            Self::Nextest => &["nextest", "run", "--no-fail-fast", "--no-tests=pass"],
            Self::Cargo => &["test", "--no-fail-fast", "--all-targets"],
        };
        let mut command = workspace.cargo(arguments);
        command.args(choice);
        command
    }

    /// What is said where the better runner is missing.
    pub(super) fn lacking(&self) -> Option<String> {
        let advice = "install it by: cargo install --locked cargo-nextest";
        matches!(self, Self::Cargo).then(|| format!("run by `cargo test`, as cargo-nextest is missing; {advice}"))
    }
}
