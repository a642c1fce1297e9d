//! The workspace as Cargo describes it, and the commands that work on it.

use crate::coverage::Instrumentation;
use crate::process;
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Long enough for a cold build on two cores, short enough that a hang is noticed.
pub(crate) const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// For what answers at once unless something is wrong.
pub(crate) const SHORT_LIMIT: Duration = Duration::from_secs(60);

/// One package of the workspace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder of its manifest, relative to the root.
    pub(crate) folder: PathBuf,
    pub(crate) version: String,
    /// Whether it may go to a registry.
    pub(crate) published: bool,
    pub(crate) features: Vec<String>,
    /// The names of the packages that its manifest names, of every kind and target.
    pub(crate) dependencies: Vec<String>,
}

/// The workspace and what this run knows about it.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
    /// Whether the parts that take long belong to this run.
    pub(crate) full: bool,
    /// How the tests were built, once they ran under coverage.
    pub(crate) instrumentation: Option<Instrumentation>,
    cargo: OsString,
}

impl Workspace {
    /// Reads the workspace that this program was built from.
    pub(crate) fn load() -> Result<Self, String> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().ok_or("xtask does not stand in a workspace")?.to_owned();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(&cargo);
        command.current_dir(&root).args(["metadata", "--format-version=1", "--no-deps"]);
        let text = process::output(&mut command, SHORT_LIMIT)?;
        let metadata: Value = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
        let target = metadata["target_directory"].as_str().ok_or("no target directory")?.into();
        let packages = packages(&metadata, &root);
        Ok(Self { root, target, packages, full: false, instrumentation: None, cargo })
    }

    /// A Cargo command in the root.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Where this workspace keeps a tool that it installed for itself.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.target.join("tools").join(name)
    }

    /// A package by its name.
    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

fn packages(metadata: &Value, root: &Path) -> Vec<Package> {
    let list = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|value| package(value, root)).collect()
}

fn package(value: &Value, root: &Path) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let manifest = PathBuf::from(text(&value["manifest_path"]));
    let folder = manifest.parent().unwrap_or(&manifest);
    let dependencies = value["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let features = value["features"].as_object();
    Package {
        name: text(&value["name"]),
        version: text(&value["version"]),
        // No list of registries means that every one will do.
        published: value["publish"].is_null(),
        folder: folder.strip_prefix(root).unwrap_or(folder).to_owned(),
        features: features.map(|map| map.keys().cloned().collect()).unwrap_or_default(),
        dependencies: dependencies.iter().map(|value| text(&value["name"])).collect(),
    }
}
