//! Conditional requests.

use covet::test::Client;
use covet::{App, ETag, IfMatch, IfNoneMatch, Json, NoContent, Path, PreconditionFailed, Tagged, get, put, routes};

/// The state of everything whose name is `known`.
fn current(name: &str) -> Option<ETag> {
    (name == "known").then(|| ETag::version(3_u64))
}

/// Read.
#[get("/things/{name}")]
async fn read(name: Path<String>) -> Tagged<Json<String>> {
    Tagged { tag: current(&name).unwrap_or_else(|| ETag::version(0_u64)), value: Json(name.0) }
}

/// Create.
#[put("/new/{name}")]
async fn create(name: Path<String>, unseen: IfNoneMatch) -> Result<NoContent, PreconditionFailed> {
    unseen.check(current(&name).as_ref()).map(|()| NoContent)
}

/// Create or replace.
#[put("/any/{name}")]
async fn put_any(
    name: Path<String>,
    seen: Option<IfMatch>,
    unseen: Option<IfNoneMatch>,
) -> Result<NoContent, PreconditionFailed> {
    let current = current(&name);
    if let Some(unseen) = unseen {
        unseen.check(current.as_ref())?;
    }
    match (seen, current) {
        (Some(seen), Some(current)) => seen.check(&current)?,
        (Some(_), None) => return Err(PreconditionFailed),
        (None, _) => {}
    }
    Ok(NoContent)
}

fn client() -> Client {
    Client::new(App::new("Things", "1.0.0").routes(routes![read, create, put_any])).unwrap()
}

#[tokio::test]
async fn nothing_is_created_where_something_is() {
    let client = client();
    let check = async |target: &str, tag: Option<&str>, expected: u16| {
        let mut request = client.put(target);
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let answer = request.send().await;
        assert_eq!(answer.status().as_u16(), expected, "{target} {tag:?} {answer:?}");
    };
    check("/new/other", Some("*"), 204).await;
    check("/new/known", Some("*"), 412).await;
    check("/new/known", Some("\"v3\""), 412).await;
    check("/new/known", Some("W/\"v3\""), 412).await;
    check("/new/known", Some("\"v2\", \"v4\""), 204).await;
    check("/new/known", None, 428).await;
    check("/any/known", None, 204).await;
    check("/any/known", Some("*"), 412).await;
}

#[test]
fn the_document_says_which_header_is_needed() {
    let client = client();
    let put = &client.openapi()["paths"]["/new/{name}"]["put"];
    let header = put["parameters"].as_array().unwrap().iter().find(|one| one["name"] == "if-none-match").unwrap();
    assert_eq!(header["required"], true);
    for status in ["400", "412", "428"] {
        assert!(put["responses"].get(status).is_some(), "{status}");
    }

    /// Read, and ask for the header.
    #[get("/read")]
    async fn wrong(_: Option<IfNoneMatch>) -> NoContent {
        NoContent
    }
    let error = App::new("Things", "1.0.0").routes(routes![wrong]).build().unwrap_err().to_string();
    assert!(error.contains("`Tagged` as its result"), "{error}");
}
