//! Line coverage, without a tool that the toolchain would have to download.
//!
//! The usual ways need LLVM's own programs in exactly the compiler's version. The tool in
//! `xtask/tools/coverage` reads the same data in plain Rust, whatever the version, and is built in
//! half a minute. Only the workspace's crates are instrumented: Cargo's workspace wrapper gives
//! them file names of their own, so that the dependencies are built once for both flavours.

use crate::process;
use crate::tools;
use crate::workspace::Workspace;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Below this share of lines the step fails.
pub(crate) const LEAST: f64 = 30.0;
/// What we aim at.
pub(crate) const AIM: f64 = 85.0;

const REPORT_LIMIT: Duration = Duration::from_secs(5 * 60);

/// The compiler's stand-in: what Cargo runs in place of `rustc` for the workspace's crates.
const WRAPPER: &str = "#!/bin/sh\nexec \"$@\" -Cinstrument-coverage\n";

/// How a build is instrumented, and where its data goes.
#[derive(Debug)]
pub(crate) struct Instrumentation {
    wrapper: PathBuf,
    profiles: PathBuf,
    /// The program that reads the data.
    reader: PathBuf,
    /// The instrumented programs and libraries, known once they are built.
    pub(crate) objects: Vec<PathBuf>,
}

impl Instrumentation {
    /// Gets the tool and an empty folder for the data.
    pub(crate) fn prepare(workspace: &Workspace) -> Result<Self, String> {
        if !cfg!(unix) {
            return Err("coverage is measured on Unix only".into());
        }
        let reader = tools::rust::program(workspace, "coverage")?;
        let wrapper = workspace.tool("instrument");
        let profiles = workspace.target.join("coverage");
        let prepare = || {
            if profiles.exists() {
                fs::remove_dir_all(&profiles)?;
            }
            fs::create_dir_all(&profiles)?;
            fs::write(&wrapper, WRAPPER)?;
            make_executable(&wrapper)
        };
        prepare().map_err(|error: std::io::Error| format!("coverage folder: {error}"))?;
        Ok(Self { wrapper, profiles, reader, objects: Vec::new() })
    }

    /// Makes a Cargo command build, and its tests write, what the report is made of.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.env("RUSTC_WORKSPACE_WRAPPER", &self.wrapper);
        // Up to four files for each program, into which all its processes merge what they saw.
        command.env("LLVM_PROFILE_FILE", self.profiles.join("%4m.profraw"));
    }

    /// Which lines ran, of the sources that are counted.
    pub(crate) fn measure(&self, workspace: &Workspace) -> Result<Lines, String> {
        let mut command = Command::new(&self.reader);
        command.arg(&self.profiles).args(&self.objects);
        let text = process::output(&mut command, REPORT_LIMIT)?;
        Ok(Lines::parse(&String::from_utf8_lossy(&text), &workspace.root))
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Lines that ran and lines that could have, for each file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lines {
    files: BTreeMap<PathBuf, (usize, usize)>,
}

impl Lines {
    /// Reads the tool's listing, `path<TAB>line<TAB>count` for each line.
    fn parse(text: &str, root: &Path) -> Self {
        let mut files = BTreeMap::new();
        for line in text.lines() {
            let Some((path, rest)) = line.split_once('\t') else {
                continue;
            };
            let Some((_, count)) = rest.split_once('\t') else {
                continue;
            };
            let Some(file) = counted(Path::new(path), root) else {
                continue;
            };
            let (ran, all) = files.entry(file).or_insert((0, 0));
            *ran += usize::from(count.parse::<i64>().is_ok_and(|count| count > 0));
            *all += 1;
        }
        Self { files }
    }

    /// The share of lines that ran, in per cent.
    pub(crate) fn percentage(&self) -> f64 {
        share(self.files.values().copied())
    }

    /// A table with one line for each crate.
    pub(crate) fn table(&self) -> String {
        let mut crates: BTreeMap<PathBuf, Vec<(usize, usize)>> = BTreeMap::new();
        for (file, lines) in &self.files {
            let folder: PathBuf = file.components().take(2).collect();
            crates.entry(folder).or_default().push(*lines);
        }
        let mut table = String::new();
        for (folder, lines) in crates {
            let all: usize = lines.iter().map(|(_, all)| all).sum();
            let share = share(lines.into_iter());
            table += &format!("{share:6.1} % of {all:6} lines  {}\n", folder.display());
        }
        table
    }

    /// The files with the most lines that no test ran.
    pub(crate) fn weakest(&self, count: usize) -> Vec<(&Path, usize)> {
        let missed = |(file, (ran, all)): (_, &(usize, usize))| (PathBuf::as_path(file), all - ran);
        let mut files: Vec<_> = self.files.iter().map(missed).collect();
        files.sort_by_key(|(_, missed)| std::cmp::Reverse(*missed));
        files.truncate(count);
        files
    }
}

/// A source that counts, relative to the root: the libraries and examples, not what tests them.
fn counted(path: &Path, root: &Path) -> Option<PathBuf> {
    let path = path.strip_prefix(root).ok()?;
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let top = parts.next()?;
    let name = parts.next()?;
    let inside = parts.next()?;
    let counts = matches!(&*top, "crates" | "examples") && name != "covet-testsuite";
    (counts && inside == "src").then(|| path.to_owned())
}

fn share(lines: impl Iterator<Item = (usize, usize)>) -> f64 {
    let (ran, all) = lines.fold((0, 0), |(ran, all), line| (ran + line.0, all + line.1));
    #[expect(clippy::cast_precision_loss, reason = "no workspace has 2^52 lines")]
    let share = if all == 0 { 0.0 } else { ran as f64 * 100.0 / all as f64 };
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\
/w/crates/covet/src/lib.rs\t2\t2
/w/crates/covet/src/lib.rs\t3\t0
/w/crates/covet/src/lib.rs\t4\t1
/w/crates/covet/tests/it.rs\t1\t1
/w/crates/covet-testsuite/src/lib.rs\t1\t1
/w/examples/bookshop/src/main.rs\t1\t0
/elsewhere/src/lib.rs\t1\t1
";

    #[test]
    fn sources_count_and_tests_do_not() {
        let lines = Lines::parse(LISTING, Path::new("/w"));
        let files: Vec<_> = lines.files.iter().map(|(file, n)| (file.to_str().unwrap(), *n)).collect();
        let expected = [("crates/covet/src/lib.rs", (2, 3)), ("examples/bookshop/src/main.rs", (0, 1))];
        assert_eq!(files, expected);
        assert!((lines.percentage() - 50.0).abs() < 0.001);
        assert!(lines.table().starts_with("  66.7 % of      3 lines  crates/covet\n"));
        assert_eq!(lines.weakest(1), [(Path::new("crates/covet/src/lib.rs"), 1)]);
    }

    #[test]
    fn nothing_measured_is_nothing_covered() {
        assert!(Lines::parse("", Path::new("/w")).percentage() < LEAST);
    }
}
