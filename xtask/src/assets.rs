//! `cargo xtask assets`: packs the docs page's files for the library `covet`.
//!
//! Swagger UI comes from npm, in the version and with the checksum of
//! `xtask/tools/node/package-lock.json`; a few files are ours and stand beside what is packed. The
//! result is committed, so that a user's build needs neither a network nor npm.

use crate::tools::node;
use crate::workspace::Workspace;
use flate2::{Compression, GzBuilder};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Where the files stand in the repository.
const FOLDER: &str = "crates/covet/assets/swagger-ui";

/// What the page loads of Swagger UI.
const SERVED: &[&str] = &["favicon-32x32.png", "oauth2-redirect.js", "swagger-ui-bundle.js", "swagger-ui.css"];

/// What the licences want to go along, as it is.
const KEPT: &[&str] = &["LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"];

/// What is ours, and stands unpacked beside the result.
const OURS: &[&str] = &["init.js", "oauth2-redirect.html", "page.css"];

/// Fetches, packs and writes every file.
pub(crate) fn pack(workspace: &Workspace) -> Result<(), String> {
    let source = node::modules(workspace)?.join("swagger-ui-dist");
    let folder = workspace.root.join(FOLDER);
    for name in SERVED {
        // The maps are not packed, so the files must not point at them.
        let bytes = without_source_map(read(&source.join(name))?);
        write(&folder.join(format!("{name}.gz")), &gzip(&bytes)?)?;
    }
    for name in KEPT {
        write(&folder.join(name), &read(&source.join(name))?)?;
    }
    for name in OURS {
        let bytes = read(&folder.join(name))?;
        write(&folder.join(format!("{name}.gz")), &gzip(&bytes)?)?;
    }
    Ok(())
}

/// The same bytes for the same input at any time: no name and no date go in.
fn gzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map_err(|error| error.to_string())
}

fn without_source_map(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return bytes;
    };
    let is_map = |line: &&str| !line.contains("# sourceMappingURL=");
    text.lines().filter(is_map).flat_map(|line| [line, "\n"]).collect::<String>().into_bytes()
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    println!("{:>8} bytes  {}", bytes.len(), file.display());
    fs::write(file, bytes).map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FOLDER)
    }

    fn unpacked(name: &str) -> Vec<u8> {
        let bytes = read(&folder().join(format!("{name}.gz"))).unwrap();
        let mut text = Vec::new();
        GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn our_files_are_packed_as_they_stand() {
        for name in OURS {
            let source = read(&folder().join(name)).unwrap();
            assert!(unpacked(name) == source, "{name} changed; run `cargo xtask assets`");
        }
    }

    #[test]
    fn every_packed_file_unpacks() {
        for name in SERVED {
            assert!(!unpacked(name).is_empty(), "{name}");
        }
        assert!(unpacked("swagger-ui-bundle.js").len() > 1_000_000);
    }

    #[test]
    fn the_packed_files_stay_small() {
        let files = fs::read_dir(folder()).unwrap();
        let size: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        assert!(size < 700_000, "{size} bytes");
    }

    #[test]
    fn only_the_map_is_dropped() {
        let text = b"a\n//# sourceMappingURL=a.map".to_vec();
        assert_eq!(without_source_map(text), b"a\n");
    }
}
