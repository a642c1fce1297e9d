//! Pages of other origins.

use covet::test::{Answer, Client};
use covet::{App, Cors, NoContent, get, put, routes};
use http::Method;

/// Read.
#[get("/things")]
async fn read() -> &'static str {
    "things"
}

/// Write.
#[put("/things")]
async fn write() -> NoContent {
    NoContent
}

fn client(cors: Cors) -> Client {
    Client::new(App::new("Things", "1.0.0").routes(routes![read, write]).cors(cors)).unwrap()
}

async fn preflight(client: &Client, origin: &str) -> Answer {
    let request = client.request(Method::OPTIONS, "/things").header("origin", origin);
    request
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "content-type, x-a")
        .send()
        .await
}

#[tokio::test]
async fn an_allowed_origin_is_answered_and_others_are_not() {
    let client = client(Cors::origins(["https://shop.example"]).credentials().expose(["Link"]));
    let answer = client.get("/things").header("origin", "https://shop.example").send().await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-expose-headers"), Some("Link"));
    for origin in ["https://evil.example", "https://shop.example.evil", "null", "HTTPS://shop.example"] {
        for answer in [client.get("/things").header("origin", origin).send().await, preflight(&client, origin).await] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
            assert_eq!(answer.header("vary"), Some("origin"), "{origin}");
        }
    }
    assert_eq!(client.get("/things").send().await.header("vary"), Some("origin"));
}

#[tokio::test]
async fn a_preflight_tells_what_the_path_has() {
    let answer = preflight(&client(Cors::any_origin()), "https://a.example").await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET, PUT, HEAD, OPTIONS"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("content-type, x-a"));
    assert_eq!(answer.header("access-control-max-age"), Some("600"));
    assert_eq!(answer.header("vary"), None);
}

#[tokio::test]
async fn problems_can_be_read_by_the_page_as_well() {
    let client = client(Cors::origins(["https://shop.example"]));
    let answer = client.get("/nowhere").header("origin", "https://shop.example").send().await;
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
}

/// A route's own list is in place of the app's, for the request and for the preflight before it.
#[tokio::test]
async fn routes_have_their_own() {
    let own = routes![read].cors(Cors::any_origin()).and(routes![write].cors(Cors::origins(["https://desk.example"])));
    let app = App::new("Things", "1.0.0").routes(own).cors(Cors::origins(["https://shop.example"]));
    let client = Client::new(app).unwrap();
    let allowed = async |method: Method, target: &str, origin: &str| {
        let answer = client.request(method, target).header("origin", origin).send().await;
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(allowed(Method::GET, "/things", "https://a.example").await.as_deref(), Some("*"));
    assert_eq!(allowed(Method::PUT, "/things", "https://shop.example").await, None);
    let desk = Some("https://desk.example");
    assert_eq!(allowed(Method::PUT, "/things", "https://desk.example").await.as_deref(), desk);
    assert_eq!(allowed(Method::GET, "/nowhere", "https://shop.example").await.as_deref(), Some("https://shop.example"));
    assert_eq!(preflight(&client, "https://desk.example").await.header("access-control-allow-origin"), desk);
    assert_eq!(preflight(&client, "https://shop.example").await.header("access-control-allow-origin"), None);

    let wrong = App::new("Things", "1.0.0").routes(routes![read].cors(Cors::origins(["shop.example"])));
    let error = wrong.build().unwrap_err();
    assert!(error.to_string().contains("`shop.example` is not an origin"), "{error}");
}

#[test]
fn settings_that_cannot_be_meant_stop_the_start() {
    let faults = |cors: Cors| {
        let error = App::new("Things", "1.0.0").cors(cors).build().unwrap_err();
        error.start_faults().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(faults(Cors::any_origin().credentials())[0].contains("needs a list of origins"));
    let wrong = ["https://a.example/", "a.example", "*", "https://A.example", ""];
    assert_eq!(faults(Cors::origins(wrong)).len(), wrong.len());
    assert!(faults(Cors::any_origin().expose(["a b"]))[0].contains("is not the name of a header"));
}
