//! Each feature of the packages that have some, alone: it builds, and its tests pass.

use crate::process;
use crate::report::Outcome;
use crate::workspace::{BUILD_LIMIT, Package, Workspace};
use std::process::Command;

/// The packages whose features a user chooses from.
const PACKAGES: &[&str] = &["covet-db", "covet-rs"];

/// Features that are nothing but others together; the tests of the whole workspace cover those.
const SUMS: &[&str] = &["default", "full"];

pub(super) fn run(workspace: &Workspace) -> Result<Outcome, String> {
    let runner = Runner::find(workspace);
    let mut failed = Vec::new();
    let mut count = 0;
    for name in PACKAGES {
        let package = workspace.package(name).ok_or_else(|| format!("there is no package {name}"))?;
        println!("--- {name} without features");
        let bare = ["check", "--package", name, "--no-default-features"];
        if let Err(failure) = process::run(&mut workspace.cargo(&bare), BUILD_LIMIT) {
            failed.push(format!("{name} without features: {failure}"));
        }
        for feature in alone(package) {
            if process::interrupted() {
                return Err(process::Failure::Interrupted.into());
            }
            println!("--- {name} with `{feature}` alone");
            let choice = ["--package", name, "--no-default-features", "--features", feature];
            let mut command = runner.command(workspace, &choice);
            if let Err(failure) = process::run(&mut command, BUILD_LIMIT) {
                failed.push(format!("{name} with `{feature}` alone: {failure}"));
            }
            if workspace.full {
                let mut command = workspace.cargo(&["clippy", "--all-targets"]);
                command.args(choice).args(["--", "-Dwarnings"]);
                if let Err(failure) = process::run(&mut command, BUILD_LIMIT) {
                    failed.push(format!("{name} with `{feature}` alone: {failure}"));
                }
            }
            count += 1;
        }
    }
    if failed.is_empty() { Ok(Outcome::noted(format!("{count} features"))) } else { Err(failed.join("\n")) }
}

fn alone(package: &Package) -> impl Iterator<Item = &str> {
    package.features.iter().map(String::as_str).filter(|feature| !SUMS.contains(feature))
}

/// What runs the tests: cargo-nextest where it is installed, or else Cargo itself.
#[derive(Debug)]
pub(super) enum Runner {
    Nextest,
    Cargo,
}

impl Runner {
    pub(super) fn find(workspace: &Workspace) -> Self {
        let mut command = workspace.cargo(&["nextest", "--version"]);
        command.stderr(std::process::Stdio::null());
        match process::output(&mut command, crate::workspace::SHORT_LIMIT) {
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

#[cfg(test)]
mod choice {
    use super::*;

    #[test]
    fn sums_and_inner_features_are_left_out() {
        let features = ["default", "docs", "full", "sqlite"].map(str::to_owned).to_vec();
        let package = Package { features, ..Package::default() };
        assert_eq!(alone(&package).collect::<Vec<_>>(), ["docs", "sqlite"]);
    }
}
