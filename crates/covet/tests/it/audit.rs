//! The audit log. The numbers are lines of the security checklist.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use covet::auth::{
    Account, Accounts, Audit, AuditEntry, AuditEvent, AuditFilter, AuditOrder, Client as OAuthClient, Consent,
    GrantType, Password, Role, Server,
};
use covet::test::{Answer, Client};
use covet::{App, Auth, Db, NoContent, Page, Paging, Query, Result, get, post, routes, sql};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const SECRET: &str = "a secret of the operator's";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

covet::permissions! {
    AuditRead = "audit:read" => "Read the audit log",
    BooksWrite = "books:write" => "Add and change books",
    #[audit]
    UsersAdmin = "users:admin" => "Manage users",
}

/// Say who I am.
#[get("/me")]
async fn me(auth: Auth) -> String {
    auth.subject().to_owned()
}

/// Books may be changed.
#[get("/books/{id}")]
async fn books(_auth: Auth<BooksWrite>, _id: covet::Path<i64>) -> &'static str {
    "books"
}

/// Users may be managed.
#[get("/users")]
async fn users(_auth: Auth<UsersAdmin>) -> &'static str {
    "users"
}

/// Give the money back.
#[post("/refund")]
async fn refund(_auth: Auth<BooksWrite>, audit: Audit) -> NoContent {
    audit.record(AuditEvent::new("order.refunded").object("order 7"));
    NoContent
}

/// Who did what.
#[get("/audit")]
async fn list(
    _auth: Auth<AuditRead>,
    filter: Query<AuditFilter>,
    paging: Paging<AuditOrder, 5>,
    audit: Audit,
) -> Result<Page<AuditEntry>> {
    Ok(audit.page(&filter, &paging).await?)
}

async fn client(database: &str) -> (Client, Db) {
    let db = Db::connect(database).await.unwrap();
    let scope = "openid audit:read books:write users:admin";
    let mut shop = OAuthClient::new("shop", scope.parse().unwrap())
        .with_secret(SECRET)
        .with_redirect_uri("https://app.example/callback")
        .unwrap();
    shop.consent = Consent::Given;
    shop.grants.push(GrantType::ClientCredentials);
    let clerk = Account::new("clerk").password(Password::new(PASSWORD).unwrap()).roles(["clerk"]);
    let role = Role::new("clerk").permissions(["books:write", "users:admin"]);
    let server = Server::new("https://shop.example").unwrap().client(shop).roles([role]);
    let server = server.people(Accounts::new().unwrap().account(clerk));
    let app = App::new("Shop", "1.0.0").database(db.clone()).auth(server);
    let app = app.routes(routes![me, books, users, refund, list]);
    (Client::new(app.prepare().await.unwrap()).unwrap(), db)
}

async fn own_token(client: &Client, scope: &str) -> String {
    let pairs =
        [("grant_type", "client_credentials"), ("client_id", "shop"), ("client_secret", SECRET), ("scope", scope)];
    let tokens: Value = client.post("/oauth/token").form(&pairs).send().await.json();
    tokens["access_token"].as_str().unwrap().to_owned()
}

async fn ask(client: &Client, path: &str, token: &str) -> Answer {
    client.get(path).header("authorization", &format!("Bearer {token}")).send().await
}

