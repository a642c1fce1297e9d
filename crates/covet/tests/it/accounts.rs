//! Accounts in the app's database: login, logout and registration by forms. The numbers are lines of the security checklist.

use covet::auth::{Account, Accounts, Password, Role, Server};
use covet::test::{Answer, Client};
use covet::{App, Auth, Db, get, routes};

const PASSWORD: &str = "correct horse";

/// Guarded, so that the app has something to guard.
#[get("/me")]
async fn me(auth: Auth) -> String {
    auth.subject().to_owned()
}

async fn client(issuer: &str) -> (Client, Db) {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    let clerk = Account::new("Clerk@Shop.example").password(Password::new(PASSWORD).unwrap()).roles(["clerk"]);
    let accounts = Accounts::new().unwrap().with_registration().account(clerk);
    let server = Server::new(issuer)
        .unwrap()
        .people(accounts)
        .roles([Role::new("staff"), Role::new("clerk").parents(["staff"])]);
    let app = App::new("Shop", "1.0.0").database(db.clone()).auth(server).routes(routes![me]);
    (Client::new(app.prepare().await.unwrap()).unwrap().unchecked(), db)
}

async fn post(client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    client.post(path).header("sec-fetch-site", "same-origin").form(fields).send().await
}

async fn login(client: &Client, login: &str, password: &str) -> Answer {
    post(client, "/login", &[("login", login), ("password", password), ("return_to", "/books?q=a")]).await
}

fn cookies(answer: &Answer) -> Vec<&str> {
    answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
}

async fn sessions(db: &Db) -> i64 {
    db.fetch_value(covet::sql!("SELECT count(*) FROM covet_sessions")).await.unwrap()
}

#[tokio::test]
async fn a_login_begins_a_session_and_leads_back() {
    let (client, db) = client("https://shop.example").await;
    let page = client.get("/login?return_to=/books").send().await;
    assert_eq!(page.status(), 200);
    assert!(page.text().contains(r#"name="return_to" value="/books""#), "{}", page.text());
    assert!(
        page.header("content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'")),
        "68"
    );

    let answer = login(&client, " clerk@shop.EXAMPLE", PASSWORD).await;
    assert_eq!((answer.status().as_u16(), answer.header("location")), (303, Some("/books?q=a")), "71");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookies = cookies(&answer);
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-session=")).expect("a session");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(attribute), "93: {session}");
    }
    assert!(!session.contains("Domain") && !session.contains("Max-Age"), "93: {session}");
    assert!(cookies.iter().any(|cookie| cookie.starts_with("__Host-device=") && cookie.contains("Max-Age")));

    let token = session["__Host-session=".len()..].split(';').next().unwrap();
    let stored: String = db.fetch_value(covet::sql!("SELECT id FROM covet_sessions")).await.unwrap();
    assert!(token.len() >= 43 && stored != token, "47 and 92: what is kept opens nothing");
    let hash: String = db.fetch_value(covet::sql!("SELECT password_hash FROM covet_users")).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "84");
    let role: i64 = db.fetch_value(covet::sql!("SELECT role_id FROM covet_user_roles")).await.unwrap();
    assert_eq!(role, 2);
}

#[tokio::test]
async fn lines_92_and_93_a_login_ends_the_session_before_and_a_logout_the_last() {
    let (client, db) = client("http://127.0.0.1:8000").await;
    let first = login(&client, "clerk@shop.example", PASSWORD).await;
    assert!(cookies(&first).iter().any(|cookie| cookie.starts_with("session=") && !cookie.contains("Secure")));
    login(&client, "clerk@shop.example", PASSWORD).await;
    assert_eq!(sessions(&db).await, 1, "the client has sent the cookie of the first");
    let answer = post(&client, "/logout", &[]).await;
    assert_eq!((answer.status().as_u16(), answer.header("location")), (303, Some("/")));
    assert!(cookies(&answer)[0].starts_with("session=; Path=/; Max-Age=0"), "{:?}", cookies(&answer));
    assert_eq!(sessions(&db).await, 0);
}

#[tokio::test]
async fn line_86_what_is_wrong_is_not_told() {
    let (client, db) = client("https://shop.example").await;
    db.execute(covet::sql!("INSERT INTO covet_users (id, login, disabled_at) VALUES ('x', 'gone@shop.example', 1)"))
        .await
        .unwrap();
    let mut pages = Vec::new();
    for (name, password) in [
        ("clerk@shop.example", "another horse"),
        ("nobody@shop.example", PASSWORD),
        ("gone@shop.example", PASSWORD),
        ("clerk@shop.example", "short"),
    ] {
        let answer = login(&client, name, password).await;
        assert_eq!(answer.status(), 422);
        assert!(cookies(&answer).is_empty());
        pages.push(answer.text().replace(name, "LOGIN"));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert_eq!(sessions(&db).await, 0);
}

#[tokio::test]
async fn line_90_guessing_is_slowed_down() {
    let (client, _) = client("https://shop.example").await;
    let mut last = None;
    for _ in 0..8 {
        last = Some(login(&client, "clerk@shop.example", "another horse").await);
    }
    let last = last.unwrap();
    assert_eq!(last.status(), 429);
    assert!(last.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().unwrap() >= 1));
}

#[tokio::test]
async fn lines_70_and_94_nothing_leads_elsewhere_and_no_other_site_posts() {
    let (client, db) = client("https://shop.example").await;
    let fields = [("login", "clerk@shop.example"), ("password", PASSWORD), ("return_to", "//evil.example")];
    let foreign = client.post("/login").header("sec-fetch-site", "cross-site").form(&fields).send().await;
    assert_eq!(foreign.status(), 403);
    assert_eq!(sessions(&db).await, 0);
    assert_eq!(post(&client, "/login", &fields).await.header("location"), Some("/"));
    for hostile in ["//evil.example", "https:evil.example", "/\\evil.example"] {
        let page = client.get(&format!("/login?return_to={hostile}")).send().await;
        assert!(!page.text().contains("evil"), "{hostile}");
    }
}

#[tokio::test]
async fn line_87_a_registration_answers_the_same_for_a_login_that_is_taken() {
    let (client, db) = client("https://shop.example").await;
    let register = async |name: &str, password: &str| {
        post(&client, "/register", &[("login", name), ("password", password), ("return_to", "/")]).await
    };
    let (new, taken) =
        (register("ada@shop.example", "ada's password").await, register("clerk@shop.example", "ada's password").await);
    assert_eq!((new.status(), new.header("location")), (taken.status(), taken.header("location")));
    assert_eq!(new.status(), 303);
    assert_eq!(login(&client, "ada@shop.example", "ada's password").await.status(), 303);
    assert_eq!(login(&client, "clerk@shop.example", "ada's password").await.status(), 422);
    assert_eq!(register("short@shop.example", "short").await.status(), 422);
    assert_eq!(register("", "long enough").await.status(), 422);
    let users: i64 = db.fetch_value(covet::sql!("SELECT count(*) FROM covet_users")).await.unwrap();
    assert_eq!(users, 2);
}
