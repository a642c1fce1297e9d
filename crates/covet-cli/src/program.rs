//! The program in the current folder.

use std::process::{Command, Output, Stdio};

use clap::Args;

use crate::error::Error;

/// Which program is looked into.
#[derive(Debug, Args)]
pub(crate) struct Program {
    /// The package, where the folder has several.
    #[arg(long, short)]
    package: Option<String>,
    /// Build and run it with the release profile.
    #[arg(long)]
    release: bool,
}

impl Program {
    /// Builds it and runs it with these variables in its environment. What it says on standard error is passed on.
    pub(crate) fn run(&self, variables: &[(&str, &str)]) -> Result<Output, Error> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["run", "--quiet"]);
        if let Some(package) = &self.package {
            cargo.args(["--package", package]);
        }
        if self.release {
            cargo.arg("--release");
        }
        // Only one of the two may be asked for, whatever this process inherited.
        cargo.env_remove("COVET_INSPECT").env_remove("COVET_MIGRATE").envs(variables.iter().copied());
        Ok(cargo.stderr(Stdio::inherit()).output()?)
    }
}
