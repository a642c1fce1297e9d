//! Static files as a part of the program, under names that change with their content.

use std::collections::HashMap;
use std::hash::Hasher;
use std::path::Path as FilePath;
use std::sync::Arc;

use http::HeaderValue;

use super::content::Content;
use super::encoding::CODINGS;
use super::{File, FileError, Folder};
use crate::routing::Routes;
use crate::{Path, State, get, routes};

/// How long what never changes is kept: a year, which caches take for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// The static files of a site, made by [`assets!`](crate::assets!) and given to the app with
/// [`App::assets`](crate::App::assets).
///
/// Each file is served under a name with a hash of its content in it (`/static/app.3f2a9c1b4d5e6f70.css`), which clients
/// and caches in between keep for ever, and under its own name, for which they ask again. [`Assets::url`] tells the first;
/// templates do so with `{{ static('app.css') }}`. Beside `app.css` may lie `app.css.br`, `app.css.zst` and `app.css.gz`, of
/// which each client gets the one that it likes.
///
/// A release build has the files in it. A development build reads them from their folder whenever they are asked for, so
/// that a change is seen at the next reload of the page, and hands out their own names.
///
/// ```
/// use covet::{App, assets};
///
/// # fn main() -> covet::Result<()> {
/// let app = App::new("Shop", "1.0.0").assets(assets!("assets/swagger-ui"));
/// # app.build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Assets {
    prefix: String,
    /// The folder, where the files are read from it.
    folder: Option<Folder>,
    files: Arc<HashMap<&'static str, Asset>>,
}

#[derive(Debug)]
struct Asset {
    /// Its name with the hash in it.
    hashed: String,
    hash: String,
    bytes: &'static [u8],
    packed: Vec<(&'static str, &'static [u8])>,
}

impl Assets {
    /// The files of a folder, as [`assets!`](crate::assets!) embeds them.
    #[doc(hidden)]
    pub fn embedded(folder: &str, files: &[(&'static str, &'static [u8])], development: bool) -> Self {
        let all: HashMap<&str, &'static [u8]> = files.iter().copied().collect();
        let is_packed = |name: &str| {
            name.rsplit_once('.').is_some_and(|(plain, ending)| {
                CODINGS.iter().any(|(_, packed)| *packed == ending) && all.contains_key(plain)
            })
        };
        let assets = files.iter().filter(|(name, _)| !is_packed(name)).map(|&(name, bytes)| {
            let packed = CODINGS
                .iter()
                .filter_map(|(coding, ending)| Some((*coding, *all.get(format!("{name}.{ending}").as_str())?)));
            let hash = hash(bytes);
            (name, Asset { hashed: with_hash(name, &hash), hash, bytes, packed: packed.collect() })
        });
        let folder = if development { Folder::new(folder).ok() } else { None };
        Assets { prefix: "/static".to_owned(), folder, files: Arc::new(assets.collect()) }
    }

    /// Under another path than `/static`.
    ///
    /// ```
    /// # use covet::assets;
    /// let assets = assets!("assets/swagger-ui").under("/assets");
    /// assert!(assets.url("page.css").is_some_and(|url| url.starts_with("/assets/page.")));
    /// ```
    pub fn under(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The path at which a file is found, or `None` if there is no such file.
    pub fn url(&self, name: &str) -> Option<String> {
        if let Some(folder) = &self.folder {
            return folder.has(name).then(|| format!("{}/{name}", self.prefix));
        }
        Some(format!("{}/{}", self.prefix, self.files.get(name)?.hashed))
    }

    /// The names of the files, for a message about one that is not there.
    #[cfg(feature = "template")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().copied()
    }

    /// The route of the files.
    pub(crate) fn routes(&self) -> Routes {
        let routes = routes![asset].under(&self.prefix).hidden();
        // What is part of every copy of the program is for everybody.
        #[cfg(feature = "auth")]
        let routes = routes.public();
        routes
    }

    async fn file(&self, path: &str) -> Result<File, FileError> {
        if let Some(folder) = &self.folder {
            return folder.file(path).await.map(|file| file.cache_control(HeaderValue::from_static(ASK_AGAIN)));
        }
        let (asset, name, cache) = self.find(path).ok_or(FileError::NotFound)?;
        let mut file = File::new(Content::embedded(asset.bytes, &asset.hash), FilePath::new(name));
        file.variants =
            asset.packed.iter().map(|(coding, bytes)| (*coding, Content::embedded(bytes, &asset.hash))).collect();
        Ok(file.cache_control(HeaderValue::from_static(cache)))
    }

