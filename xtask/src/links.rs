//! Links of the Markdown files to other files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Every link that leads nowhere, as `file: target`.
pub(crate) fn broken(root: &Path) -> Result<Vec<String>, String> {
    let mut broken = Vec::new();
    for file in chapters(root)? {
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let folder = file.parent().unwrap_or(root);
        let name = file.strip_prefix(root).unwrap_or(&file).display();
        for target in targets(&text) {
            if !folder.join(target).exists() {
                broken.push(format!("{name}: {target}"));
            }
        }
    }
    Ok(broken)
}

/// The Markdown files of the root, of `docs` and of each crate.
fn chapters(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut folders = vec![root.to_owned(), root.join("docs")];
    for group in ["crates", "examples"] {
        if let Ok(entries) = fs::read_dir(root.join(group)) {
            folders.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    let mut files = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let paths = entries.flatten().map(|entry| entry.path());
        files.extend(paths.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    files.sort();
    Ok(files)
}

/// The targets of inline links that name a file of this repository, without their fragment.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    let prose = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    prose.flat_map(|line| line.split("](").skip(1)).filter_map(|rest| {
        let inside = rest.split(')').next()?;
        let target = inside.split_whitespace().next()?;
        let path = target.split('#').next()?;
        let is_file = !path.is_empty() && !path.contains("://") && !path.starts_with("mailto:");
        is_file.then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::targets;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(targets(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn files_are_links_to_check() {
        check("See [a](docs/a.md#part) and [b](../b.md \"title\").", &["docs/a.md", "../b.md"]);
    }

    #[test]
    fn addresses_and_fragments_are_not() {
        check("[a](https://example.org/x) [b](#below) [c](mailto:a@example.org)", &[]);
    }

    #[test]
    fn code_is_not() {
        check("```\n[a](no.md)\n```\n[b](yes.md)", &["yes.md"]);
    }
}
