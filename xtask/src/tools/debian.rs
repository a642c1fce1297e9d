//! What the tests need from the machine itself, and the Debian packages that have it.

use super::INSTALL_LIMIT;
use crate::process;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that tests start.
struct Need {
    /// Where Debian's package puts it; `*` is the newest of several versions.
    program: &'static str,
    packages: &'static [&'static str],
    /// The variable that tells the tests where it is; without it they skip what needs it.
    variable: &'static str,
    /// What is not tested without it.
    purpose: &'static str,
}

/// One entry for each program.
const NEEDS: &[Need] = &[
    Need {
        program: "/usr/bin/chromium",
        packages: &["chromium"],
        variable: "COVET_TEST_CHROMIUM",
        purpose: "the docs page in a real browser",
    },
    Need {
        program: "/usr/lib/postgresql/*/bin/postgres",
        packages: &["postgresql"],
        variable: "COVET_TEST_POSTGRES",
        purpose: "the database layer on PostgreSQL",
    },
    Need {
        program: "/usr/sbin/mariadbd",
        packages: &["mariadb-server"],
        variable: "COVET_TEST_MYSQL",
        purpose: "the database layer on MariaDB",
    },
    Need {
        program: "/usr/sbin/pgbouncer",
        packages: &["pgbouncer"],
        variable: "COVET_TEST_PGBOUNCER",
        purpose: "PostgreSQL behind a pooler",
    },
];

/// What could be brought up for the tests, and what could not.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// Environment variables for the tests.
    pub(crate) variables: Vec<(&'static str, PathBuf)>,
    /// What is missing, in words, with the way to get it.
    pub(crate) lacking: Vec<String>,
}

/// Brings up all that the tests need.
pub(crate) fn bring_up() -> Surroundings {
    let mut surroundings = Surroundings::default();
    for need in NEEDS {
        if let Some(path) = std::env::var_os(need.variable) {
            surroundings.variables.push((need.variable, path.into()));
            continue;
        }
        match install(need.program, need.packages) {
            Ok(program) => surroundings.variables.push((need.variable, program)),
            Err(why) => surroundings.lacking.push(format!("not tested: {} ({why})", need.purpose)),
        }
    }
    surroundings
}

/// Where a program is; of several versions the newest.
fn find(program: &str) -> Option<PathBuf> {
    let Some((before, after)) = program.split_once('*') else {
        return Path::new(program).exists().then(|| program.into());
    };
    let versions = std::fs::read_dir(before).ok()?.flatten();
    let found = versions.filter_map(|entry| {
        let version = entry.file_name().to_str()?.parse::<u32>().ok()?;
        let path = PathBuf::from(format!("{before}{version}{after}"));
        path.exists().then_some((version, path))
    });
    found.max().map(|(_, path)| path)
}

/// Sees to it that a program is there, by `apt-get` where that is allowed, and tells where.
pub(crate) fn install(program: &str, packages: &[&str]) -> Result<PathBuf, String> {
    if let Some(found) = find(program) {
        return Ok(found);
    }
    let advice = format!("install it by: apt-get install {}", packages.join(" "));
    let mut command = privileged("apt-get").ok_or_else(|| advice.clone())?;
    println!("installing {}", packages.join(" "));
    let update = process::run(command.arg("update").arg("-qq"), INSTALL_LIMIT);
    update.map_err(|failure| format!("{failure}; {advice}"))?;
    let mut command = privileged("apt-get").ok_or_else(|| advice.clone())?;
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    process::run(&mut command, INSTALL_LIMIT).map_err(|failure| format!("{failure}; {advice}"))?;
    find(program).ok_or(advice)
}

/// The command as root: as it is for root, by `sudo` where that asks no password.
fn privileged(program: &str) -> Option<Command> {
    if !process::succeeds(program, &["--version"]) {
        return None;
    }
    #[cfg(unix)]
    if rustix::process::geteuid().is_root() {
        return Some(Command::new(program));
    }
    if process::succeeds("sudo", &["-n", "true"]) {
        let mut command = Command::new("sudo");
        command.args(["-n", "--preserve-env=DEBIAN_FRONTEND", program]);
        return Some(command);
    }
    None
}
