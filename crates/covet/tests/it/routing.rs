//! Paths, methods, and what is answered where nothing is served.

use covet::test::Client;
use covet::{App, Header, NoContent, Path, Query, TrailingSlash, delete, get, post, routes};

/// All things.
#[get("/things")]
async fn list() -> &'static str {
    "list"
}

/// A thing.
#[get("/things/{name}")]
async fn thing(name: Path<String>) -> String {
    format!("thing {}", *name)
}

/// The special thing.
#[get("/things/special")]
async fn special() -> &'static str {
    "special"
}

/// Away with it.
#[delete("/things/{name}")]
async fn remove(name: Path<String>) -> NoContent {
    let _ = name;
    NoContent
}

/// A file.
#[get("/files/{*rest}")]
async fn file(rest: Path<String>) -> String {
    format!("file {}", *rest)
}

/// A path that is not ASCII.
#[get("/bücher")]
async fn books() -> &'static str {
    "bücher"
}

/// Two parameters.
#[post("/shops/{shop}/shelves/{shelf}")]
async fn shelf(shelf: Path<i64>, shop: Path<String>) -> String {
    format!("shelf {} of {}", *shelf, *shop)
}

fn app() -> App {
    App::new("Things", "1.0.0").routes(routes![list, thing, special, remove, file, books, shelf])
}

fn client() -> Client {
    Client::new(app()).unwrap()
}

#[tokio::test]
async fn a_request_finds_its_route() {
    let client = client();
    let check = async |target: &str, expected: &str| {
        let answer = client.get(target).send().await;
        assert_eq!((answer.status().as_u16(), answer.text()), (200, expected), "{target}");
    };
    check("/things", "list").await;
    check("/things?x=1", "list").await;
    check("/things/special", "special").await;
    check("/things/other", "thing other").await;
    check("/things/a%2Fb%20c", "thing a/b c").await;
    check("/%74hings/x", "thing x").await;
    check("/files/a/b/c.txt", "file a/b/c.txt").await;
    check("/b%C3%BCcher", "bücher").await;
    check("/b%c3%bccher", "bücher").await;
    let answer = client.post("/shops/west/shelves/7").send().await;
    assert_eq!(answer.text(), "shelf 7 of west");
}

#[tokio::test]
async fn what_is_not_served_is_a_problem() {
    let client = client();
    let answer = client.get("/nowhere").send().await;
    let problem = answer.problem();
    assert_eq!(answer.status(), 404);
    assert_eq!((&problem["type"], &problem["status"]), (&"/problems/not-found".into(), &404.into()));
    let id = answer.header("x-request-id").unwrap();
    assert_eq!(problem["instance"], format!("urn:uuid:{id}"));

    let answer = client.post("/things/x").send().await;
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.header("allow"), Some("GET, DELETE, HEAD, OPTIONS"));
    assert_eq!(answer.problem()["type"], "/problems/method-not-allowed");
}

#[tokio::test]
async fn options_and_head_come_by_themselves() {
    let client = client();
    let answer = client.request(http::Method::OPTIONS, "/things/x").send().await;
    assert_eq!((answer.status().as_u16(), answer.header("allow")), (204, Some("GET, DELETE, HEAD, OPTIONS")));
    let answer = client.request(http::Method::HEAD, "/things").send().await;
    assert_eq!((answer.status().as_u16(), answer.text()), (200, ""));
}

#[tokio::test]
async fn a_trailing_slash_is_redirected_or_not() {
    let client = client();
    let answer = client.get("/things/?a=b").send().await;
    assert_eq!((answer.status().as_u16(), answer.header("location")), (308, Some("/things?a=b")));
    for target in ["//evil.example/", "//things/"] {
        assert_eq!(client.get(target).send().await.status(), 404, "{target}");
    }
    let strict = Client::new(app().trailing_slash(TrailingSlash::Strict)).unwrap();
    assert_eq!(strict.get("/things/").send().await.status(), 404);
}

#[tokio::test]
async fn a_path_that_is_no_text_is_malformed() {
    let answer = client().get("/things/%ff").send().await;
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.faults(), ["path name encoding"]);
}

#[tokio::test]
async fn a_client_that_takes_no_format_gets_406() {
    let answer = client().get("/things").header("accept", "application/json").send().await;
    assert_eq!(answer.status(), 406);
    assert_eq!(answer.problem()["available"], serde_json::json!(["text/plain"]));
}

/// An argument that is taken apart reads the parameter of the name inside.
#[get("/apart/{id}")]
async fn apart(Path(id): Path<i64>, Query(limit): Query<Option<i64>>, Header(x_since): Header<Option<i64>>) -> String {
    format!("{id} {limit:?} {x_since:?}")
}

#[tokio::test]
async fn an_argument_that_is_taken_apart_keeps_its_name() {
    let client = Client::new(App::new("Apart", "1.0.0").routes(routes![apart])).unwrap();
    let answer = client.get("/apart/7?limit=5").header("x-since", "9").send().await;
    assert_eq!(answer.text(), "7 Some(5) Some(9)");
}

mod faults {
    use super::*;

    /// A parameter that no name is known of.
    #[get("/nameless")]
    async fn nameless(_: Query<i64>) -> NoContent {
        NoContent
    }

    #[test]
    fn a_parameter_without_a_name_is_told() {
        let error = App::new("Nameless", "1.0.0").routes(routes![nameless]).build().unwrap_err();
        let fault = "reads a query parameter of type `i64` under its argument's name, which has none";
        assert!(error.to_string().contains(fault), "{error}");
    }

    /// Another name for the same parameter.
    #[post("/things/{id}")]
    async fn other_name(id: Path<i64>) -> NoContent {
        let _ = id;
        NoContent
    }

    /// The same method and path.
    #[get("/things")]
    async fn twice() -> NoContent {
        NoContent
    }

    /// State that nobody gives.
    #[get("/state")]
    async fn stateful(state: covet::State<Vec<u8>>) -> NoContent {
        let _ = state;
        NoContent
    }

    #[test]
    fn every_fault_of_the_routes_is_told_at_once() {
        let error = app()
            .routes(routes![other_name, twice, stateful].and(routes![stateful].under("api/")))
            .build()
            .unwrap_err();
        let faults: Vec<String> = error.start_faults().iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 4, "{faults:#?}");
        assert!(
            faults[0].starts_with(
                "POST /things/{id} (`it::routing::faults::other_name` at crates/covet/tests/it/routing.rs:"
            )
        );
        assert!(faults[0].contains("its parameters have other names than in `/things/{name}`"), "{}", faults[0]);
        assert!(faults[1].contains("the same method and path as `it::routing::list` at"), "{}", faults[1]);
        assert!(faults[2].contains("takes `alloc::vec::Vec<u8>`, which the app was not given"), "{}", faults[2]);
        assert!(faults[3].contains("a path begins with `/`"), "{}", faults[3]);
    }
}
