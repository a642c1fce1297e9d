//! Python packages, in a virtual environment for each file of requirements.

use super::{INSTALL_LIMIT, debian, once};
use crate::process;
use crate::workspace::Workspace;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The folder of the programs that `xtask/tools/python/NAME.txt` names, installed.
pub(crate) fn environment(workspace: &Workspace, name: &str) -> Result<PathBuf, String> {
    let requirements = workspace.root.join(format!("xtask/tools/python/{name}.txt"));
    let pin = fs::read_to_string(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    let folder = workspace.tool(&format!("python-{name}"));
    once(&folder, &pin, || {
        // Debian ships Python without the part that makes environments.
        if !process::succeeds("python3", &["-c", "import ensurepip, venv"]) {
            debian::install("/usr/lib/python3/dist-packages/pip", &["python3-venv", "python3-pip"])?;
        }
        let mut command = Command::new("python3");
        process::run(command.args(["-m", "venv"]).arg(&folder), INSTALL_LIMIT)?;
        let mut command = Command::new(folder.join("bin/python"));
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        Ok(process::run(command.arg("--requirement").arg(&requirements), INSTALL_LIMIT)?)
    })?;
    Ok(folder.join("bin"))
}
