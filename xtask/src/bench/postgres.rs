//! PostgreSQL for the bench.

use super::own_server::OwnServer;
use crate::process;
use crate::tools::debian;
use crate::workspace::{SHORT_LIMIT, Workspace};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running server.
pub(super) struct Postgres {
    server: OwnServer,
    binaries: PathBuf,
}

impl Postgres {
    /// Starts the newest that is installed, by the script with which the tests start theirs.
    pub(super) fn start(workspace: &Workspace) -> Result<Self, String> {
        let mut binaries = debian::install("/usr/lib/postgresql/*/bin/postgres", &["postgresql"])?;
        binaries.pop();
        let server = OwnServer::start(workspace, "postgres", &binaries)?;
        Ok(Self { server, binaries })
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://covet@127.0.0.1:{}/postgres", self.server.port)
    }

    /// Runs the statements of a file.
    pub(super) fn run(&self, file: &Path) -> Result<(), String> {
        let mut command = Command::new(self.binaries.join("psql"));
        command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname"]).arg(self.url());
        Ok(process::run(command.arg("--file").arg(file), SHORT_LIMIT)?)
    }

    pub(super) fn version(&self) -> Result<String, String> {
        let mut command = Command::new(self.binaries.join("postgres"));
        let text = process::output(command.arg("--version"), SHORT_LIMIT)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(text.split_whitespace().nth(2).unwrap_or("unknown").to_owned())
    }
}
