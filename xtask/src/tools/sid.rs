//! Programs of Debian's unstable suite that run beside the system without being installed: newer servers than the
//! stable suite has, for full runs.
//!
//! The packages and all that they need, libc included, are unpacked into a folder under `target/tools`, by an apt that
//! has all its own state there. The suite moves, so there is no version to pin, and a run says which it got.

use super::{INSTALL_LIMIT, once};
use crate::process;
use crate::workspace::{SHORT_LIMIT, Workspace};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is to be had.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The name of its folder.
    pub(crate) name: &'static str,
    pub(crate) packages: &'static [&'static str],
    /// Where the packages put the program, without the leading slash.
    pub(crate) program: &'static str,
    /// Folders with libraries beside the system's usual one, without the leading slash.
    pub(crate) libraries: &'static [&'static str],
}

pub(crate) const PGBOUNCER: Tool =
    Tool { name: "sid-pgbouncer", packages: &["pgbouncer"], program: "usr/sbin/pgbouncer", libraries: &[] };

pub(crate) const MYSQL: Tool = Tool {
    name: "sid-mysql",
    packages: &["mysql-server-core"],
    program: "usr/sbin/mysqld",
    libraries: &["usr/lib/mysql", "usr/lib/mysql/private"],
};

impl Tool {
    /// A script that starts the program with the libraries of its own suite, in a folder that also has `root`, which is
    /// what the packages hold.
    pub(crate) fn fetch(&self, workspace: &Workspace) -> Result<PathBuf, String> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err("it is fetched for Linux on x86-64 only".into());
        }
        let folder = workspace.tool(self.name);
        let script = folder.join("start");
        once(&folder, &self.packages.join(" "), || {
            let mirror = mirror()?;
            let conf = configure(&folder, &mirror)?;
            let apt = |arguments: &[&str]| {
                let mut command = Command::new("apt-get");
                command.env("APT_CONFIG", &conf).args(["-qq", "-y"]).args(arguments).args(["-o", "Debug::NoLocking=1"]);
                command
            };
            process::run(&mut apt(&["update"]), INSTALL_LIMIT).map_err(String::from)?;
            let mut download = apt(&["install", "--download-only", "--no-install-recommends"]);
            process::run(download.args(self.packages), INSTALL_LIMIT).map_err(String::from)?;
            unpack(&folder)?;
            fs::write(&script, self.script(&folder)).map_err(|error| told(&script, error))?;
            let runs = fs::Permissions::from_mode(0o755);
            fs::set_permissions(&script, runs).map_err(|error| told(&script, error))
        })?;
        Ok(script)
    }

    fn script(&self, folder: &Path) -> String {
        let root = folder.join("root");
        let usual = ["usr/lib/x86_64-linux-gnu"];
        let libraries: Vec<String> =
            usual.iter().chain(self.libraries).map(|library| root.join(library).display().to_string()).collect();
        format!(
            "#!/bin/sh\nexec '{root}/usr/lib64/ld-linux-x86-64.so.2' --library-path '{libraries}' '{root}/{program}' \"$@\"\n",
            root = root.display(),
            libraries = libraries.join(":"),
            program = self.program,
        )
    }
}

/// Where this machine gets its Debian packages from.
fn mirror() -> Result<String, String> {
    let mut command = Command::new("apt-get");
    command.args(["indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian"]);
    let text =
        process::output(&mut command, SHORT_LIMIT).map_err(|failure| format!("{failure}; it takes Debian's apt"))?;
    let text = String::from_utf8_lossy(&text);
    text.lines().next().map(str::to_owned).ok_or_else(|| "apt knows no mirror of Debian".into())
}

/// An apt whose state is all in a folder, and which believes that nothing is installed.
fn configure(folder: &Path, mirror: &str) -> Result<PathBuf, String> {
    for inside in ["state/lists/partial", "cache/archives/partial", "etc"] {
        let path = folder.join(inside);
        fs::create_dir_all(&path).map_err(|error| told(&path, error))?;
    }
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| told(&path, error)).map(|()| path)
    };
    write("status", String::new())?;
    let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    write("etc/sources.list", format!("deb [signed-by={keys}] {mirror} sid main\n"))?;
    let place = folder.display();
    write(
        "apt.conf",
        format!(
            "Dir::State \"{place}/state\";\nDir::State::status \"{place}/status\";\nDir::Cache \"{place}/cache\";\n\
             Dir::Etc::sourcelist \"{place}/etc/sources.list\";\nDir::Etc::sourceparts \"-\";\n\
             APT::Sandbox::User \"root\";\n"
        ),
    )
}

/// Unpacks every package that was downloaded into `root`, and deletes the downloads.
fn unpack(folder: &Path) -> Result<(), String> {
    let (root, cache) = (folder.join("root"), folder.join("cache"));
    let usr = root.join("usr");
    fs::create_dir_all(&usr).map_err(|error| told(&usr, error))?;
    for merged in ["bin", "sbin", "lib", "lib64"] {
        let (target, link) = (format!("usr/{merged}"), root.join(merged));
        symlink(target, &link).map_err(|error| told(&link, error))?;
    }
    let archives = cache.join("archives");
    let entries = fs::read_dir(&archives).map_err(|error| told(&archives, error))?;
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "deb"))
    {
        let mut command = Command::new("dpkg-deb");
        process::run(command.arg("-x").arg(&path).arg(&root), INSTALL_LIMIT).map_err(String::from)?;
    }
    for done in [cache, folder.join("state")] {
        fs::remove_dir_all(&done).map_err(|error| told(&done, error))?;
    }
    Ok(())
}

fn told(path: &Path, error: std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
