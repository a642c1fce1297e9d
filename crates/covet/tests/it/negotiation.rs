//! Formats of bodies and answers.

use covet::test::Client;
use covet::{Accepted, App, Content, Created, Json, Negotiated, Page, get, post, routes};
use serde_json::{Value, json};

/// A book.
#[covet::model]
#[derive(Clone)]
struct Book {
    #[check(length(min = 1, max = 20))]
    title: String,
    #[check(range(min = 0))]
    price: i64,
    note: Option<String>,
}

/// Not flat.
#[covet::model]
struct Shelf {
    books: Vec<Book>,
}

fn books() -> Vec<Book> {
    let book = |title: &str, price, note: Option<&str>| Book { title: title.into(), price, note: note.map(Into::into) };
    vec![book("Emma", 999, None), book("a \"b\", c\r\nd", 5, Some("")), book("=1+1", 0, Some("€"))]
}

/// A page.
#[get("/page")]
async fn page() -> Page<Book> {
    Page { items: books(), next: Some("3".into()), prev: None }
}

/// A list.
#[get("/list")]
async fn list() -> Negotiated<Vec<Book>> {
    Negotiated(books())
}

/// Not a table.
#[get("/shelf")]
async fn shelf() -> Negotiated<Shelf> {
    Negotiated(Shelf { books: books() })
}

/// JSON alone.
#[get("/json")]
async fn only_json() -> Json<Shelf> {
    Json(Shelf { books: books() })
}

/// Take.
#[post("/books")]
async fn add(book: Content<Book>) -> Created<Book> {
    Created::at("/books/1", book.0)
}

/// Take later.
#[post("/later")]
async fn later(book: Content<Book>) -> Accepted<Book> {
    Accepted(book.0)
}

fn client() -> Client {
    Client::new(App::new("Formats", "1.0.0").routes(routes![page, list, shelf, only_json, add, later])).unwrap()
}

