//! Forms with files.

use covet::test::{Answer, Client};
use covet::{App, Bytes, Multipart, MultipartError, post, routes};
use futures_util::stream;
use proptest::prelude::*;

/// Tell what came.
#[post("/form")]
async fn form(form: Multipart) -> Result<String, MultipartError> {
    let mut form = form.max_parts(4);
    let mut lines = Vec::new();
    while let Some(mut part) = form.next().await? {
        let head = format!("{:?} {:?} {:?}", part.name(), part.file_name(), part.content_type());
        if part.name() == "skipped" {
            lines.push(head);
        } else if part.file_name().is_some() {
            let mut length = 0;
            while let Some(chunk) = part.chunk().await? {
                length += chunk.len();
            }
            lines.push(format!("{head} {length}"));
        } else {
            lines.push(format!("{head} {:?}", part.text().await?));
        }
    }
    Ok(lines.join("\n"))
}

fn app() -> App {
    App::new("Forms", "1.0.0").routes(routes![form])
}

async fn send(media_type: &str, body: impl Into<Bytes>) -> Answer {
    Client::new(app()).unwrap().post("/form").body(media_type, body).send().await
}

const TYPE: &str = "multipart/form-data; boundary=\"b-1\"";

fn part(disposition: &str, content: &str) -> String {
    format!("--b-1\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

#[tokio::test]
async fn fields_and_files_are_read() {
    let body = [
        "a preamble\r\n".to_owned(),
        part("name=\"a\"", "text\r\n--b-no\r\n\r"),
        part("name=\"%22x\\\"\"; filename=\"C:\\dir\\f.png\"\r\ncontent-TYPE: image/png", "1234"),
        part("name=\"skipped\"; filename=\"../../etc/passwd\"", &"x".repeat(100_000)),
        part("name=empty", ""),
        "--b-1--\r\nan epilogue".to_owned(),
    ];
    let answer = send(TYPE, body.concat()).await;
    let expected = [
        r#""a" None None "text\r\n--b-no\r\n\r""#,
        r#""\"x\"" Some("f.png") Some("image/png") 4"#,
        r#""skipped" Some("passwd") None"#,
        r#""empty" None None """#,
    ];
    assert_eq!(answer.text().lines().collect::<Vec<_>>(), expected);
    assert_eq!(send(TYPE, "--b-1--").await.text(), "");
    let none = "--b-1 \t\r\nContent-Disposition: form-data; name=a\r\n\r\n--b-1--";
    assert_eq!(send(TYPE, none).await.text(), "\"a\" None None \"\"");
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let check = async |body: String, status: u16, expected: &str| {
        let answer = send(TYPE, body.clone()).await;
        let detail = answer.problem()["detail"].as_str().unwrap_or_default().to_owned();
        assert_eq!((answer.status().as_u16(), detail.contains(expected)), (status, true), "{body}: {detail}");
    };
    check("x".into(), 400, "it ends inside of a part").await;
    check("--b-1\r\n".into(), 400, "it ends inside of the headers").await;
    check("--b-1x\r\n".into(), 400, "something else than a line break").await;
    check("--b-1".into(), 400, "it ends inside of a boundary").await;
    check(format!("--b-1{}", " ".repeat(1000)), 400, "something else than a line break").await;
    check("--b-1\r\n\r\nx\r\n--b-1--".into(), 400, "no Content-Disposition").await;
    check("--b-1\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b-1--".into(), 400, "no Content-").await;
    check(part("name=a", "never ends"), 400, "it ends inside of a part").await;
    check(part("name=a", "x").repeat(5) + "--b-1--", 413, "more than 4 parts").await;
    check(format!("--b-1\r\n{}", "x: y\r\n".repeat(5000)), 413, "the headers of a part").await;
    check(part("name=a", &"x".repeat(70_000)) + "--b-1--", 413, "a part has more than 65536 bytes").await;
    assert_eq!(send("multipart/form-data", "").await.status(), 400);
    assert_eq!(send(&format!("multipart/form-data; boundary={}", "x".repeat(71)), "").await.status(), 400);
    assert_eq!(send("multipart/mixed; boundary=x", "").await.status(), 415);
}

/// The answer to a body that arrives in pieces of this size.
fn in_pieces(body: &[u8], size: usize) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let chunks: Vec<_> = body.chunks(size).map(Bytes::copy_from_slice).collect();
        let body = covet::Body::stream(stream::iter(chunks.into_iter().map(Ok)));
        let request = http::Request::post("/form").header("content-type", TYPE).body(body).unwrap();
        let answer = app().build().unwrap().call(request).await;
        let status = answer.status().as_u16();
        (status, String::from_utf8(answer.into_body().bytes().await.unwrap().into()).unwrap())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_cuts_of_a_body_change_nothing(content in "[\r\n\\-b1x]{0,60}", size in 1..20usize) {
        prop_assume!(!format!("\r\n{content}").contains("\r\n--b-1"));
        let body = part("name=a", &content) + &part("name=f; filename=g", &content) + "--b-1--\r\n";
        let expected = format!("\"a\" None None {content:?}\n\"f\" Some(\"g\") None {}", content.len());
        prop_assert_eq!(in_pieces(body.as_bytes(), size), (200, expected));
    }

    #[test]
    fn random_bytes_are_an_answer(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), size in 1..50usize) {
        prop_assert!([200, 400, 413].contains(&in_pieces(&bytes, size).0));
        let mut begun = part("name=a", "").into_bytes();
        begun.append(&mut bytes);
        prop_assert!([200, 400, 413].contains(&in_pieces(&begun, size).0));
    }
}
