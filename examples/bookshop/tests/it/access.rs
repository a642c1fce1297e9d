//! Who may do what: roles, scopes, and whose orders somebody sees.

use bookshop::access::Config;
use bookshop::app;
use covet::Db;
use covet::test::{Answer, Client};
use serde_json::{Value, json};

use super::{ISSUER, on_each_database, staff};

on_each_database! {
    of crate::access::shop_with_users:
    the_caller_is_told_who_they_are,
    a_customer_sees_their_own_orders_and_a_clerk_all,
    a_scope_gives_nobody_more_than_their_roles,
}

const USERS: &str = r#"
[[users]]
name = "Ada"
password = "ada's password"
email = "ada@shop.example"
roles = ["customer"]

[[users]]
name = "bob"
password = "bob's password"
roles = ["customer"]

[[users]]
name = "carl"
password = "carl's password"
roles = ["clerk"]

[[users]]
name = "anna"
password = "anna's password"
roles = ["admin"]

[[users]]
name = "nobody"
password = "nobody's password"

[[clients]]
id = "app"
redirect_uris = ["http://127.0.0.1/callback"]
scopes = ["openid", "profile", "email", "books:write", "orders:read", "orders:write", "audit:read", "users:admin"]
consent = "given"

[[clients]]
id = "staff"
secret = "a secret of the tests"
grants = ["client_credentials"]
scopes = ["books:write", "orders:read", "orders:write", "audit:read", "users:admin"]
"#;

/// Every permission.
pub(crate) const ALL: &str = "books:write orders:read orders:write audit:read users:admin";

/// A shop with users.
pub(crate) async fn shop_with_users(url: &str) -> Client {
    let mut config = Config::parse(USERS).unwrap();
    config.issuer = ISSUER.to_owned();
    Client::new(app(&config).unwrap().database(Db::connect(url)).prepare().await.unwrap()).unwrap()
}

/// Logs a browser in.
pub(crate) async fn log_in(shop: &Client, login: &str) -> Answer {
    let form = [("login", login), ("password", &format!("{login}'s password")), ("return_to", "/account")];
    let answer = shop.post("/login").header("sec-fetch-site", "same-origin").form(&form).send().await;
    assert_eq!(answer.status(), 303, "{answer:?}");
    answer
}

/// The shop as a user asks it with a token of this scope, which came by code.
pub(crate) async fn with_token(shop: &Client, login: &str, scope: &str) -> Client {
    // RFC 7636, appendix B.
    let (verifier, challenge) =
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    log_in(shop, login).await;
    let redirect = "http://127.0.0.1:4711/callback";
    let answer = shop
        .get(&format!(
            "/oauth/authorize?response_type=code&client_id=app&redirect_uri={redirect}&scope={}&code_challenge={challenge}\
             &code_challenge_method=S256",
            scope.replace(' ', "+")
        ))
        .send()
        .await;
    let location = answer.header("location").unwrap_or_else(|| panic!("{answer:?}"));
    let code = location.split_once("code=").unwrap().1.split('&').next().unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", code),
        ("redirect_uri", redirect),
        ("code_verifier", verifier),
    ];
    let tokens: Value = shop.post("/oauth/token").form(&form).send().await.json();
    shop.with_header("authorization", &format!("Bearer {}", tokens["access_token"].as_str().unwrap()))
}

async fn me(client: &Client) -> Value {
    client.get("/api/me").send().await.json()
}

async fn the_caller_is_told_who_they_are(shop: Client) {
    assert_eq!(shop.get("/api/me").send().await.problem()["code"], "token_missing");
    let service = me(&staff(&shop).await).await;
    assert_eq!(
        (&service["subject"], &service["client"], &service["roles"]),
        (&json!("staff"), &json!("staff"), &json!(null))
    );
    let ada = with_token(&shop, "ada", "openid orders:read books:write").await;
    let ada = me(&ada).await;
    assert_eq!(
        (&ada["client"], &ada["scope"], &ada["roles"], &ada["permissions"]),
        (
            &json!("app"),
            &json!(["books:write", "openid", "orders:read"]),
            &json!(["customer"]),
            &json!(["orders:read"])
        )
    );
    assert_ne!(ada["subject"], "ada");
    let anna = me(&with_token(&shop, "anna", ALL).await).await;
    assert_eq!(anna["permissions"].as_array().unwrap().len(), 5);
}