fn formats(entry: &Value) -> Vec<&str> {
    entry["content"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn json_is_what_a_client_gets_that_does_not_care() {
    let client = client();
    for accept in [None, Some("*/*"), Some("application/json"), Some("text/html, */*;q=0.1")] {
        let request = client.get("/page");
        let request = accept.into_iter().fold(request, |request, accept| request.header("accept", accept));
        let answer = request.send().await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.json::<Value>()["next"], "3");
    }
}

#[tokio::test]
async fn nothing_that_is_accepted_is_a_406_that_lists_what_is_there() {
    let client = client();
    for path in ["/page", "/shelf", "/json"] {
        for accept in ["image/png", "*/*;q=0", "application/*;q=0", "application/hal+json"] {
            let answer = client.get(path).header("accept", accept).send().await;
            assert_eq!(answer.status(), 406, "{path} {accept}");
            let available = answer.problem()["available"].clone();
            assert!(available.as_array().unwrap().contains(&"application/json".into()), "{available}");
        }
    }
    #[cfg(feature = "cbor")]
    assert_eq!(client.get("/json").header("accept", "application/cbor").send().await.status(), 406);
}

#[tokio::test]
async fn another_content_type_is_a_415_that_lists_what_is_there() {
    let client = client();
    let answer = client.post("/books").body("application/xml", "<book/>").send().await;
    assert_eq!(answer.status(), 415);
    assert_eq!(answer.problem()["supported"][0], "application/json");
    let answer =
        client.post("/books").body("application/vnd.shop+json; v=1", r#"{"title":"a","price":1}"#).send().await;
    assert_eq!(answer.status(), 201);
}

#[test]
fn the_document_lists_every_format() {
    let client = client();
    let mut all = vec!["application/json"];
    let mut problems = vec!["application/problem+json"];
    if cfg!(feature = "cbor") {
        all.push("application/cbor");
        problems.push("application/problem+cbor");
    }
    if cfg!(feature = "msgpack") {
        all.push("application/vnd.msgpack");
        problems.push("application/problem+msgpack");
    }
    all.sort_unstable();
    problems.sort_unstable();
    let operations = &client.openapi()["paths"];
    assert_eq!(formats(&operations["/books"]["post"]["requestBody"]), all);
    assert_eq!(formats(&operations["/shelf"]["get"]["responses"]["200"]), all);
    assert_eq!(formats(&operations["/json"]["get"]["responses"]["200"]), ["application/json"]);
    let mut found = formats(&client.openapi()["components"]["responses"]["internal-error"]);
    found.sort_unstable();
    assert_eq!(found, problems);
    if cfg!(feature = "csv") {
        all.push("text/csv");
    }
    assert_eq!(formats(&operations["/page"]["get"]["responses"]["200"]), all);
    assert_eq!(formats(&operations["/list"]["get"]["responses"]["200"]), all);
}

#[cfg(feature = "csv")]
#[tokio::test]
async fn a_flat_list_can_be_a_table() {
    let client = client();
    for path in ["/page", "/list"] {
        let answer = client.get(path).header("accept", "text/csv").send().await;
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        assert_eq!(answer.header("vary"), Some("Accept"));
        let expected = "title,price,note\r\n\"Emma\",999,\r\n\"a \"\"b\"\", c\r\nd\",5,\"\"\r\n\"=1+1\",0,\"€\"\r\n";
        assert_eq!(answer.text(), expected);
    }
    let answer = client.get("/page").header("accept", "text/csv").send().await;
    assert_eq!(answer.header("link"), Some("</page?cursor=3>; rel=\"next\""));
    assert_eq!(client.get("/shelf").header("accept", "text/csv").send().await.status(), 406);
}

#[cfg(feature = "cbor")]
mod cbor {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    #[tokio::test]
    async fn a_body_is_read_and_an_answer_written() {
        let client = client();
        // {"title": "Emma", "price": 999}
        let body = hex("a2657469746c6564456d6d61657072696365 1903e7".replace(' ', "").as_str());
        for path in ["/books", "/later"] {
            let request = client.post(path).body("application/cbor", body.clone());
            let answer = request.header("accept", "application/cbor").send().await;
            assert_eq!(answer.header("content-type"), Some("application/cbor"), "{answer:?}");
            assert_eq!(answer.header("vary"), Some("Accept"));
            // The same and {"note": null} at the end.
            let expected = hex("a3657469746c6564456d6d616570726963651903e7646e6f7465f6");
            assert_eq!(answer.bytes().as_ref(), expected);
        }
    }

    #[tokio::test]
    async fn faults_have_the_same_places_as_in_json() {
        let client = client();
        // {"title": "", "price": "x", "price": -1}
        let body = hex("a3657469746c656065707269636561786570726963 6520".replace(' ', "").as_str());
        let json = r#"{"title": "", "price": "x", "price": -1}"#;
        let left = client.post("/books").body("application/cbor", body).send().await;
        let right = client.post("/books").body("application/json", json).send().await;
        assert_eq!(left.status(), 422);
        assert_eq!(left.faults(), right.faults());
        assert_eq!(left.problem()["errors"], right.problem()["errors"]);
        let answer = client.post("/books").body("application/cbor", hex("ff")).send().await;
        assert_eq!((answer.status().as_u16(), answer.faults()), (400, vec!["body  syntax".to_owned()]));
    }

    #[tokio::test]
    async fn problems_are_negotiated() {
        let client = client();
        for path in ["/page", "/nowhere"] {
            let answer = client.get(path).header("accept", "application/problem+cbor").send().await;
            assert_eq!(answer.header("content-type"), Some("application/problem+cbor"), "{path}");
            assert_eq!(answer.header("vary"), Some("Accept"));
        }
        let request = client.post("/books").body("application/json", "{}").header("accept", "application/cbor");
        let answer = request.send().await;
        assert_eq!(answer.header("content-type"), Some("application/problem+cbor"));
        assert_eq!(answer.bytes()[0] >> 5, 5, "a map: {answer:?}");
    }
}

#[cfg(feature = "msgpack")]
#[tokio::test]
async fn messagepack_goes_both_ways() {
    let client = client();
    let body: &[u8] = b"\x82\xa5title\xa4Emma\xa5price\xcd\x03\xe7";
    for (media_type, accept) in [
        ("application/vnd.msgpack", "application/vnd.msgpack"),
        ("application/msgpack", "application/x-msgpack;q=0.9, text/html"),
    ] {
        let answer = client.post("/books").body(media_type, body).header("accept", accept).send().await;
        assert_eq!(answer.status(), 201, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/vnd.msgpack"));
        assert_eq!(answer.bytes().as_ref(), b"\x83\xa5title\xa4Emma\xa5price\xcd\x03\xe7\xa4note\xc0");
    }
    let answer = client.post("/books").body("application/msgpack", &b"\x81\xa5title\x01"[..]).send().await;
    assert_eq!(answer.faults(), ["body /title type", "body /price missing"]);
}

#[test]
fn a_page_in_the_document_is_still_what_it_was() {
    let client = client();
    let schema = &client.openapi()["paths"]["/page"]["get"]["responses"]["200"]["content"]["application/json"];
    assert_eq!(schema["schema"], json!({ "$ref": "#/components/schemas/BookPage" }));
}

/// A body that may be left out.
#[post("/maybe")]
async fn maybe(book: Option<Json<Book>>) -> Json<bool> {
    Json(book.is_some())
}

/// The same in any format.
#[post("/maybe-any")]
async fn maybe_any(book: Option<Content<Book>>) -> Negotiated<bool> {
    Negotiated(book.is_some())
}

#[tokio::test]
async fn a_body_may_be_left_out_and_is_checked_if_it_is_there() {
    let client = Client::new(App::new("Formats", "1.0.0").routes(routes![maybe, maybe_any])).unwrap();
    for path in ["/maybe", "/maybe-any"] {
        assert!(!client.post(path).send().await.json::<bool>(), "{path}");
        let body = |media_type: &'static str, body: &'static str| client.post(path).body(media_type, body).send();
        assert!(body("application/json", r#"{"title":"a","price":1}"#).await.json::<bool>());
        assert_eq!(body("application/json", r#"{"title":"","price":1}"#).await.faults(), ["body /title min_length"]);
        assert_eq!(body("application/json", "{").await.status(), 400);
        assert_eq!(body("text/plain", "x").await.status(), 415);
        let request_body = &client.openapi()["paths"][path]["post"]["requestBody"];
        assert_eq!(request_body["required"], false, "{path}");
    }
}

#[tokio::test]
async fn vary_keeps_what_others_have_written() {
    let cors = covet::Cors::origins(["https://shop.example"]);
    let client = Client::new(App::new("Formats", "1.0.0").cors(cors).routes(routes![list])).unwrap();
    for (path, accept) in [("/list", "*/*"), ("/nowhere", "*/*"), ("/list", "image/png")] {
        let answer = client.get(path).header("accept", accept).send().await;
        let vary: Vec<String> =
            answer.headers().get_all("vary").iter().map(|value| value.to_str().unwrap().to_ascii_lowercase()).collect();
        let expected: &[&str] =
            if cfg!(feature = "_binary") || (cfg!(feature = "csv") && accept == "*/*" && path == "/list") {
                &["accept", "origin"]
            } else {
                &["origin"]
            };
        assert_eq!(vary, expected, "{path} {accept}");
    }
}

#[tokio::test]
async fn ranges_and_weights_are_heeded_in_full() {
    let client = client();
    for (accept, expected) in [
        ("application/json;q=0.001", Some("application/json")),
        ("application/*;q=0.2, */*;q=0", Some("application/json")),
        ("*/*;q=0, application/json;q=0.5", Some("application/json")),
        ("application/json;q=0, */*", None),
        ("text/html;level=1, application/json ; q=1.0 ; x=y", Some("application/json")),
        ("application/vnd.shop+json", None),
        ("APPLICATION/JSON", Some("application/json")),
        (",,application/json,", Some("application/json")),
        ("application/json;q=2", None),
        ("nonsense", None),
    ] {
        let answer = client.get("/json").header("accept", accept).send().await;
        let found = (answer.status() == 200).then(|| answer.header("content-type").unwrap());
        assert_eq!(found, expected, "{accept}");
        assert!(found.is_some() || answer.status() == 406, "{accept}");
    }
}
