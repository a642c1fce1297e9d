//! The docs page: Swagger UI from files that are part of this crate.
//!
//! Everything the page needs is packed into the program, so that it works offline, is never newer
//! or older than the app, and tells nobody elsewhere who reads the docs. The content security
//! policy holds the page to that: no script or style inside the page, no other host at all.
//!
//! All addresses in the page are relative, so that it works below any prefix. The page belongs at
//! an address without a final slash, and its files below it: `docs`, `docs/init.js` and so on.

mod asset;
#[cfg(test)]
mod browser;
mod routes;

use asset::{Asset, asset};
pub(crate) use routes::routes;

use covet_template::escape;

/// What the page may load, run and reach: what comes with it and the app itself.
///
/// `data:` is for images only; Swagger UI's style sheet carries its icons so.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

/// The page for a document; `openapi_url` is resolved against the page's own address, and `assets`
/// is the relative address of the files, without a final slash. `client` is whom the page logs in as, or empty.
fn page(title: &str, assets: &str, openapi_url: &str, client: &str) -> String {
    let title = escape::html(title);
    let assets = escape::html(assets);
    let openapi_url = escape::html(openapi_url);
    let client = escape::html(client);
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="{assets}/favicon-32x32.png">
<link rel="stylesheet" href="{assets}/swagger-ui.css">
<link rel="stylesheet" href="{assets}/page.css">
<script src="{assets}/swagger-ui-bundle.js" defer></script>
<script src="{assets}/init.js" defer></script>
</head>
<body>
<div id="swagger-ui" data-openapi="{openapi_url}" data-client="{client}"></div>
<noscript>This page is drawn by a script. <a href="{openapi_url}">The document itself</a> needs none.</noscript>
</body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_page() {
        let page = page("</title><script>alert(1)</script>", "docs", "\"><script>", "\"><script>");
        assert_eq!(page.matches("<script").count(), 2, "{page}");
        assert!(page.contains("<title>&lt;/title&gt;&lt;script&gt;"), "{page}");
    }

    #[test]
    fn every_file_that_the_page_names_is_there() {
        let page = page("Shop", "docs", "openapi.json", "");
        let names = page.split("\"docs/").skip(1).filter_map(|rest| rest.split('"').next());
        let names: Vec<&str> = names.collect();
        assert_eq!(names.len(), 5);
        for name in names {
            assert!(asset(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_page_names_no_other_host() {
        let page = page("Shop", "docs", "openapi.json", "");
        assert!(!page.contains("://") && !page.contains("\"//"), "{page}");
    }
}