    /// The file of a path, its own name, and how long it may be kept. A hash that is not the file's is that of another
    /// version of the program, whose pages are still open or still served beside this one: it gets what there is.
    fn find<'a>(&'a self, path: &'a str) -> Option<(&'a Asset, &'a str, &'static str)> {
        if let Some(asset) = self.files.get(path) {
            return Some((asset, path, ASK_AGAIN));
        }
        let (name, hash) = without_hash(path)?;
        let (name, asset) = self.files.get_key_value(name.as_str())?;
        Some((asset, name, if asset.hash == hash { FOR_EVER } else { ASK_AGAIN }))
    }
}

/// A file of the site.
#[get("/{*path}", crate = "crate")]
async fn asset(path: Path<String>, assets: State<Assets>) -> Result<File, FileError> {
    assets.file(&path).await
}

/// Sixteen digits of the content.
fn hash(bytes: &[u8]) -> String {
    // Its keys are fixed, so that every process of a program makes the same names.
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    format!("{:016x}", hasher.finish())
}

/// `css/app.css` becomes `css/app.3f2a9c1b4d5e6f70.css`.
fn with_hash(name: &str, hash: &str) -> String {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[file..].rfind('.').filter(|at| *at > 0) {
        Some(at) => format!("{}.{hash}{}", &name[..file + at], &name[file + at..]),
        None => format!("{name}.{hash}"),
    }
}

/// The name and the hash of a path that may have one.
fn without_hash(path: &str) -> Option<(String, &str)> {
    let file = path.rfind('/').map_or(0, |slash| slash + 1);
    let is_hash = |part: &str| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (rest, last) = path[file..].rsplit_once('.')?;
    if is_hash(last) {
        return Some((path[..file + rest.len()].to_owned(), last));
    }
    let (name, hash) = rest.rsplit_once('.')?;
    is_hash(hash).then(|| (format!("{}{name}.{last}", &path[..file]), hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    static FILES: [(&str, &[u8]); 4] =
        [("app.css", b"a{}"), ("app.css.gz", b"\x1f\x8b"), ("img/a.b.svg", b"<svg/>"), ("LICENSE", b"free")];

    #[test]
    fn names_carry_the_hash_and_lose_it_again() {
        let hash = "3f2a9c1b4d5e6f70";
        for (name, hashed) in [
            ("app.css", "app.3f2a9c1b4d5e6f70.css"),
            ("a.b/app.min.js", "a.b/app.min.3f2a9c1b4d5e6f70.js"),
            ("a.b/LICENSE", "a.b/LICENSE.3f2a9c1b4d5e6f70"),
        ] {
            assert_eq!(with_hash(name, hash), hashed);
            assert_eq!(without_hash(hashed), Some((name.to_owned(), hash)));
        }
        assert_eq!(without_hash("app.css"), None);
        assert_eq!(without_hash("app"), None);
    }

    #[test]
    fn packed_files_belong_to_those_that_they_pack() {
        let assets = Assets::embedded("", &FILES, false);
        assert_eq!(assets.files.len(), 3);
        assert_eq!(assets.files["app.css"].packed.len(), 1);
        assert!(assets.url("app.css").is_some_and(|url| url.starts_with("/static/app.") && url.ends_with(".css")));
        assert_eq!(assets.url("app.css.gz"), None);
    }

    #[test]
    fn only_the_right_hash_is_kept_for_ever() {
        let assets = Assets::embedded("", &FILES, false);
        let hashed = assets.files["img/a.b.svg"].hashed.clone();
        assert_eq!(assets.find(&hashed).map(|(_, name, cache)| (name, cache)), Some(("img/a.b.svg", FOR_EVER)));
        let other = assets.find("img/a.b.0123456789abcdef.svg");
        assert_eq!(other.map(|(_, name, cache)| (name, cache)), Some(("img/a.b.svg", ASK_AGAIN)));
        assert!(assets.find("app.css").is_some_and(|(.., cache)| cache == ASK_AGAIN));
        assert!(assets.find("other.css").is_none());
    }
}
