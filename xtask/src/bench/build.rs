//! Building a contender, and what that cost the first time.

use super::contender::Contender;
use crate::process;
use crate::workspace::{BUILD_LIMIT, SHORT_LIMIT, Workspace};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// A program, and what is known of its making.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) program: PathBuf,
    /// The processor time of a clean release build, in seconds.
    pub(crate) seconds: Option<f64>,
    /// How many packages it is made of.
    pub(crate) crates: Option<usize>,
    /// Its size in bytes.
    pub(crate) size: Option<u64>,
    /// Names and versions that matter.
    pub(crate) versions: Vec<String>,
}

/// Builds in release. The first build of a folder is a clean one, and what it took is kept beside it.
pub(super) fn build(workspace: &Workspace, contender: &Contender) -> Result<Built, String> {
    let folder = workspace.root.join(contender.folder);
    if contender.is_python() {
        let programs = super::python(workspace)?;
        let mut command = std::process::Command::new(programs.join("python"));
        command.args(["-m", "pip", "--disable-pip-version-check", "freeze"]);
        let frozen = process::output(&mut command, SHORT_LIMIT)?;
        let frozen = String::from_utf8_lossy(&frozen).into_owned();
        let told = ["fastapi==", "uvicorn==", "asyncpg==", "pydantic==", "Jinja2==", "PyJWT=="];
        let versions = frozen.lines().filter(|line| told.iter().any(|name| line.starts_with(name)));
        let versions = versions.map(|line| line.replace("==", " ")).collect();
        return Ok(Built { program: programs.join("uvicorn"), seconds: None, crates: None, size: None, versions });
    }
    let name = folder.file_name().unwrap_or_default();
    let target = workspace.target.join("bench").join(name);
    let manifest = folder.join("Cargo.toml");
    let cost = target.join("build.txt");
    let is_first = !cost.exists();
    if is_first {
        let mut fetch = workspace.cargo(&["fetch"]);
        process::run(fetch.arg("--manifest-path").arg(&manifest), BUILD_LIMIT)?;
        if target.exists() {
            fs::remove_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
        }
    }
    let before = children_seconds();
    let mut command = workspace.cargo(&["build", "--release"]);
    command.arg("--manifest-path").arg(&manifest).env("CARGO_TARGET_DIR", &target);
    process::run(&mut command, BUILD_LIMIT)?;
    if is_first {
        let text = format!("{:.1}\n", children_seconds() - before);
        fs::write(&cost, text).map_err(|error| format!("{}: {error}", cost.display()))?;
    }
    let mut tree = workspace.cargo(&["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    let tree = process::output(tree.arg("--manifest-path").arg(&manifest), SHORT_LIMIT)?;
    let tree = String::from_utf8_lossy(&tree).into_owned();
    let packages: BTreeSet<_> = tree.lines().map(|line| line.split(" (").next().unwrap_or(line)).collect();
    let told = |name: &&str| packages.iter().find(|package| package.split(" v").next() == Some(*name));
    let versions = contender.packages.iter().filter_map(told).map(|package| package.replace(" v", " ")).collect();
    let program = target.join("release").join(program_name(&manifest)?);
    let size = fs::metadata(&program).map_err(|error| format!("{}: {error}", program.display()))?.len();
    let seconds = fs::read_to_string(&cost).ok().and_then(|text| text.trim().parse().ok());
    Ok(Built { program, seconds, crates: Some(packages.len().saturating_sub(1)), size: Some(size), versions })
}

fn program_name(manifest: &std::path::Path) -> Result<String, String> {
    let text = fs::read_to_string(manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    name.map(str::to_owned).ok_or_else(|| format!("{} names no package", manifest.display()))
}

/// The processor time of all children that have ended.
fn children_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = super::server::stat_fields(&stat);
    let ticks = fields.get(13).zip(fields.get(14)).map_or(0, |(user, system)| user + system);
    ticks as f64 / 100.0
}
