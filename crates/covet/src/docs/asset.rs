//! The packed files of the docs page; `cargo xtask assets` makes them.

/// A file as it is stored and sent: packed by gzip.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its name below the page's folder of files.
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) gzip: &'static [u8],
    /// A strong entity tag of the packed bytes, quotes included.
    pub(crate) etag: &'static str,
}

/// The length of an entity tag: sixteen digits between quotes.
const ETAG_LENGTH: usize = 18;

macro_rules! packed {
    ($path:literal, $content_type:literal) => {{
        const GZIP: &[u8] = include_bytes!(concat!("../../assets/swagger-ui/", $path, ".gz"));
        const ETAG: [u8; ETAG_LENGTH] = etag(GZIP);
        Asset { path: $path, content_type: $content_type, gzip: GZIP, etag: ascii(&ETAG) }
    }};
}

static ASSETS: [Asset; 7] = [
    packed!("favicon-32x32.png", "image/png"),
    packed!("init.js", "text/javascript; charset=utf-8"),
    packed!("oauth2-redirect.html", "text/html; charset=utf-8"),
    packed!("oauth2-redirect.js", "text/javascript; charset=utf-8"),
    packed!("page.css", "text/css; charset=utf-8"),
    packed!("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    packed!("swagger-ui.css", "text/css; charset=utf-8"),
];

/// The file of that name.
pub(crate) fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == name)
}

/// The tag is what gzip itself ends with, the CRC-32 and the length of what is packed (RFC 1952,
/// section 2.3.1), so that it follows the file without a list that somebody has to keep.
const fn etag(gzip: &[u8]) -> [u8; ETAG_LENGTH] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut etag = [b'"'; ETAG_LENGTH];
    let mut index = 0;
    while index < 8 {
        let byte = gzip[gzip.len() - 8 + index];
        etag[1 + 2 * index] = DIGITS[(byte >> 4) as usize];
        etag[2 + 2 * index] = DIGITS[(byte & 15) as usize];
        index += 1;
    }
    etag
}

const fn ascii(bytes: &'static [u8]) -> &'static str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("an entity tag is made of ASCII digits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_a_tag_of_its_own() {
        for asset in &ASSETS {
            let tag = asset.etag.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            assert!(tag.len() == 16 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert_eq!(ASSETS.iter().filter(|other| other.etag == asset.etag).count(), 1);
        }
    }

    #[test]
    fn each_file_is_gzip() {
        for asset in &ASSETS {
            assert!(asset.gzip.starts_with(&[0x1f, 0x8b]), "{}", asset.path);
        }
    }

    #[test]
    fn other_names_are_not_found() {
        assert!(asset("index.html").is_none());
        assert!(asset("../Cargo.toml").is_none());
        assert!(asset("").is_none());
    }
}