async fn a_customer_sees_their_own_orders_and_a_clerk_all(shop: Client) {
    let ada = with_token(&shop, "ada", ALL).await;
    let bob = with_token(&shop, "bob", ALL).await;
    // A narrow scope does not make a clerk a customer.
    let carl = with_token(&shop, "carl", "orders:read").await;
    let order = json!({ "lines": [{ "book": 1, "copies": 1 }] });
    let first: Value = ada.post("/api/orders").json(&order).send().await.json();
    let second: Value = bob.post("/api/orders").json(&order).send().await.json();
    assert_eq!(first["customer"], me(&ada).await["subject"]);
    let seen = async |who: &Client| -> Vec<Value> {
        let page: Value = who.get("/api/orders").send().await.json();
        page["items"].as_array().unwrap().iter().map(|order| order["id"].clone()).collect()
    };
    assert_eq!(seen(&ada).await, [first["id"].clone()]);
    assert_eq!(seen(&bob).await, [second["id"].clone()]);
    assert_eq!(seen(&carl).await, [second["id"].clone(), first["id"].clone()]);
    assert_eq!(seen(&staff(&shop).await).await, Vec::<Value>::new(), "a service sees what it has ordered itself");
    let target = format!("/api/orders/{}", first["id"]);
    assert_eq!(carl.get(&target).send().await.json::<Value>(), first);
    let (hidden, missing) = (bob.get(&target).send().await, bob.get("/api/orders/999").send().await);
    assert_eq!((hidden.status().as_u16(), missing.status().as_u16()), (404, 404));
    let told = |answer: &covet::test::Answer, id: &Value| {
        let mut problem = answer.problem();
        problem.as_object_mut().unwrap().remove("instance");
        problem.to_string().replace(&id.to_string(), "ID")
    };
    assert_eq!(told(&hidden, &first["id"]), told(&missing, &json!(999)), "100: the whole body is the same");
    assert_eq!(carl.post("/api/orders").json(&order).send().await.status(), 403, "the scope has no orders:write");
}

async fn a_scope_gives_nobody_more_than_their_roles(shop: Client) {
    let nobody = with_token(&shop, "nobody", ALL).await;
    assert_eq!(me(&nobody).await["permissions"], json!([]));
    let answer = nobody.get("/api/orders").send().await;
    assert_eq!((answer.status().as_u16(), &answer.problem()["required"]), (403, &json!([["orders:read"]])));
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(
        challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"orders:read\""),
        "{challenge}"
    );
    let ada = with_token(&shop, "ada", ALL).await;
    assert_eq!(ada.delete("/api/books/1").send().await.status(), 403);
    assert_eq!(with_token(&shop, "carl", ALL).await.delete("/api/books/1").send().await.status(), 204);
}

#[tokio::test]
async fn who_has_registered_is_a_customer() {
    let shop = shop_with_users("sqlite::memory:").await;
    let form = [("login", "eve"), ("password", "eve's password"), ("return_to", "/")];
    let answer = shop.post("/register").header("sec-fetch-site", "same-origin").form(&form).send().await;
    assert_eq!(answer.status(), 303);
    assert_eq!(me(&with_token(&shop, "eve", ALL).await).await["permissions"], json!(["orders:read", "orders:write"]));
}

#[tokio::test]
async fn the_demos_logins_do_not_get_into_a_shop_with_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    let start = async |config: Config| app(&config).unwrap().database(Db::connect(&url)).prepare().await.map(drop);
    let configured = || {
        let mut config = Config::parse("[[users]]\nname = \"admin\"\npassword = \"another password\"").unwrap();
        config.issuer = ISSUER.to_owned();
        config
    };
    start(Config::demo(ISSUER).unwrap()).await.unwrap();
    start(Config::demo(ISSUER).unwrap()).await.unwrap();
    start(configured()).await.unwrap();
    let db = Db::connect(&url).await.unwrap();
    let logins: Vec<(String,)> = db.fetch_all("SELECT login FROM covet_users").await.unwrap();
    assert_eq!(logins, [("admin".to_owned(),)]);
    let clients: Vec<(String,)> = db.fetch_all("SELECT id FROM covet_clients").await.unwrap();
    assert_eq!(clients, [("docs".to_owned(),)]);
    let shop = Client::new(app(&configured()).unwrap().database(db).prepare().await.unwrap()).unwrap();
    let form = [("login", "admin"), ("password", "admin-demo")];
    assert_eq!(shop.post("/login").form(&form).send().await.status(), 422);
    let refused = start(Config::demo(ISSUER).unwrap()).await.unwrap_err().to_string();
    assert!(refused.contains("--config"), "{refused}");
}
