//! Sessions of browsers as credentials of the app's own routes. The numbers are lines of the security checklist.

use covet::auth::{Account, Accounts, Password, Role, Server};
use covet::test::{Answer, Client};
use covet::{App, Auth, Cors, Db, Html, Json, get, post, routes, sql};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

covet::permissions! {
    BooksWrite = "books:write" => "Add and change books",
    UsersAdmin = "users:admin" => "Manage users",
}

/// The page of whoever is logged in.
#[get("/account")]
async fn account(auth: Auth) -> Html {
    Html(format!("<p>{}</p>", auth.subject().len()))
}

/// The page of those who manage users.
#[get("/admin")]
async fn admin(_auth: Auth<UsersAdmin>) -> Html {
    Html("<p>users</p>".into())
}

/// The front page.
#[get("/")]
async fn front(auth: Option<Auth>) -> Html {
    Html(if auth.is_some() { "<p>welcome back</p>" } else { "<p>hello</p>" }.into())
}

/// A book.
#[covet::model]
struct Book {
    title: String,
}

/// Add a book.
#[post("/api/books")]
async fn add(_auth: Auth<BooksWrite>, book: Json<Book>) -> Json<Book> {
    book
}

/// Say who calls.
#[get("/api/me")]
async fn me(auth: Auth) -> Json<Value> {
    Json(json!({ "client": auth.client(), "write": auth.has::<BooksWrite>() }))
}

fn app(db: &Db) -> App {
    let clerk = Account::new("clerk@shop.example").password(Password::new(PASSWORD).unwrap()).roles(["clerk"]);
    let role = Role::new("clerk").permissions(["books:write"]);
    let accounts = Accounts::new().unwrap().account(clerk);
    let server = Server::new("https://shop.example").unwrap().people(accounts).roles([role]);
    App::new("Shop", "1.0.0")
        .database(db.clone())
        .auth(server)
        .cors(Cors::origins(["https://partner.example"]))
        .routes(routes![account, admin, front, add, me])
}

async fn client() -> (Client, Db) {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    (Client::new(app(&db).prepare().await.unwrap()).unwrap(), db)
}

async fn login(client: &Client) {
    let fields = [("login", "clerk@shop.example"), ("password", PASSWORD)];
    let request = client.post("/login").header("sec-fetch-site", "same-origin");
    assert_eq!(request.form(&fields).send().await.status(), 303);
}

async fn visit(client: &Client, path: &str) -> Answer {
    client.get(path).header("accept", BROWSER).send().await
}

async fn add_from(client: &Client, headers: &[(&str, &str)]) -> u16 {
    let request = headers.iter().fold(client.post("/api/books"), |request, (name, value)| request.header(name, value));
    request.json(&json!({ "title": "Emma" })).send().await.status().as_u16()
}

#[tokio::test]
async fn a_browser_that_has_logged_in_may_what_its_user_may() {
    let (client, _) = client().await;
    assert_eq!(visit(&client, "/").await.text(), "<p>hello</p>");
    login(&client).await;
    let page = visit(&client, "/account").await;
    assert_eq!((page.status().as_u16(), page.header("cache-control")), (200, Some("private")));
    assert_eq!(visit(&client, "/").await.text(), "<p>welcome back</p>");
    assert_eq!(client.get("/api/me").send().await.json::<Value>(), json!({ "client": null, "write": true }));
    assert_eq!(add_from(&client, &[("sec-fetch-site", "same-origin")]).await, 200);
    let admin = visit(&client, "/admin").await;
    assert_eq!((admin.status().as_u16(), &admin.problem()["required"]), (403, &json!([["users:admin"]])));
}

