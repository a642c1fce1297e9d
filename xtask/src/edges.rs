//! Which crate may use which: arrows only go down, and only `covet-rs` knows HTTP.
//!
//! The table is the rule of ARCHITECTURE.md in a form that a machine can check. A crate that
//! is not in it is an error, so that a new crate is placed before it is used.

use crate::workspace::Package;

/// The crates that a framework's user gets, each with those below it that it may use.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("covet-rs", &["covet-macros", "covet-db", "covet-template", "covet-auth"]),
    ("covet-db", &["covet-macros"]),
    ("covet-auth", &["covet-macros"]),
    // The macros check templates while they compile; for the same reason templates cannot use macros.
    ("covet-macros", &["covet-template"]),
    ("covet-template", &[]),
];

/// The crates on top: each may use every library, and none another one of these but the servers that tests start.
const TOPS: &[&str] = &["bookshop", "covet-cli", "covet-testsuite", "quickstart", "xtask"];

/// The crate that starts database servers for tests.
const SERVERS: &str = "covet-testsuite";

/// The folder whose packages stand on top as well.
const BENCH: &str = "bench";

/// Crates that speak HTTP; the libraries below `covet-rs` stay usable without it.
const HTTP: &[&str] =
    &["axum", "headers", "http", "http-body", "http-body-util", "hyper", "hyper-util", "matchit", "tower"];

/// Every edge that is not allowed, each in words.
pub(crate) fn faults(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    for package in packages {
        let Some(allowed) = allowed(package) else {
            faults.push(format!("`{}` has no place in the table of xtask/src/edges.rs", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let internal = packages.iter().any(|other| other.name == *dependency);
            if internal && *dependency != package.name && !allowed.contains(&dependency.as_str()) {
                faults.push(format!("`{}` must not use `{dependency}`", package.name));
            }
            if is_leaf(&package.name) && HTTP.contains(&dependency.as_str()) {
                let name = &package.name;
                faults.push(format!("`{name}` must not know HTTP, but it uses `{dependency}`"));
            }
        }
    }
    faults
}

/// What a package may use, or nothing where it has no place.
fn allowed(package: &Package) -> Option<Vec<&'static str>> {
    if let Some((_, below)) = LIBRARIES.iter().find(|(name, _)| *name == package.name) {
        return Some(below.to_vec());
    }
    let on_top = TOPS.contains(&package.name.as_str()) || package.folder.starts_with(BENCH);
    on_top.then(|| LIBRARIES.iter().map(|(name, _)| *name).chain([SERVERS]).collect())
}

fn is_leaf(name: &str) -> bool {
    name != "covet-rs" && LIBRARIES.iter().any(|(library, _)| *library == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    /// Packages from lines like `covet-db: covet-macros http`.
    fn check(lines: &[&str], expected: &[&str]) {
        let package = |line: &&str| {
            let (name, rest) = line.split_once(':').unwrap();
            let dependencies = rest.split_whitespace().map(str::to_owned).collect();
            Package { name: name.into(), dependencies, ..Package::default() }
        };
        let packages: Vec<Package> = lines.iter().map(package).collect();
        assert_eq!(faults(&packages), expected);
    }

    #[test]
    fn this_workspace_keeps_to_the_table() {
        let workspace = Workspace::load().unwrap();
        assert_eq!(faults(&workspace.packages), Vec::<String>::new());
        assert!(workspace.package("covet-rs").is_some());
    }

    #[test]
    fn down_is_allowed() {
        check(&["covet-rs: covet-db hyper serde", "covet-db: serde", "bookshop: covet-rs"], &[]);
    }

    #[test]
    fn sideways_is_not() {
        check(&["covet-db: covet-auth", "covet-auth:"], &["`covet-db` must not use `covet-auth`"]);
        check(&["covet-cli: bookshop", "bookshop:"], &["`covet-cli` must not use `bookshop`"]);
    }

    #[test]
    fn up_is_not() {
        check(&["covet-template: covet-rs", "covet-rs:"], &["`covet-template` must not use `covet-rs`"]);
    }

    #[test]
    fn leaves_do_not_know_http() {
        check(&["covet-db: http"], &["`covet-db` must not know HTTP, but it uses `http`"]);
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        check(&["covet-cache:"], &["`covet-cache` has no place in the table of xtask/src/edges.rs"]);
    }
}
