//! Callers and what they may do. The numbers are lines of the security checklist.

use std::sync::LazyLock;

use covet::auth::jose::{Algorithm, Claims, KeySet, SigningKey, TokenType};
use covet::auth::{Any, NotPermitted, Permitted, Policy, Principal, ResourceServer, RoleDefinition};
use covet::jiff::Timestamp;
use covet::test::{Answer, Client};
use covet::{App, Auth, Cors, Json, Path, Public, Query, Routes, get, post, routes};
use http::Method;
use serde_json::{Value, json};

covet::permissions! {
    BooksWrite = "books:write" => "Add and change books",
    OrdersRead = "orders:read" => "See orders",
    UsersAdmin = "users:admin" => "Manage users",
}

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());

/// A book.
#[covet::model]
struct Book {
    title: String,
}

/// Add a book; the caller stands last on purpose.
#[post("/books/{shelf}")]
async fn add(shelf: Path<u8>, copies: Query<u8>, new: Json<Book>, auth: Auth<BooksWrite>) -> Json<Value> {
    Json(json!([auth.subject(), new.title, *shelf, *copies]))
}

/// Both.
#[get("/both")]
async fn both(_auth: Auth<(OrdersRead, UsersAdmin)>) -> &'static str {
    "both"
}

/// Either.
#[get("/either")]
async fn either(_auth: Auth<Any<(OrdersRead, UsersAdmin)>>) -> &'static str {
    "either"
}

/// Who I am.
#[get("/me")]
async fn me(auth: Auth) -> Json<Value> {
    Json(json!([auth.subject(), auth.client(), auth.has::<UsersAdmin>()]))
}

/// Whoever I am.
#[get("/greeting")]
async fn greeting(auth: Option<Auth>) -> String {
    auth.map_or("hello".into(), |auth| format!("hello {}", auth.subject()))
}

/// For everybody.
#[get("/open")]
async fn open(_: Public) -> &'static str {
    "open"
}

/// Says nothing by itself.
#[get("/silent")]
async fn silent() -> &'static str {
    "silent"
}

fn all() -> Routes {
    routes![add, both, either, me, greeting, open].and(routes![silent].require::<OrdersRead>().under("/group"))
}

fn role(id: i64, permissions: &[&str]) -> RoleDefinition {
    let permissions = permissions.iter().map(|name| name.to_string()).collect();
    RoleDefinition { id, name: format!("role {id}"), permissions, parents: Vec::new() }
}

fn server() -> ResourceServer {
    let keys = KeySet::new([KEY.verifying().clone()]).unwrap();
    ResourceServer::new("https://id.example", "https://shop.example", keys).roles([
        role(1, &["books:write"]),
        role(2, &["orders:read"]),
        role(3, &["orders:read", "users:admin"]),
    ])
}

fn app() -> App {
    App::new("Shop", "1.0.0").auth(server()).routes(all())
}

fn client() -> Client {
    Client::new(app()).unwrap()
}

/// A token with these private claims, for so many seconds from now.
fn token_for(claims: Value, seconds: i64) -> String {
    let issued = Timestamp::from_second(Timestamp::now().as_second() - 1000).unwrap();
    let lifetime = std::time::Duration::from_secs((1000 + seconds).try_into().unwrap());
    let claims = Claims::new("https://id.example", "https://shop.example", "alice", (issued, lifetime), claims);
    KEY.issue(TokenType::AccessToken, &claims).unwrap()
}

fn token(scope: &str) -> String {
    token_for(json!({ "scope": scope, "client_id": "till" }), 600)
}