#[tokio::test]
async fn who_wants_a_page_is_sent_to_log_in_and_a_program_is_told() {
    let (client, _) = client().await;
    let page = visit(&client, "/account?tab=orders&x=%26").await;
    assert_eq!(page.status(), 303);
    assert_eq!(page.header("location"), Some("/login?return_to=%2Faccount%3Ftab%3Dorders%26x%3D%2526"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(client.get("/account").send().await.status(), 401, "who takes anything is a program");
    assert_eq!(client.get("/account").header("accept", "text/html;q=0.5, application/json").send().await.status(), 401);
    assert_eq!(visit(&client, "/api/me").await.status(), 401, "this is no page");
    assert_eq!(add_from(&client, &[("accept", BROWSER)]).await, 401);
    assert_eq!(visit(&client, "/").await.status(), 200);
}

#[tokio::test]
async fn line_94_with_a_cookie_no_other_sites_page_changes_anything() {
    let (client, _) = client().await;
    assert_eq!(add_from(&client, &[("sec-fetch-site", "cross-site")]).await, 401, "there is no cookie yet");
    login(&client).await;
    assert_eq!(add_from(&client, &[]).await, 200, "no browser sends this");
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "https://partner.example"), ("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(add_from(&client, headers).await, 403, "{headers:?}");
    }
    assert_eq!(client.get("/api/me").header("sec-fetch-site", "cross-site").send().await.status(), 200);
}

#[tokio::test]
async fn a_token_counts_before_a_cookie() {
    let (client, _) = client().await;
    login(&client).await;
    let bad = client.get("/api/me").header("authorization", "Bearer bad").send().await;
    assert_eq!(bad.status(), 401);
    let bad = client.get("/").header("authorization", "Bearer bad").send().await;
    assert_eq!(bad.status(), 401, "43");
}

#[tokio::test]
async fn a_session_that_has_ended_is_nobodys() {
    let (client, db) = client().await;
    login(&client).await;
    for end in [
        "UPDATE covet_sessions SET expires_at = 1",
        "UPDATE covet_sessions SET seen_at = 1",
        "DELETE FROM covet_sessions",
        "UPDATE covet_users SET disabled_at = 1",
    ] {
        login(&client).await;
        assert_eq!(visit(&client, "/account").await.status(), 200);
        db.execute(covet::db::Sql::unchecked(end.to_owned())).await.unwrap();
        assert_eq!(visit(&client, "/account").await.status(), 303, "{end}");
        assert_eq!(client.get("/api/me").send().await.status(), 401, "{end}");
        assert_eq!(visit(&client, "/").await.text(), "<p>hello</p>", "{end}");
        assert_eq!(add_from(&client, &[]).await, 401, "{end}");
    }
}

#[tokio::test]
async fn line_93_a_logout_ends_what_the_cookie_could() {
    let (client, _) = client().await;
    login(&client).await;
    let other = client.unchecked();
    assert_eq!(visit(&other, "/account").await.status(), 200);
    let none: [(&str, &str); 0] = [];
    client.post("/logout").header("sec-fetch-site", "same-origin").form(&none).send().await;
    assert_eq!(visit(&other, "/account").await.status(), 303);
}

#[tokio::test]
async fn line_99_a_role_that_is_taken_away_is_gone_with_the_next_request() {
    let (client, db) = client().await;
    login(&client).await;
    assert_eq!(add_from(&client, &[]).await, 200);
    db.execute(sql!("DELETE FROM covet_user_roles")).await.unwrap();
    assert_eq!(add_from(&client, &[]).await, 403);
}

#[tokio::test]
async fn the_document_has_both_credentials() {
    let (client, _) = client().await;
    let document = client.openapi();
    let scheme = &document["components"]["securitySchemes"]["session"];
    assert_eq!(
        (&scheme["type"], &scheme["in"], &scheme["name"]),
        (&json!("apiKey"), &json!("cookie"), &json!("__Host-session"))
    );
    let operation = &document["paths"]["/api/books"]["post"];
    assert_eq!(
        operation["security"],
        json!([{ "oauth2": ["books:write"] }, { "bearer": ["books:write"] }, { "session": ["books:write"] }])
    );
    assert_eq!(
        document["paths"]["/"]["get"]["security"],
        json!([{}, { "oauth2": [] }, { "bearer": [] }, { "session": [] }])
    );
    assert!(document["paths"]["/account"]["get"]["responses"]["303"].is_object());
    assert!(document["paths"]["/api/me"]["get"]["responses"]["303"].is_null());
}
