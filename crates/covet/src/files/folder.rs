//! A folder whose files clients may have.

use std::io;
use std::path::{Path, PathBuf};

use http::HeaderValue;

use super::content::{Content, blocking};
use super::encoding::CODINGS;
use super::{File, FileError};

/// A folder of static files. Clients get what is in it and nothing else: no `..` in any spelling, no absolute path, no file
/// whose name begins with a dot, and no symbolic link that leads out of it.
///
/// Beside `app.js` may lie `app.js.br`, `app.js.zst` and `app.js.gz`; a client that takes one of these codings gets the file
/// packed. A file with a hash in its name (`app.3f2a9c1b.js`: eight or more hexadecimal digits between dots or hyphens) is
/// cached for a year, everything else is asked for again each time, which costs a 304.
///
/// ```
/// use covet::{get, routes, App, File, FileError, Folder, Path, State};
///
/// /// A part of the pages.
/// #[get("/static/{*path}")]
/// async fn part(path: Path<String>, folder: State<Folder>) -> Result<File, FileError> {
///     folder.file(&path).await
/// }
///
/// # fn main() -> covet::Result<()> {
/// let app = App::new("Pages", "1.0.0").state(Folder::new("src")?).routes(routes![part].hidden());
/// # app.build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Folder {
    /// With every symbolic link resolved.
    root: PathBuf,
    is_hashed: fn(&str) -> bool,
}

impl Folder {
    /// The folder at this path.
    ///
    /// # Errors
    /// That there is no folder.
    pub fn new(path: impl AsRef<Path>) -> io::Result<Self> {
        let root = path.as_ref().canonicalize()?;
        if !root.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{} is no folder", root.display())));
        }
        Ok(Folder { root, is_hashed: has_hash })
    }

    /// With another rule for the names of files whose content never changes.
    pub fn hashed(mut self, is_hashed: fn(&str) -> bool) -> Self {
        self.is_hashed = is_hashed;
        self
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, path: &str) -> bool {
        checked(path).is_some_and(|path| open_inside(&self.root, &self.root.join(path)).is_ok())
    }

    /// The file at a path relative to the folder, with `/` between names, percent-decoded, as `Path<String>` of a
    /// `{*path}` has it.
    ///
    /// # Errors
    /// That there is no such file in the folder, or that it cannot be read.
    pub async fn file(&self, path: &str) -> Result<File, FileError> {
        let relative = checked(path).ok_or(FileError::NotFound)?;
        let (root, path) = (self.root.clone(), self.root.join(relative));
        let is_hashed = path.file_name().and_then(|name| name.to_str()).is_some_and(self.is_hashed);
        let cache = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        let file = blocking(move || open(&root, &path)).await?;
        Ok(file.cache_control(HeaderValue::from_static(cache)))
    }
}

/// The path if each of its parts is a plain name on every system.
fn checked(path: &str) -> Option<&str> {
    let is_plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['\\', ':', '\0']);
    path.split('/').all(is_plain).then_some(path)
}

fn open(root: &Path, path: &Path) -> io::Result<File> {
    let mut file = File::new(open_inside(root, path)?, path);
    for (coding, ending) in CODINGS {
        let mut packed = path.as_os_str().to_owned();
        packed.push(".");
        packed.push(ending);
        match open_inside(root, Path::new(&packed)) {
            Ok(content) => file.variants.push((coding, content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %Path::new(&packed).display(), %error, "a packed file cannot be read"),
        }
    }
    Ok(file)
}

/// Opens what the path leads to if that is in the folder.
fn open_inside(root: &Path, path: &Path) -> io::Result<Content> {
    let real = path.canonicalize()?;
    if !real.starts_with(root) {
        tracing::warn!(path = %path.display(), "a symbolic link leads out of the folder");
        return Err(io::ErrorKind::NotFound.into());
    }
    Content::open(&real)
}

/// Whether a name holds a hash: neither first nor last, at least eight hexadecimal digits, of which one is a letter and
/// one is none, so that words and dates are not taken for hashes.
fn has_hash(name: &str) -> bool {
    let parts: Vec<&str> = name.split(['.', '-']).collect();
    let is_hash = |part: &&str| {
        part.len() >= 8
            && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && part.bytes().any(|byte| byte.is_ascii_digit())
            && part.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    parts.len() > 2 && parts[1..parts.len() - 1].iter().any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_paths() {
        let bad = [
            "",
            "/",
            "..",
            "../x",
            "a/../x",
            "a//b",
            "/etc/passwd",
            ".env",
            "a/.git/config",
            "a/.",
            "a\\..\\b",
            "C:/x",
            "a\0b",
            "a/",
            "file:x",
        ];
        for path in bad {
            assert_eq!(checked(path), None, "{path:?}");
        }
        for path in ["a", "a/b.js", "a b/ä.txt", "a..b"] {
            assert_eq!(checked(path), Some(path));
        }
    }

    #[test]
    fn hashes_are_told_from_words_and_dates() {
        for name in ["app.3f2a9c1b.js", "app-3f2a9c1b4d.css", "a.b-0123456789abcdef.js.map"] {
            assert!(has_hash(name), "{name}");
        }
        for name in ["app.js", "report-20260101.pdf", "3f2a9c1b.js", "x.deadbeef.js", "a-3f2a9c1.js", "a.3f2a9c1b"] {
            assert!(!has_hash(name), "{name}");
        }
    }
}