async fn get(client: &Client, path: &str, authorization: &str) -> Answer {
    client.get(path).header("authorization", authorization).send().await
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn a_caller_with_the_permission_is_let_in() {
    let client = client();
    let add = client.post("/books/3?copies=2").header("authorization", &bearer(&token("openid books:write")));
    let answer = add.json(&json!({ "title": "Emma" })).send().await;
    assert_eq!(answer.json::<Value>(), json!(["alice", "Emma", 3, 2]));
    assert_eq!(answer.header("cache-control"), Some("private"), "42: a guarded answer is for one caller");
    let me = get(&client, "/me", &bearer(&token("users:admin"))).await;
    assert_eq!(me.json::<Value>(), json!(["alice", "till", true]));
    assert_eq!(
        get(&client, "/me", &bearer(&token_for(json!({}), 600))).await.json::<Value>(),
        json!(["alice", null, false])
    );
}

#[tokio::test]
async fn line_34_without_a_credential_the_challenge_has_no_error() {
    for authorization in [None, Some("Basic YTpi"), Some("Bearer")] {
        let mut request = client().get("/me");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let answer = request.send().await;
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="api""#));
        assert_eq!(answer.header("cache-control"), Some("no-store"), "42");
        let problem = answer.problem();
        assert_eq!(
            (&problem["type"], &problem["code"]),
            (&json!("/problems/unauthenticated"), &json!("token_missing"))
        );
    }
}

#[tokio::test]
async fn lines_33_and_35_what_is_wrong_with_a_token_is_not_told() {
    let client = client();
    let good = token("books:write");
    let foreign = SigningKey::generate(Algorithm::Es256).unwrap();
    let now = (Timestamp::now(), std::time::Duration::from_secs(600));
    let foreign = |issuer: &str| {
        let claims = Claims::new(issuer, "https://shop.example", "alice", now, json!({ "scope": "books:write" }));
        foreign.issue(TokenType::AccessToken, &claims).unwrap()
    };
    let id_token = {
        let claims = Claims::new("https://id.example", "https://shop.example", "alice", now, json!({}));
        KEY.issue(TokenType::Jwt, &claims).unwrap()
    };
    let mut bodies = Vec::new();
    for bad in ["x", "a.b.c", &good[1..], &foreign("https://id.example"), &foreign("https://other.example"), &id_token]
    {
        let answer = get(&client, "/me", &bearer(bad)).await;
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="api", error="invalid_token""#));
        let mut problem = answer.problem();
        problem.as_object_mut().unwrap().remove("instance");
        bodies.push(problem);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(bodies[0]["code"], "token_invalid");
    let scope_is_no_scope = token_for(json!({ "scope": "a  b" }), 600);
    assert_eq!(get(&client, "/me", &bearer(&scope_is_no_scope)).await.problem()["code"], "token_invalid");
    let expired = get(&client, "/me", &bearer(&token_for(json!({}), -100))).await;
    assert_eq!((expired.status().as_u16(), &expired.problem()["code"]), (401, &json!("token_expired")));
}

#[tokio::test]
async fn line_35_a_known_caller_without_the_permission_is_told_which() {
    let client = client();
    let check = async |path: &str, scope: &str, challenge: &str, required: Value| {
        let answer = get(&client, path, &bearer(&token(scope))).await;
        assert_eq!(answer.status(), 403, "{path} {scope}");
        let challenge = format!(r#"Bearer realm="api", error="insufficient_scope", scope="{challenge}""#);
        assert_eq!(answer.header("www-authenticate"), Some(&*challenge));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.problem()["required"], required);
    };
    check("/both", "orders:read", "orders:read users:admin", json!([["orders:read", "users:admin"]])).await;
    check("/either", "books:write", "orders:read", json!([["orders:read"], ["users:admin"]])).await;
    check("/group/silent", "", "orders:read", json!([["orders:read"]])).await;
}

#[tokio::test]
async fn line_36_one_authorization_header_and_any_case_of_the_scheme() {
    let client = client();
    let good = token("");
    for scheme in ["bearer", "BEARER", "bEaReR"] {
        assert_eq!(get(&client, "/me", &format!("{scheme} {good}")).await.status(), 200);
    }
    let two = client.get("/me").header("authorization", &bearer(&good)).header("authorization", &bearer(&good));
    let answer = two.send().await;
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.faults(), ["header authorization duplicate"]);
}

#[tokio::test]
async fn line_37_a_token_in_the_query_or_the_form_is_none() {
    let client = client();
    let good = token("books:write");
    assert_eq!(client.get(&format!("/me?access_token={good}")).send().await.status(), 401);
    let form = client.post("/books/3?copies=2").form(&[("access_token", &good)]).send().await;
    assert_eq!(form.status(), 401);
}

#[tokio::test]
async fn line_38_the_caller_is_asked_for_before_anything_is_read() {
    let client = client();
    for path in ["/books/not-a-number?copies=many", "/books/3"] {
        let bad = client.post(path).body("application/json", "{ no JSON").send().await;
        assert_eq!(bad.status(), 401, "{path}");
        let bad = client.post(path).header("authorization", &bearer(&token("orders:read")));
        assert_eq!(bad.body("text/plain", "no JSON").send().await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn line_40_a_preflight_needs_no_token_and_a_refusal_can_be_read_by_the_page() {
    let client = Client::new(app().cors(Cors::origins(["https://shop.example"]))).unwrap();
    let preflight = client.request(Method::OPTIONS, "/me").header("origin", "https://shop.example");
    let preflight = preflight.header("access-control-request-method", "GET");
    assert_eq!(preflight.header("access-control-request-headers", "authorization").send().await.status(), 204);
    let refused = client.get("/me").header("origin", "https://shop.example").send().await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://shop.example"));
}

#[tokio::test]
async fn line_43_an_optional_caller_is_known_or_nobody_but_never_a_bad_one() {
    let client = client();
    assert_eq!(client.get("/greeting").send().await.text(), "hello");
    assert_eq!(get(&client, "/greeting", &bearer(&token(""))).await.text(), "hello alice");
    assert_eq!(get(&client, "/greeting", "Bearer bad").await.status(), 401);
    assert_eq!(get(&client, "/greeting", &bearer(&token_for(json!({}), -100))).await.status(), 401);
}

#[test]
fn line_96_a_route_that_has_not_decided_does_not_start() {
    let faults = |app: App| -> Vec<String> {
        let error = app.build().unwrap_err();
        error.start_faults().iter().map(|fault| fault.message()).collect()
    };
    let found = faults(App::new("Shop", "1.0.0").auth(server()).routes(routes![add, silent]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("GET /silent (`it::auth::silent` at ") && found[0].contains("auth.rs:"), "{found:?}");
    assert!(found[0].contains("does not say who may call it"), "{found:?}");

    let found = faults(App::new("Shop", "1.0.0").routes(routes![me, silent]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("add .auth(…)"), "{found:?}");

    /// Undecided between two.
    #[get("/torn")]
    async fn torn(_: Public, _auth: Auth) -> &'static str {
        ""
    }
    assert!(faults(app().routes(routes![torn]))[0].contains("of which one is wrong"));

    let wrong = server().roles([role(9, &["nothing"])]).realm("a \"quoted\" one");
    let found = faults(App::new("Shop", "1.0.0").auth(wrong).routes(routes![add]));
    assert_eq!(found.len(), 2, "{found:?}");
}

mod elsewhere {
    covet::permissions! {
        pub(super) Other = "other" => "Something else",
    }
}

#[test]
fn two_lists_of_permissions_are_a_fault_of_the_start() {
    /// Of the other list.
    #[get("/other")]
    async fn other(_auth: Auth<elsewhere::Other>) -> &'static str {
        ""
    }
    let error = app().routes(routes![other]).build().unwrap_err();
    assert!(error.to_string().contains("an app has one list of permissions"), "{error}");
}

/// Which scopes and roles get into which route, as its declaration says.
#[tokio::test]
async fn line_97_every_cell_of_the_matrix_is_as_declared() {
    let client = client();
    type Declared = fn(&[&str]) -> bool;
    let routes: [(&str, Declared); 6] = [
        ("/both", |have| have.contains(&"orders:read") && have.contains(&"users:admin")),
        ("/either", |have| have.contains(&"orders:read") || have.contains(&"users:admin")),
        ("/me", |_| true),
        ("/greeting", |_| true),
        ("/open", |_| true),
        ("/group/silent", |have| have.contains(&"orders:read")),
    ];
    let roles: [&[&str]; 4] = [&[], &["books:write"], &["orders:read"], &["orders:read", "users:admin"]];
    for scope in ["", "orders:read", "users:admin", "orders:read users:admin books:write"] {
        for (id, role) in roles.iter().enumerate() {
            let have: Vec<&str> = scope.split(' ').filter(|name| role.contains(name)).collect();
            let token = token_for(json!({ "scope": scope, "roles": [id] }), 600);
            for (path, expected) in routes {
                let status = get(&client, path, &bearer(&token)).await.status();
                assert_eq!(status, if expected(&have) { 200 } else { 403 }, "{path} {scope:?} {role:?}");
            }
        }
    }
}

#[tokio::test]
async fn line_100_a_thing_of_somebody_else_is_as_one_that_is_not_there() {
    enum Read {}
    impl Policy<Principal, Book> for Read {
        fn permits(who: &Principal, book: &Book) -> bool {
            book.title.starts_with(who.subject())
        }
    }
    /// Read a diary.
    #[get("/diaries/{name}")]
    async fn diary(auth: Auth, name: Path<String>) -> Result<Json<Book>, NotPermitted> {
        let book = Book { title: format!("{}'s diary", *name) };
        let book: Permitted<Read, Book> = auth.check(book)?;
        Ok(Json(book.into_inner()))
    }
    let client = Client::new(app().routes(routes![diary])).unwrap().unchecked();
    assert_eq!(get(&client, "/diaries/alice", &bearer(&token(""))).await.status(), 200);
    let other = get(&client, "/diaries/bob", &bearer(&token(""))).await;
    let missing = get(&client, "/nothing/here", &bearer(&token(""))).await;
    let without_instance = |answer: &Answer| {
        let mut problem = answer.problem();
        problem.as_object_mut().unwrap().remove("instance");
        problem
    };
    assert_eq!(other.status(), 404);
    assert_eq!(without_instance(&other), without_instance(&missing));
}

#[tokio::test]
async fn line_104_there_is_no_way_around_a_guard() {
    let client = client().unchecked();
    for (method, path) in [
        (Method::HEAD, "/me"),
        (Method::GET, "/me/"),
        (Method::GET, "//me"),
        (Method::GET, "/%6de"),
        (Method::GET, "/x/../me"),
        (Method::GET, "/ME"),
        (Method::POST, "/me"),
        (Method::GET, "/group/%73ilent"),
        (Method::GET, "/group/./silent"),
    ] {
        let request = client.request(method.clone(), path).header("x-http-method-override", "GET");
        let status = request.send().await.status().as_u16();
        assert!([308, 400, 401, 404, 405].contains(&status), "{method} {path}: {status}");
    }
    assert_eq!(client.request(Method::HEAD, "/me").send().await.status(), 401);
    let options = client.request(Method::OPTIONS, "/me").send().await;
    assert!(options.status() != 200 && options.bytes().is_empty(), "{options:?}");
    // Who may call one method of a path may not call another in its place.
    let as_get = client.post("/me").header("authorization", &bearer(&token("")));
    assert_eq!(as_get.header("x-http-method-override", "GET").send().await.status(), 405);
}

#[test]
fn the_document_says_who_may_call() {
    let client = client();
    let document = client.openapi();
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    assert_eq!(security("/books/{shelf}", "post"), json!([{ "bearer": ["books:write"] }]));
    assert_eq!(security("/both", "get"), json!([{ "bearer": ["orders:read", "users:admin"] }]));
    assert_eq!(security("/either", "get"), json!([{ "bearer": ["orders:read"] }, { "bearer": ["users:admin"] }]));
    assert_eq!(security("/me", "get"), json!([{ "bearer": [] }]));
    assert_eq!(security("/greeting", "get"), json!([{}, { "bearer": [] }]));
    assert_eq!(security("/open", "get"), Value::Null);
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    let statuses = |path: &str| {
        let responses = document["paths"][path]["get"]["responses"].as_object().unwrap();
        ["401", "403"].map(|status| responses.contains_key(status))
    };
    assert_eq!(statuses("/both"), [true, true]);
    assert_eq!(statuses("/me"), [true, false]);
    assert_eq!(statuses("/greeting"), [true, false]);
    assert_eq!(statuses("/open"), [false, false]);
}

#[tokio::test]
async fn line_39_what_a_client_sends_cannot_break_the_challenge() {
    let client = client();
    for hostile in ["a\", error=\"x", "\\\"", "a.b.c\", scope=\"all", "%0d%0aSet-Cookie: a=b", "\u{7f}"] {
        let Ok(value) = http::HeaderValue::from_bytes(format!("Bearer {hostile}").as_bytes()) else { continue };
        let answer = get(&client, "/me", value.to_str().unwrap_or("Bearer x")).await;
        assert_eq!(
            answer.header("www-authenticate"),
            Some(r#"Bearer realm="api", error="invalid_token""#),
            "{hostile}"
        );
        assert!(answer.header("set-cookie").is_none());
    }
}

#[tokio::test]
async fn line_42_refusals_are_kept_by_nobody_and_answers_by_their_reader_alone() {
    let client = client();
    let cache = async |path: &str, token: &str| {
        let answer = get(&client, path, &bearer(token)).await;
        (answer.status().as_u16(), answer.header("cache-control").map(str::to_owned))
    };
    assert_eq!(cache("/me", "bad").await, (401, Some("no-store".into())));
    assert_eq!(cache("/both", &token("")).await, (403, Some("no-store".into())));
    assert_eq!(cache("/me", &token("")).await, (200, Some("private".into())));
    assert_eq!(cache("/greeting", &token("")).await, (200, Some("private".into())));
}

/// What is written into it.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn line_41_a_token_is_in_no_log_and_in_no_answer() {
    /// Falls over.
    #[get("/panic")]
    async fn panics(auth: Auth) -> String {
        panic!("{auth:?} fell over")
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
    let subscriber = subscriber.with_ansi(false).with_writer(move || writer.clone()).finish();
    let client = Client::new(app().access_log().routes(routes![panics])).unwrap().unchecked();
    let (good, expired) = (token("books:write"), token_for(json!({}), -100));
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    let guard = tracing::subscriber::set_default(subscriber);
    for token in [&good, &expired, &forged] {
        for path in ["/me", "/both", "/panic", "/nothing"] {
            let answer = get(&client, path, &bearer(token)).await;
            assert!(!answer.text().contains(&**token));
        }
    }
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("audit") && log.contains("fell over") && log.contains("/both"), "{log}");
    for token in [&good, &expired, &forged] {
        for part in token.split('.') {
            assert!(!log.contains(part), "{log}");
        }
    }
}
