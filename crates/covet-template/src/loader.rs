//! Where templates come from.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// Templates in memory, and a folder for those that are not.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    pub(crate) memory: HashMap<Box<str>, Box<str>>,
    pub(crate) folder: Option<PathBuf>,
}

impl Loader {
    pub(crate) fn load(&self, name: &str) -> Result<String> {
        if let Some(text) = self.memory.get(name) {
            return Ok(text.to_string());
        }
        match &self.folder {
            Some(folder) => read(folder, name),
            None => Err(not_found(name)),
        }
    }
}

fn not_found(name: &str) -> Error {
    Error::new(ErrorKind::TemplateNotFound, format!("there is no template `{name}`"))
}

/// Reads a file of the folder. A name that leads out of it, by itself or by a link, is that of no template.
fn read(folder: &Path, name: &str) -> Result<String> {
    let relative = Path::new(name);
    let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !is_plain || name.contains(['\\', '\0']) {
        return Err(not_found(name));
    }
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => not_found(name),
        _ => Error::new(ErrorKind::Read, format!("the template `{name}` cannot be read")).with_source(error),
    };
    let folder = folder.canonicalize().map_err(unreadable)?;
    let path = folder.join(relative).canonicalize().map_err(unreadable)?;
    if !path.starts_with(&folder) || !path.is_file() {
        return Err(not_found(name));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}
