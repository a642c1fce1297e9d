//! Each feature of the packages that have some, alone: it builds, and its tests pass.

use super::runner::Runner;
use crate::process;
use crate::report::Outcome;
use crate::workspace::{BUILD_LIMIT, Package, Workspace};
use std::process::Command;

/// The packages whose features a user chooses from.
const PACKAGES: &[&str] = &["covet-db", "covet-rs"];

/// Those that are of use without any feature; a database layer without a database is not.
const BARE: &[&str] = &["covet-rs"];

/// Features that are nothing but others together; the tests of the whole workspace cover those.
const SUMS: &[&str] = &["default", "full"];

/// Those that add to another one, and are tested with it: package, feature, what it adds to.
const ADDITIONS: &[(&str, &str, &str)] = &[("covet-db", "tls", "postgres")];

pub(super) fn run(workspace: &Workspace) -> Result<Outcome, String> {
    let runner = Runner::find(workspace);
    let mut count = 0;
    let mut failed = Vec::new();
    let mut attempt = |what: String, mut command: Command| {
        if process::interrupted() {
            return;
        }
        println!("--- {what}");
        if let Err(failure) = process::run(&mut command, BUILD_LIMIT) {
            failed.push(format!("{what}: {failure}"));
        }
    };
    for name in PACKAGES {
        let package = workspace.package(name).ok_or_else(|| format!("there is no package {name}"))?;
        if BARE.contains(name) {
            let bare = ["check", "--package", name, "--no-default-features"];
            attempt(format!("{name} without features"), workspace.cargo(&bare));
        }
        for feature in alone(package) {
            let addition = ADDITIONS.iter().find(|(package, addition, _)| package == name && *addition == feature);
            let feature = addition.map_or(feature.to_owned(), |(_, _, base)| format!("{base},{feature}"));
            let choice = ["--package", name, "--no-default-features", "--features", &feature];
            attempt(format!("{name} with `{feature}` alone"), runner.command(workspace, &choice));
            if workspace.full {
                let mut clippy = workspace.cargo(&["clippy", "--all-targets"]);
                clippy.args(choice).args(["--", "-Dwarnings"]);
                attempt(format!("clippy of {name} with `{feature}` alone"), clippy);
            }
            count += 1;
        }
    }
    if process::interrupted() {
        return Err(process::Failure::Interrupted.into());
    }
    if failed.is_empty() { Ok(Outcome::noted(format!("{count} features"))) } else { Err(failed.join("\n")) }
}

fn alone(package: &Package) -> impl Iterator<Item = &str> {
    let features = package.features.iter().map(String::as_str);
    // An underscore marks a feature that others turn on, and that no user chooses.
    features.filter(|feature| !SUMS.contains(feature) && !feature.starts_with('_'))
}

#[cfg(test)]
mod choice {
    use super::*;

    #[test]
    fn sums_and_inner_features_are_left_out() {
        let features = ["_db", "default", "docs", "full", "sqlite"].map(str::to_owned).to_vec();
        let package = Package { features, ..Package::default() };
        assert_eq!(alone(&package).collect::<Vec<_>>(), ["docs", "sqlite"]);
    }
}