/// All lines, oldest first, once there is one of this event.
async fn lines(db: &Db, until: &str) -> Vec<BTreeMap<String, String>> {
    let started = Instant::now();
    loop {
        let rows: Vec<covet::db::Row> = db.fetch_all(sql!("SELECT * FROM covet_audit ORDER BY id")).await.unwrap();
        let line = |row: &covet::db::Row| -> BTreeMap<String, String> {
            let columns =
                ["event", "outcome", "subject", "client", "object", "permission", "reason", "request_id", "address"];
            let value = |name: &str| Some((name.to_owned(), row.get::<Option<String>>(name).unwrap()?));
            columns.into_iter().filter_map(value).collect()
        };
        let lines: Vec<_> = rows.iter().map(line).collect();
        if lines.iter().any(|line| line["event"] == until) {
            return lines;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "no {until} in {lines:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn find<'a>(lines: &'a [BTreeMap<String, String>], event: &str, outcome: &str) -> &'a BTreeMap<String, String> {
    let found = lines.iter().find(|line| line["event"] == event && line["outcome"] == outcome);
    found.unwrap_or_else(|| panic!("no {event} {outcome} in {lines:#?}"))
}

#[tokio::test]
async fn line_103_every_refusal_and_every_use_of_a_marked_permission_is_written() {
    let (client, db) = client("sqlite::memory:").await;
    let token = own_token(&client, "audit:read users:admin").await;
    let missing = client.get("/me").send().await;
    let forged = ask(&client, "/me", &format!("{}x", &token[..token.len() - 1])).await;
    let lacking = ask(&client, "/books/7", &token).await;
    let used = ask(&client, "/users", &token).await;
    assert_eq!([401, 401, 403, 200], [&missing, &forged, &lacking, &used].map(|answer| answer.status().as_u16()));
    assert_eq!(ask(&client, "/me", &token).await.status(), 200, "this is not worth a line");
    let end = own_token(&client, "books:write").await;
    client.post("/refund").header("authorization", &format!("Bearer {end}")).send().await;

    let lines = lines(&db, "order.refunded").await;
    let of = |answer: &Answer| {
        let id = answer.header("x-request-id").unwrap().to_owned();
        let mut found: Vec<_> = lines.iter().filter(|line| line.get("request_id") == Some(&id)).collect();
        assert_eq!(found.len(), 1, "{lines:#?}");
        found.remove(0)
    };
    assert_eq!((&*of(&missing)["reason"], &*of(&missing)["object"]), ("there is no credential", "GET /me"));
    assert_eq!(&*of(&forged)["outcome"], "denied");
    assert!(!of(&forged).contains_key("subject"), "nobody is believed to be anybody");
    let line = of(&lacking);
    assert_eq!((&*line["subject"], &*line["client"], &*line["permission"]), ("shop", "shop", "books:write"));
    assert_eq!(
        (&*line["event"], &*line["reason"], &*line["object"]),
        ("access", "a permission is missing", "GET /books/{id}")
    );
    let line = of(&used);
    assert_eq!((&*line["event"], &*line["outcome"], &*line["permission"]), ("access", "allowed", "users:admin"));
    assert_eq!(lines.iter().filter(|line| line["event"] == "access").count(), 4);
    let line = find(&lines, "order.refunded", "allowed");
    assert_eq!((&*line["subject"], &*line["object"]), ("shop", "order 7"));
    assert!(lines.iter().all(|line| line.contains_key("address")));
}

/// Logs in, and gives the session's cookie.
async fn login(client: &Client, password: &str) -> Option<String> {
    let fields = [("login", "clerk"), ("password", password)];
    let answer = client.post("/login").header("sec-fetch-site", "same-origin").form(&fields).send().await;
    let mut cookies = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    cookies
        .find(|cookie| cookie.starts_with("__Host-session="))
        .map(|cookie| cookie.split(';').next().unwrap().to_owned())
}

async fn code(client: &Client, session: &str) -> String {
    let target = format!(
        "/oauth/authorize?response_type=code&client_id=shop&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
         &scope=openid%20books%3Awrite&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let answer = client.get(&target).header("cookie", session).send().await;
    let location = answer.header("location").expect("a redirect").to_owned();
    location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).expect("a code").to_owned()
}

async fn exchange(client: &Client, pairs: &[(&str, &str)]) -> Answer {
    let pairs: Vec<_> =
        [("client_id", "shop"), ("client_secret", SECRET)].into_iter().chain(pairs.iter().copied()).collect();
    client.post("/oauth/token").form(&pairs).send().await
}

#[tokio::test]
async fn tokens_logins_and_what_goes_wrong_with_them_is_written_and_no_secret_is() {
    let (client, db) = client("sqlite::memory:").await;
    assert_eq!(login(&client, "another horse").await, None);
    let session = login(&client, PASSWORD).await.unwrap();
    let code = code(&client, &session).await;
    let by_code = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", "https://app.example/callback"),
        ("code_verifier", VERIFIER),
    ];
    let tokens: Value = exchange(&client, &by_code).await.json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    let refreshed: Value =
        exchange(&client, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await.json();
    // Long after: two have the token.
    db.execute(sql!("UPDATE covet_refresh_tokens SET used_at = used_at - 60000 WHERE used_at IS NOT NULL"))
        .await
        .unwrap();
    assert_eq!(exchange(&client, &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await.status(), 400);
    assert_eq!(exchange(&client, &by_code).await.status(), 400);
    let wrong = [("grant_type", "client_credentials"), ("client_id", "shop"), ("client_secret", "wrong")];
    assert_eq!(client.post("/oauth/token").form(&wrong).send().await.status(), 401);
    client
        .post("/oauth/revoke")
        .form(&[("client_id", "shop"), ("client_secret", SECRET), ("token", &access)])
        .send()
        .await;
    let none: [(&str, &str); 0] = [];
    client.post("/logout").header("sec-fetch-site", "same-origin").form(&none).send().await;

    let lines = lines(&db, "logout").await;
    let clerk: String = db.fetch_value(sql!("SELECT id FROM covet_users")).await.unwrap();
    assert_eq!(find(&lines, "login", "denied")["reason"], "the password is wrong");
    for (event, outcome) in [("login", "denied"), ("login", "allowed"), ("token", "allowed"), ("token.reuse", "denied")]
    {
        assert_eq!(find(&lines, event, outcome)["subject"], clerk, "{event}");
    }
    assert_eq!(find(&lines, "code.reuse", "denied")["client"], "shop");
    assert_eq!(find(&lines, "client", "denied")["client"], "shop");
    // Lines of one millisecond have no order among them.
    for kind in ["refresh_token", "authorization_code"] {
        let is_told = |line: &BTreeMap<_, _>| {
            line["event"] == "token" && line["outcome"] == "denied" && line.get("object").is_some_and(|it| it == kind)
        };
        assert!(lines.iter().any(is_told), "{kind}: {lines:#?}");
    }
    assert_eq!(find(&lines, "logout", "allowed")["subject"], clerk);
    assert!(lines.iter().all(|line| line.contains_key("request_id") || line["event"] == "key.added"), "{lines:#?}");

    // Line 47: whoever has a copy of the database has nothing that opens anything.
    let session = session.split_once('=').unwrap().1.to_owned();
    let secrets =
        [PASSWORD, SECRET, &*session, &*code, &*access, &*refresh, refreshed["refresh_token"].as_str().unwrap()];
    let tables: Vec<(String,)> =
        db.fetch_all(sql!("SELECT name FROM sqlite_master WHERE type = 'table'")).await.unwrap();
    assert!(tables.len() > 15);
    for (table,) in tables {
        let all = covet::db::Sql::unchecked(format!("SELECT * FROM {table}"));
        let rows: Vec<covet::db::Row> = db.fetch_all(all).await.unwrap();
        let dump = format!("{:?}", rows.iter().map(|row| row.to_map()).collect::<Vec<_>>());
        for secret in secrets {
            assert!(!dump.contains(secret), "47: {table} has {secret}: {dump}");
        }
    }
}

#[tokio::test]
async fn the_log_is_read_by_page_and_by_what_is_looked_for() {
    let (client, db) = client("sqlite::memory:").await;
    let token = own_token(&client, "audit:read books:write").await;
    for _ in 0..12 {
        client.get("/me").send().await;
    }
    client.post("/refund").header("authorization", &format!("Bearer {token}")).send().await;
    lines(&db, "order.refunded").await;
    let mut target = "/audit?event=access&sort=earliest".to_owned();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let page: Value = ask(&client, &target, &token).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        target = format!("/audit?event=access&sort=earliest&cursor={next}");
    }
    assert_eq!((seen.len(), pages), (12, 3));
    assert!(seen.is_sorted());
    let latest: Value = ask(&client, "/audit?outcome=allowed&subject=shop", &token).await.json();
    assert_eq!(latest["items"][0]["event"], json!("order.refunded"));
    assert_eq!(ask(&client, "/audit", &own_token(&client, "books:write").await).await.status(), 403);
}

#[tokio::test]
async fn a_database_that_does_not_answer_holds_up_no_request_and_what_is_lost_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    let (client, db) = client(&url).await;
    own_token(&client, "books:write").await;
    lines(&db, "token").await;
    let other = Db::connect(&url).await.unwrap();
    let tx = other.begin().await.unwrap();
    tx.execute(sql!("UPDATE covet_versions SET version = version")).await.unwrap();
    for _ in 0..9000 {
        assert_eq!(client.get("/me").send().await.status(), 401);
    }
    tx.rollback().await.unwrap();
    let lines = lines(&db, "audit.lost").await;
    let lost = find(&lines, "audit.lost", "denied")["reason"].split(' ').next().unwrap().parse::<usize>().unwrap();
    let started = Instant::now();
    loop {
        let written: i64 =
            db.fetch_value(sql!("SELECT count(*) FROM covet_audit WHERE event = 'access'")).await.unwrap();
        if usize::try_from(written).unwrap() + lost >= 9000 {
            assert_eq!(usize::try_from(written).unwrap() + lost, 9000, "each line is written or counted");
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{written} + {lost}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
