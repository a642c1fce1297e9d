//! A new project, which builds, runs and passes its tests.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::error::Error;
use crate::inspect::pretty;

/// Where each file goes, and what is in it. `PROJECT`, `CRATE` and `COVET` stand for what differs.
const FILES: [(&str, &str); 9] = [
    ("Cargo.toml", include_str!("../project/manifest.toml")),
    ("build.rs", include_str!("../project/build.rs")),
    (".gitignore", include_str!("../project/gitignore")),
    ("README.md", include_str!("../project/readme.md")),
    ("migrations/0001_notes.sql", include_str!("../project/migration.sql")),
    ("src/main.rs", include_str!("../project/main.rs")),
    ("src/lib.rs", include_str!("../project/lib.rs")),
    ("src/notes.rs", include_str!("../project/notes.rs")),
    ("tests/notes.rs", include_str!("../project/tests.rs")),
];

/// Names that Cargo or the compiler keeps for itself, or that the project's own crates have.
const TAKEN: [&str; 10] =
    ["build", "core", "covet", "deps", "examples", "incremental", "serde_json", "std", "test", "tokio"];

/// Makes a folder of this name with a project in it.
pub(crate) fn new(name: &str, covet: Option<&Path>, json: bool) -> Result<(), Error> {
    let files = make(Path::new(name), name, covet)?;
    let text = if json {
        pretty(&json!({ "created": files }))
    } else {
        format!("created {name}; go on with:\n  cd {name}\n  cargo run\n")
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn make(folder: &Path, name: &str, covet: Option<&Path>) -> Result<Vec<PathBuf>, Error> {
    check(name)?;
    let covet = match covet {
        None => "{ package = \"covet-rs\", version = \"0.1\" }".to_owned(),
        Some(path) => format!("{{ package = \"covet-rs\", path = {:?} }}", fs::canonicalize(path)?),
    };
    // A folder that is there already is left as it is.
    fs::create_dir(folder)?;
    let mut made = Vec::new();
    for (path, text) in FILES {
        let path = folder.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let text = text
            .replace("PROJECT", name)
            .replace("CRATE", &name.replace('-', "_"))
            .replace(" = COVET\n", &format!(" = {covet}\n"));
        fs::write(&path, text)?;
        made.push(path);
    }
    Ok(made)
}

/// That Cargo takes the name for a package, and that its crate meets no other.
fn check(name: &str) -> Result<(), Error> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_plain) && !TAKEN.contains(&name) {
        return Ok(());
    }
    let how = "small letters, digits and hyphens, beginning with a letter";
    Err(Error::Usage(format!("`{name}` is no name for a project; write {how}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_cargo_takes() {
        for name in ["shop", "my-shop2", "a_b"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", "../shop", "Shop", "2shop", "sh op", "covet", "test", "é"] {
            assert_eq!(check(name).unwrap_err().code(), 2, "{name}");
        }
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        let folder = std::env::temp_dir().join(format!("covet-cli-project-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let made = make(&folder, "my-shop", None).unwrap();
        for path in &made {
            let text = fs::read_to_string(path).unwrap();
            let left = ["PROJECT", "CRATE"].iter().any(|word| text.contains(word));
            assert!(!left && !text.contains(" = COVET\n"), "{text}");
        }
        assert!(fs::read_to_string(&made[5]).unwrap().contains("my_shop::app().database"));
        assert_eq!(make(&folder, "my-shop", None).unwrap_err().code(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
