//! Static files that are part of the program.

use covet::test::Client;
use covet::{App, Assets, assets};

const FILES: &[(&str, &[u8])] = &[("app.css", b"body { color: black }\n"), ("img/logo.svg", b"<svg/>")];

#[tokio::test]
async fn a_file_is_kept_for_ever_under_the_name_with_its_hash() {
    let assets = Assets::embedded("", FILES, false);
    let url = assets.url("app.css").unwrap();
    let client = Client::new(App::new("Shop", "1").assets(assets)).unwrap();
    let answer = client.get(&url).send().await;
    assert_eq!((answer.status().as_u16(), answer.text()), (200, "body { color: black }\n"));
    assert_eq!(answer.header("content-type"), Some("text/css; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let tag = answer.header("etag").unwrap();
    let again = client.get(&url).header("if-none-match", tag).send().await;
    assert_eq!((again.status().as_u16(), again.text()), (304, ""));
    let part = client.get(&url).header("range", "bytes=5-9").send().await;
    assert_eq!((part.status().as_u16(), part.text()), (206, "{ col"));

    // A page of another version of the program gets what there is, but must ask again.
    let other = client.get("/static/app.0123456789abcdef.css").send().await;
    assert_eq!((other.status().as_u16(), other.header("cache-control")), (200, Some("no-cache")));
    let plain = client.get("/static/img/logo.svg").send().await;
    assert_eq!((plain.status().as_u16(), plain.header("cache-control")), (200, Some("no-cache")));
    for missing in ["/static/app.js", "/static/img", "/static/../Cargo.toml"] {
        assert_eq!(client.get(missing).send().await.status(), 404, "{missing}");
    }
}

#[tokio::test]
async fn a_packed_file_goes_to_those_who_take_it() {
    let files: &[(&str, &[u8])] = &[("app.css", b"body {}"), ("app.css.gz", b"\x1f\x8bgz"), ("app.css.br", b"br")];
    let assets = Assets::embedded("", files, false);
    let url = assets.url("app.css").unwrap();
    let client = Client::new(App::new("Shop", "1").assets(assets)).unwrap();
    let check = async |accepted: &str, coding: Option<&str>, body: &[u8]| {
        let answer = client.get(&url).header("accept-encoding", accepted).send().await;
        assert_eq!((answer.header("content-encoding"), &answer.bytes()[..]), (coding, body), "{accepted}");
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        answer.header("etag").unwrap().to_owned()
    };
    let tags = [
        check("gzip, br", Some("br"), b"br").await,
        check("gzip", Some("gzip"), b"\x1f\x8bgz").await,
        check("identity", None, b"body {}").await,
    ];
    assert!(tags[0] != tags[1] && tags[1] != tags[2], "{tags:?}");
}

#[tokio::test]
async fn in_development_files_are_read_when_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("app.css"), text).unwrap();
    write("old");
    let assets = Assets::embedded(folder.path().to_str().unwrap(), &[("app.css", b"old")], true);
    assert_eq!(assets.url("app.css").as_deref(), Some("/static/app.css"));
    assert_eq!(assets.url("../app.css"), None);
    let client = Client::new(App::new("Shop", "1").assets(assets)).unwrap();
    assert_eq!(client.get("/static/app.css").send().await.text(), "old");
    write("newer");
    let answer = client.get("/static/app.css").send().await;
    assert_eq!((answer.text(), answer.header("cache-control")), ("newer", Some("no-cache")));
}

#[test]
fn a_folder_of_the_package_is_embedded() {
    let assets = assets!("tests/it/static").under("/files");
    assert!(assets.url("app.css").unwrap().starts_with("/files/app."));
    assert_eq!(assets.url("app.js"), None);
}
