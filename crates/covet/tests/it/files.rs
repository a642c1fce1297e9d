//! Files, whole, in parts, packed, and not at all.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use covet::test::{Answer, Client, Server};
use covet::{App, File, FileError, Folder, Path, State, get, routes};

/// A part of the pages.
#[get("/static/{*path}")]
async fn part(path: Path<String>, folder: State<Folder>) -> Result<File, FileError> {
    folder.file(&path).await
}

/// To be saved.
#[get("/download")]
async fn download(root: State<PathBuf>) -> Result<File, FileError> {
    Ok(File::open(root.join("public/big.bin")).await?.attachment("big.bin"))
}

/// A folder of a test, which goes with it.
struct Root(PathBuf);

impl Root {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("covet-files-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let root = Root(std::env::temp_dir().join(name));
        fs::create_dir_all(root.0.join("public/sub")).unwrap();
        root.write("secret.txt", "secret");
        root.write("public/a.txt", "0123456789");
        root.write("public/empty", "");
        root.write("public/.env", "secret");
        root.write("public/sub/app.3f2a9c1b.js", "plain");
        root.write("public/sub/app.3f2a9c1b.js.br", "brotli");
        root.write("public/sub/app.3f2a9c1b.js.gz", "gzipped");
        root.write("public/big.bin", "0123456789abcdef".repeat(20_000));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.0.join("secret.txt"), root.0.join("public/out.txt")).unwrap();
            std::os::unix::fs::symlink(&root.0, root.0.join("public/up")).unwrap();
            std::os::unix::fs::symlink(root.0.join("public/a.txt"), root.0.join("public/in.txt")).unwrap();
        }
        root
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(path), content).unwrap();
    }

    fn app(&self) -> App {
        let folder = Folder::new(self.0.join("public")).unwrap();
        App::new("Files", "1.0.0").state(folder).state(self.0.clone()).routes(routes![part, download])
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn send(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(client.get(path), |request, (name, value)| request.header(name, value));
    request.send().await
}

#[tokio::test]
async fn a_file_is_sent_with_all_that_is_known_of_it() {
    let root = Root::new();
    let client = Client::new(root.app()).unwrap();
    let answer = send(&client, "/static/a.txt", &[]).await;
    assert_eq!((answer.status().as_u16(), answer.text()), (200, "0123456789"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("content-length"), Some("10"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert!(answer.header("etag").unwrap().starts_with('"') && answer.header("last-modified").is_some());
    assert_eq!(answer.header("vary"), None);
    let answer = send(&client, "/static/empty", &[]).await;
    assert_eq!((answer.status().as_u16(), answer.text(), answer.header("content-length")), (200, "", Some("0")));
    let answer = send(&client, "/static/a.txt", &[("accept", "image/png")]).await;
    assert_eq!(answer.status(), 200, "what a file is does not depend on what is wanted");
}

#[tokio::test]
async fn a_client_that_has_the_file_is_told_so() {
    let root = Root::new();
    let client = Client::new(root.app()).unwrap();
    let answer = send(&client, "/static/a.txt", &[]).await;
    let (etag, date) = (answer.header("etag").unwrap(), answer.header("last-modified").unwrap());
    let weak = format!("\"x\", W/{etag}");
    for headers in [
        &[("if-none-match", etag)][..],
        &[("if-none-match", &weak)],
        &[("if-none-match", "*")],
        &[("if-modified-since", date)],
        &[("if-none-match", etag), ("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT")],
    ] {
        let answer = send(&client, "/static/a.txt", headers).await;
        assert_eq!((answer.status().as_u16(), answer.text()), (304, ""), "{headers:?}");
        assert_eq!(answer.header("etag"), Some(etag));
        assert_eq!(answer.header("content-type"), None);
    }
    for headers in [
        &[("if-none-match", "\"other\"")][..],
        &[("if-none-match", "\"other\""), ("if-modified-since", date)],
        &[("if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT")],
        &[("if-modified-since", "yesterday")],
    ] {
        assert_eq!(send(&client, "/static/a.txt", headers).await.status(), 200, "{headers:?}");
    }
    root.write("public/a.txt", "01234567890");
    assert_eq!(send(&client, "/static/a.txt", &[("if-none-match", etag)]).await.status(), 200);
}

#[tokio::test]
async fn ranges_are_sent() {
    let root = Root::new();
    let client = Client::new(root.app()).unwrap();
    let etag = send(&client, "/static/a.txt", &[]).await.header("etag").unwrap().to_owned();
    let date = send(&client, "/static/a.txt", &[]).await.header("last-modified").unwrap().to_owned();
    let check = async |headers: &[(&str, &str)], status: u16, text: &str, range: Option<&str>| {
        let answer = send(&client, "/static/a.txt", headers).await;
        assert_eq!((answer.status().as_u16(), answer.header("content-range")), (status, range), "{headers:?}");
        if status != 416 {
            assert_eq!(answer.text(), text, "{headers:?}");
            assert_eq!(answer.header("content-length"), Some(text.len().to_string().as_str()));
        }
    };
    check(&[("range", "bytes=2-4")], 206, "234", Some("bytes 2-4/10")).await;
    check(&[("range", "bytes=-1")], 206, "9", Some("bytes 9-9/10")).await;
    check(&[("range", "bytes=10-")], 416, "", Some("bytes */10")).await;
    check(&[("range", "bytes=0-1,3-4")], 200, "0123456789", None).await;
    check(&[("range", "bytes=2-4"), ("if-range", &etag)], 206, "234", Some("bytes 2-4/10")).await;
    check(&[("range", "bytes=2-4"), ("if-range", &date)], 206, "234", Some("bytes 2-4/10")).await;
    check(&[("range", "bytes=2-4"), ("if-range", "\"old\"")], 200, "0123456789", None).await;
    check(&[("range", "bytes=2-4"), ("if-range", &format!("W/{etag}"))], 200, "0123456789", None).await;
    check(&[("range", "bytes=10-"), ("if-range", "\"old\"")], 200, "0123456789", None).await;
}

#[tokio::test]
async fn packed_variants_are_for_those_who_take_them() {
    let root = Root::new();
    let client = Client::new(root.app()).unwrap();
    let check = async |accept: &str, text: &str, coding: Option<&str>| {
        let answer = send(&client, "/static/sub/app.3f2a9c1b.js", &[("accept-encoding", accept)]).await;
        assert_eq!((answer.text(), answer.header("content-encoding")), (text, coding), "{accept}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
        answer.header("etag").unwrap().to_owned()
    };
    let packed = check("gzip, deflate, br, zstd", "brotli", Some("br")).await;
    let plain = check("", "plain", None).await;
    assert_ne!(packed, plain);
    check("gzip;q=0.5", "gzipped", Some("gzip")).await;
    check("br;q=0.2, gzip;q=0.3", "gzipped", Some("gzip")).await;
    check("zstd", "plain", None).await;
    check("br;q=0, *;q=0.1", "gzipped", Some("gzip")).await;
    check("identity, br;q=0.5", "plain", None).await;
    let headers = [("accept-encoding", "br"), ("range", "bytes=1-2"), ("if-range", &packed)];
    let answer = send(&client, "/static/sub/app.3f2a9c1b.js", &headers).await;
    assert_eq!((answer.status().as_u16(), answer.text()), (206, "ro"));
}

#[tokio::test]
async fn nothing_else_than_the_folder_is_seen() {
    let root = Root::new();
    let server = Server::start(root.app()).await.unwrap();
    let secret = root.0.join("secret.txt").display().to_string();
    let absolute = secret.replace('/', "%2f");
    for path in [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%2fsecret.txt",
        "sub/..%2f..%2fsecret.txt",
        "sub/%2e%2e/%2E%2E/secret.txt",
        "..%5csecret.txt",
        "%252e%252e/secret.txt",
        &absolute,
        &secret,
        ".env",
        "%2eenv",
        "out.txt",
        "up/secret.txt",
        "sub",
        "sub/",
        "a.txt/",
        "a.txt/x",
        "a.txt%00",
        "nothing",
        "%ff",
    ] {
        let answer = raw(&server, path).await;
        assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 308"), "{path}: {answer}");
        assert!(!answer.contains("\r\n\r\nsecret"), "{path}: {answer}");
    }
    assert!(raw(&server, "in.txt").await.ends_with("0123456789"));
}

/// An answer to a target that no client would send.
async fn raw(server: &Server, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET /static/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn long_files_come_in_pieces_and_heads_without_them() {
    let root = Root::new();
    let server = Server::start(root.app()).await.unwrap();
    let answer = server.client().get("/download").send().await;
    assert_eq!(answer.bytes().len(), 320_000);
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"big.bin\""));
    let answer = send(&server.client(), "/download", &[("range", "bytes=65530-131080")]).await;
    assert_eq!(answer.text(), &"0123456789abcdef".repeat(20_000)[65_530..=131_080]);
    let head = server.client().request(http::Method::HEAD, "/download").header("range", "bytes=0-1").send().await;
    assert_eq!((head.status().as_u16(), head.header("content-length"), head.text()), (200, Some("320000"), ""));
}
