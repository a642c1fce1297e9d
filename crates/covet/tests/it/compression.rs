//! Compressed answers.

use std::io::Read;
use std::time::Duration;

use covet::test::{Answer, Client, Server};
use covet::{
    App, Bytes, Compression, ETag, File, FileError, IfMatch, Json, NdJson, Negotiated, NoContent, PreconditionFailed,
    Response, Result, Stream, Tagged, get, media, put, routes,
};
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A text that compresses well.
fn text(length: usize) -> String {
    "All happy families are alike. ".chars().cycle().take(length).collect()
}

/// A text of this length.
#[get("/text/{length}")]
async fn of_length(length: covet::Path<usize>) -> String {
    text(*length)
}

/// A list with a tag, in any format.
#[get("/tagged")]
async fn tagged() -> Tagged<Negotiated<Vec<i64>>> {
    Tagged { tag: ETag::version(3_u64), value: Negotiated((0..1000).collect()) }
}

/// Change what has the tag.
#[put("/tagged")]
async fn change(seen: IfMatch) -> Result<NoContent, PreconditionFailed> {
    seen.check(&ETag::version(3_u64)).map(|()| NoContent)
}

/// What is compressed already.
#[get("/packed")]
async fn packed() -> Response {
    let mut response = Response::new(text(5000).into());
    for (name, value) in [("content-type", "text/plain"), ("content-encoding", "x-own")] {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}

/// What nobody may change.
#[get("/frozen")]
async fn frozen() -> Response {
    let mut response = Response::new(text(5000).into());
    for (name, value) in [("content-type", "text/plain"), ("cache-control", "private, no-transform")] {
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    response
}

/// Random bytes.
#[get("/bytes")]
async fn bytes() -> Bytes {
    Bytes::from(text(5000))
}

/// A file.
#[get("/file")]
async fn file() -> Result<File, FileError> {
    File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/src/validation/model.md")).await
}

/// Lines, the second a good while after the first.
#[get("/lines")]
async fn lines() -> NdJson<i64> {
    NdJson::new(stream::iter(0..2_i64).then(async |number| {
        tokio::time::sleep(Duration::from_millis(if number == 0 { 0 } else { 60_000 })).await;
        Ok::<_, std::convert::Infallible>(number)
    }))
}

/// Megabytes, in pieces.
#[get("/long")]
async fn long() -> Stream<media::Csv> {
    Stream::new(stream::iter((0..100).map(|_| Ok(Bytes::from(text(50_000))))))
}

fn app() -> App {
    let off = routes![of_length].under("/off").hidden().compression(Compression::off());
    App::new("Texts", "1.0.0")
        .compression(Compression::default())
        .routes(routes![of_length, tagged, change, packed, frozen, bytes, file, lines, long].and(off))
}

fn client() -> Client {
    Client::new(app()).unwrap()
}

async fn get(client: &Client, target: &str, accepts: &str) -> Answer {
    client.unchecked().get(target).header("accept-encoding", accepts).send().await
}

fn unpack(answer: &Answer) -> Vec<u8> {
    let (mut unpacked, bytes) = (Vec::new(), answer.bytes());
    match answer.header("content-encoding") {
        None => unpacked.extend_from_slice(bytes),
        Some("gzip") => drop(flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap()),
        Some("br") => drop(brotli::Decompressor::new(&bytes[..], 4096).read_to_end(&mut unpacked).unwrap()),
        Some("zstd") => unpacked = zstd::decode_all(&bytes[..]).unwrap(),
        Some(other) => panic!("{other}"),
    }
    unpacked
}

#[tokio::test]
async fn the_client_has_the_coding_that_it_likes_best() {
    let client = client();
    for (accepts, expected) in [
        ("gzip", Some("gzip")),
        ("br", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip, br", Some("br")),
        ("gzip;q=0.9, br;q=0.8", Some("gzip")),
        ("*", Some("zstd")),
        ("*, zstd;q=0", Some("br")),
        ("x-gzip", Some("gzip")),
        ("GZIP", Some("gzip")),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("deflate", None),
        ("", None),
        ("identity;q=0, gzip;q=0.1", Some("gzip")),
        ("identity;q=0", None),
    ] {
        for length in [1024, 5000, 100_000, 1_000_000] {
            let answer = get(&client, &format!("/text/{length}"), accepts).await;
            assert_eq!(answer.header("content-encoding"), expected, "{accepts:?}");
            assert_eq!(
                answer.header("vary").map(str::to_ascii_lowercase).as_deref(),
                Some("accept-encoding"),
                "{accepts:?}"
            );
            assert_eq!(unpack(&answer), text(length).as_bytes());
            assert!(expected.is_none() || answer.bytes().len() < length / 5, "{accepts:?} {}", answer.bytes().len());
        }
    }
    let without = client.get("/text/5000").send().await;
    assert_eq!((without.header("content-encoding"), without.header("vary")), (None, Some("Accept-Encoding")));
}

#[tokio::test]
async fn what_is_short_or_packed_or_no_text_stays_as_it_is() {
    let client = client();
    for target in ["/text/1023", "/text/0", "/packed", "/frozen", "/bytes", "/off/text/5000"] {
        let answer = get(&client, target, "gzip").await;
        assert_ne!(answer.header("content-encoding"), Some("gzip"), "{target}");
        assert_eq!(answer.header("vary"), None, "{target}");
    }
    // A client that refuses what is not compressed gets short answers compressed as well.
    assert_eq!(get(&client, "/text/10", "gzip, identity;q=0").await.header("content-encoding"), Some("gzip"));
    // A part of a file is one of the file as it is.
    let part =
        client.unchecked().get("/file").header("accept-encoding", "gzip").header("range", "bytes=0-9").send().await;
    assert_eq!((part.status().as_u16(), part.header("content-encoding"), part.bytes().len()), (206, None, 10));
    // Problems are answers like others.
    let long = format!("/text/{}", "x".repeat(3000));
    assert_eq!(get(&client, &long, "gzip").await.status(), 422);
}

#[tokio::test]
async fn each_representation_has_a_tag_of_its_own() {
    let client = client();
    let read = async |accept: &str, coding: &str, known: Option<&str>| {
        let request = client.get("/tagged").header("accept", accept).header("accept-encoding", coding);
        let request = if let Some(known) = known { request.header("if-none-match", known) } else { request };
        request.send().await
    };
    let mut tags = Vec::new();
    for (accept, coding, expected) in [
        ("application/json", "identity", "\"v3\""),
        ("application/json", "gzip", "\"v3-gzip\""),
        ("application/json", "br", "\"v3-br\""),
        ("application/cbor", "identity", "\"v3-cbor\""),
        ("application/cbor", "zstd", "\"v3-cbor-zstd\""),
        ("application/vnd.msgpack", "gzip", "\"v3-msgpack-gzip\""),
    ] {
        let answer = read(accept, coding, None).await;
        let tag = answer.header("etag").unwrap().to_owned();
        assert_eq!(tag, expected);
        assert_eq!(answer.headers().get_all("vary").iter().count(), 2, "{answer:?}");
        let again = read(accept, coding, Some(&tag)).await;
        assert_eq!((again.status().as_u16(), again.header("etag"), again.bytes().len()), (304, Some(&*tag), 0));
        for name in ["content-type", "content-encoding", "content-length"] {
            assert_eq!(again.header(name), None, "{name}");
        }
        assert!(again.header("vary").is_some());
        assert_eq!(read(accept, coding, Some(&format!("\"x\", W/{tag}"))).await.status(), 304);
        assert_eq!(read(accept, coding, Some("*")).await.status(), 304);
        tags.push(tag);
    }
    // The tag of another representation is not this one's.
    assert_eq!(read("application/json", "br", Some(&tags[1])).await.status(), 200);
    assert_eq!(read("application/json", "identity", Some(&tags[3])).await.status(), 200);
    // All of them are the same state.
    for tag in &tags {
        assert_eq!(client.put("/tagged").header("if-match", tag).send().await.status(), 204, "{tag}");
    }
    assert_eq!(client.put("/tagged").header("if-match", "\"v4-gzip\"").send().await.status(), 412);
    // So it is with files, whose time and length make the tag.
    let first = client.get("/file").header("accept-encoding", "gzip").send().await;
    assert_eq!(first.header("accept-ranges"), None, "the ranges are those of the file as it is");
    let tag = first.header("etag").unwrap();
    assert!(tag.ends_with("-gzip\""), "{tag}");
    let again = client.get("/file").header("accept-encoding", "gzip").header("if-none-match", tag).send().await;
    assert_eq!((again.status().as_u16(), again.header("etag")), (304, Some(tag)));
}

#[tokio::test]
async fn head_says_what_get_does() {
    let client = client();
    for target in ["/text/10", "/text/5000", "/text/1000000", "/tagged", "/long", "/file"] {
        for coding in ["gzip", "br", "zstd", "identity"] {
            let get = client.get(target).header("accept-encoding", coding).send().await;
            let head = client.request(http::Method::HEAD, target).header("accept-encoding", coding).send().await;
            assert!(head.bytes().is_empty());
            for name in ["content-encoding", "content-type", "etag", "vary"] {
                assert_eq!(get.header(name), head.header(name), "{target} {coding} {name}");
            }
            if let Some(length) = head.header("content-length") {
                assert_eq!(length, get.bytes().len().to_string(), "{target} {coding}");
            }
        }
    }
}

#[tokio::test]
async fn a_line_arrives_before_the_next_one_is_there() {
    let server = Server::start(app()).await.unwrap();
    for coding in ["gzip", "br", "zstd"] {
        let mut socket = tokio::net::TcpStream::connect(server.address()).await.unwrap();
        let request = format!("GET /lines HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {coding}\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        // The head, and then a chunk of the body that is not empty.
        let arrived = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                assert_ne!(socket.read_buf(&mut read).await.unwrap(), 0);
                let end = read.windows(4).position(|bytes| bytes == b"\r\n\r\n");
                if end.is_some_and(|end| read.len() > end + 8) {
                    return;
                }
            }
        });
        arrived.await.unwrap_or_else(|_| panic!("nothing came by {coding}: {:?}", String::from_utf8_lossy(&read)));
    }
}

#[tokio::test]
async fn long_streams_come_whole() {
    let client = client();
    for coding in ["gzip", "br", "zstd"] {
        let answer = get(&client, "/long", coding).await;
        assert_eq!(answer.header("content-encoding"), Some(coding));
        assert_eq!(unpack(&answer), text(50_000).repeat(100).as_bytes());
    }
}

#[tokio::test]
async fn nothing_is_compressed_unless_the_app_says_so() {
    let client = Client::new(App::new("Texts", "1.0.0").routes(routes![of_length])).unwrap();
    let answer = get(&client, "/text/5000", "gzip").await;
    assert_eq!((answer.header("content-encoding"), answer.header("vary")), (None, None));

    /// Short, but worth it.
    #[get("/short")]
    async fn short() -> Json<String> {
        Json(text(100))
    }
    let routes = routes![short].compression(Compression::default().min_size(50));
    let client = Client::new(App::new("Texts", "1.0.0").routes(routes)).unwrap();
    assert_eq!(get(&client, "/short", "gzip").await.header("content-encoding"), Some("gzip"));
}
