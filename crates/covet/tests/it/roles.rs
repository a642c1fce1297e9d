//! Roles in the database, changed while the app serves. The numbers are lines of the security checklist.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use covet::auth::{
    Account, Accounts, Client as OAuthClient, Consent, Password, Role, RoleError, Roles, Server, User, Users, Who,
};
use covet::test::Client;
use covet::{App, Auth, Db, Json, NoContent, Path, delete, get, put, routes, sql};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

covet::permissions! {
    BooksWrite = "books:write" => "Add and change books",
    OrdersRead = "orders:read" => "See orders",
    UsersAdmin = "users:admin" => "Manage users",
}

/// Books may be changed.
#[get("/books")]
async fn books(_auth: Auth<BooksWrite>) -> &'static str {
    "books"
}

/// Orders may be seen.
#[get("/orders")]
async fn orders(_auth: Auth<OrdersRead>) -> &'static str {
    "orders"
}

/// Both.
#[get("/both")]
async fn both(_auth: Auth<(OrdersRead, BooksWrite)>) -> &'static str {
    "both"
}

/// The roles that there are.
#[get("/roles")]
async fn list(_auth: Auth<UsersAdmin>, roles: Roles) -> Result<Json<Vec<Role>>, RoleError> {
    Ok(Json(roles.list().await?))
}

/// Make a role, or change it.
#[put("/roles")]
async fn define(_auth: Auth<UsersAdmin>, role: Json<Role>, roles: Roles) -> Result<NoContent, RoleError> {
    roles.define(&role).await?;
    Ok(NoContent)
}

/// Remove a role.
#[delete("/roles/{name}")]
async fn remove(_auth: Auth<UsersAdmin>, name: Path<String>, roles: Roles) -> Result<NoContent, RoleError> {
    roles.remove(&name).await?;
    Ok(NoContent)
}

/// A user.
#[get("/people/{login}")]
async fn user(_auth: Auth<UsersAdmin>, login: Path<String>, users: Users) -> Result<Json<Option<User>>, RoleError> {
    Ok(Json(users.find(&login).await?))
}

/// Give a user a role.
#[put("/users/{id}/roles/{role}")]
async fn assign(
    _auth: Auth<UsersAdmin>,
    id: Path<String>,
    role: Path<String>,
    users: Users,
) -> Result<Json<bool>, RoleError> {
    Ok(Json(users.assign(&id, &role).await?))
}

/// Take a role from a user.
#[delete("/users/{id}/roles/{role}")]
async fn revoke(
    _auth: Auth<UsersAdmin>,
    id: Path<String>,
    role: Path<String>,
    users: Users,
) -> Result<Json<bool>, RoleError> {
    Ok(Json(users.revoke(&id, &role).await?))
}

/// Keep a user out.
#[delete("/users/{id}")]
async fn disable(_auth: Auth<UsersAdmin>, id: Path<String>, users: Users) -> Result<NoContent, RoleError> {
    users.disable(&id).await?;
    Ok(NoContent)
}

/// Give a user another password.
#[put("/users/{id}/password")]
async fn set_password(
    _auth: Auth<UsersAdmin>,
    id: Path<String>,
    password: Json<String>,
    users: Users,
) -> Result<NoContent, RoleError> {
    users.set_password(&id, Password::new(&password).unwrap()).await?;
    Ok(NoContent)
}

fn app(db: Db, roles: impl IntoIterator<Item = Role>) -> App {
    let mut shop = OAuthClient::new("shop", "openid books:write orders:read users:admin".parse().unwrap())
        .with_redirect_uri("https://app.example/callback")
        .unwrap();
    shop.consent = Consent::Given;
    let account = |login: &str, roles: &[&str]| {
        Account::new(login).password(Password::new(PASSWORD).unwrap()).roles(roles.iter().copied())
    };
    let accounts = Accounts::new().unwrap().account(account("admin", &["admin"])).account(account("clerk", &["clerk"]));
    let server = Server::new("https://shop.example").unwrap().client(shop).people(accounts).roles(roles);
    App::new("Shop", "1.0.0").database(db).auth(server).routes(routes![
        books,
        orders,
        both,
        list,
        define,
        remove,
        user,
        assign,
        revoke,
        disable,
        set_password
    ])
}

/// Children stand before their parents.
fn roles() -> [Role; 3] {
    [
        Role::new("admin").permissions(["users:admin"]).parents(["clerk"]),
        Role::new("clerk").permissions(["books:write"]).parents(["reader"]),
        Role::new("reader").permissions(["orders:read"]),
    ]
}

async fn process(folder: &FilePath) -> Client {
    let db = Db::connect(&format!("sqlite:{}", folder.join("shop.db").display())).await.unwrap();
    Client::new(app(db, roles()).prepare().await.unwrap()).unwrap()
}

/// An access token of a user with this scope.
async fn token(client: &Client, login: &str, scope: &str) -> String {
    let fields = [("login", login), ("password", PASSWORD)];
    let login = client.post("/login").header("sec-fetch-site", "same-origin").form(&fields).send().await;
    assert_eq!(login.status(), 303, "{}", login.text());
    let mut cookies = login.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let session = cookies.find(|cookie| cookie.starts_with("__Host-session")).unwrap().split(';').next();
    let scope = scope.replace(' ', "%20");
    let target = format!(
        "/oauth/authorize?response_type=code&client_id=shop&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback\
         &scope=openid%20{scope}&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let answer = client.get(&target).header("cookie", session.unwrap()).send().await;
    let location = answer.header("location").expect("a redirect").to_owned();
    let code = location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).expect("a code").to_owned();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "shop"),
        ("code", &*code),
        ("redirect_uri", "https://app.example/callback"),
        ("code_verifier", VERIFIER),
    ];
    let tokens: Value = client.post("/oauth/token").form(&pairs).send().await.json();
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// The status of a GET with a token, without the cookies that the client has kept.
async fn status(client: &Client, path: &str, token: &str) -> u16 {
    client.get(path).header("authorization", &format!("Bearer {token}")).send().await.status().as_u16()
}

async fn by(client: &Client, method: http::Method, path: &str, token: &str) -> covet::test::Answer {
    client.request(method, path).header("authorization", &format!("Bearer {token}")).send().await
}

async fn put_role(client: &Client, token: &str, role: Value) -> covet::test::Answer {
    client.put("/roles").header("authorization", &format!("Bearer {token}")).json(&role).send().await
}

async fn id_of(client: &Client, admin: &str, login: &str) -> String {
    let user: Value = by(client, http::Method::GET, &format!("/people/{login}"), admin).await.json();
    user["id"].as_str().unwrap().to_owned()
}

/// Waits for what another process learns by looking, for ten seconds at the most.
async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < Duration::from_secs(10), "it did not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn line_98_a_token_may_what_its_scope_and_the_roles_both_give() {
    let folder = tempfile::tempdir().unwrap();
    let client = process(folder.path()).await;
    let wide = token(&client, "clerk", "books:write orders:read users:admin").await;
    assert_eq!(status(&client, "/both", &wide).await, 200, "the parent's permission is the clerk's too");
    assert_eq!(status(&client, "/roles", &wide).await, 403, "a scope gives nobody what the roles do not have");
    let narrow = token(&client, "admin", "orders:read").await;
    assert_eq!(status(&client, "/orders", &narrow).await, 200);
    assert_eq!(status(&client, "/roles", &narrow).await, 403, "an administrator's narrow token stays narrow");
    assert_eq!(status(&client, "/books", &narrow).await, 403);
}

#[tokio::test]
async fn line_99_a_change_is_in_force_with_the_next_request_and_elsewhere_soon() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (process(folder.path()).await, process(folder.path()).await);
    let admin = token(&here, "admin", "users:admin orders:read").await;
    let clerk = token(&here, "clerk", "books:write orders:read").await;
    assert_eq!((status(&here, "/books", &clerk).await, status(&there, "/books", &clerk).await), (200, 200));

    // What a role gives.
    let answer = put_role(&here, &admin, json!({ "name": "clerk", "permissions": [], "parents": ["reader"] })).await;
    assert_eq!(answer.status(), 204);
    assert_eq!((status(&here, "/books", &clerk).await, status(&here, "/orders", &clerk).await), (403, 200));
    eventually(async || status(&there, "/books", &clerk).await == 403).await;

    // Who has a role: the token was issued before and names the old one.
    let id = id_of(&here, &admin, "clerk").await;
    let revoked = by(&here, http::Method::DELETE, &format!("/users/{id}/roles/clerk"), &admin).await;
    assert!(revoked.json::<bool>());
    assert_eq!(status(&here, "/orders", &clerk).await, 403);
    eventually(async || status(&there, "/orders", &clerk).await == 403).await;
    let path = format!("/users/{id}/roles/reader");
    assert!(by(&there, http::Method::PUT, &path, &admin).await.json::<bool>());
    assert!(!by(&there, http::Method::PUT, &path, &admin).await.json::<bool>(), "it is there already");
    assert_eq!(status(&there, "/orders", &clerk).await, 200);
    eventually(async || status(&here, "/orders", &clerk).await == 200).await;

    // A role that goes.
    assert_eq!(by(&here, http::Method::DELETE, "/roles/reader", &admin).await.status(), 204);
    assert_eq!((status(&here, "/orders", &clerk).await, status(&here, "/orders", &admin).await), (403, 403));
    eventually(async || status(&there, "/orders", &admin).await == 403).await;
}

#[tokio::test]
async fn line_97_every_route_lets_in_who_is_declared_of_all_roles() {
    let folder = tempfile::tempdir().unwrap();
    let client = process(folder.path()).await;
    client.check_access().await;
    let route = |path: &str| client.access().iter().find(|route| route.path == path).unwrap().clone();
    assert_eq!(route("/both").who, Who::Permitted(vec![vec!["books:write", "orders:read"]]));
    assert!(route("/books").permits(&["books:write"]) && !route("/books").permits(&["orders:read"]));
    assert_eq!(route("/oauth/token").who, Who::Everybody);
    let clerk = client.as_user("clerk", &["books:write"]);
    assert_eq!(clerk.get("/books").send().await.status(), 200);
    assert_eq!(clerk.get("/orders").send().await.status(), 403);
}

#[tokio::test]
async fn what_was_changed_stays_and_what_is_new_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let first = process(folder.path()).await;
    let admin = token(&first, "admin", "users:admin").await;
    put_role(&first, &admin, json!({ "name": "clerk", "permissions": ["orders:read"] })).await;
    put_role(&first, &admin, json!({ "name": "guest" })).await;
    let db = Db::connect(&format!("sqlite:{}", folder.path().join("shop.db").display())).await.unwrap();
    let more = roles().into_iter().chain([Role::new("auditor").parents(["guest"])]);
    let second = Client::new(app(db, more).prepare().await.unwrap()).unwrap();
    let admin = token(&second, "admin", "users:admin").await;
    let listed: Value = by(&second, http::Method::GET, "/roles", &admin).await.json();
    let role = |name: &str, permissions: &[&str], parents: &[&str]| json!({ "name": name, "permissions": permissions, "parents": parents });
    let expected = [
        role("admin", &["users:admin"], &["clerk"]),
        role("auditor", &[], &["guest"]),
        role("clerk", &["orders:read"], &[]),
        role("guest", &[], &[]),
        role("reader", &["orders:read"], &[]),
    ];
    assert_eq!(listed, json!(expected));
}

#[tokio::test]
async fn line_101_wrong_roles_are_refused_and_those_before_stay() {
    let folder = tempfile::tempdir().unwrap();
    let client = process(folder.path()).await;
    let admin = token(&client, "admin", "users:admin books:write").await;
    for (role, reason) in [
        (json!({ "name": "reader", "parents": ["admin"] }), "in a circle"),
        (json!({ "name": "clerk", "parents": ["clerk"] }), "in a circle"),
        (json!({ "name": "clerk", "permissions": ["books:burn"] }), "no permission of this program"),
        (json!({ "name": "clerk", "parents": ["nobody"] }), "which is no role"),
    ] {
        let answer = put_role(&client, &admin, role).await;
        assert_eq!((answer.status().as_u16(), &answer.problem()["type"]), (422, &json!("/problems/invalid-role")));
        assert!(answer.problem()["detail"].as_str().unwrap().contains(reason), "{}", answer.text());
    }
    assert_eq!(put_role(&client, &admin, json!({ "name": "" })).await.status(), 422);
    assert_eq!(by(&client, http::Method::DELETE, "/roles/nobody", &admin).await.status(), 404);
    assert_eq!(by(&client, http::Method::PUT, "/users/x/roles/clerk", &admin).await.status(), 404);
    let clerk = id_of(&client, &admin, "clerk").await;
    let missing = by(&client, http::Method::PUT, &format!("/users/{clerk}/roles/nobody"), &admin).await;
    assert_eq!(missing.problem()["type"], "/problems/no-such-role");
    assert_eq!(status(&client, "/books", &admin).await, 200);

    // Whoever writes into the tables past all that changes nothing either.
    let db = Db::connect(&format!("sqlite:{}", folder.path().join("shop.db").display())).await.unwrap();
    let looks: i64 = db.fetch_value(sql!("SELECT version FROM covet_versions WHERE name = 'roles'")).await.unwrap();
    let tx = db.begin().await.unwrap();
    tx.execute(sql!("DELETE FROM covet_role_permissions")).await.unwrap();
    tx.execute(sql!("INSERT INTO covet_role_parents SELECT parent_id, role_id FROM covet_role_parents")).await.unwrap();
    tx.execute(sql!("UPDATE covet_versions SET version = {looks} + 1")).await.unwrap();
    tx.commit().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(status(&client, "/books", &admin).await, 200);
    // That is told again and again until somebody repairs it.
    let alarms = sql!(
        "SELECT count(*) FROM covet_audit WHERE event = 'roles' AND outcome = 'denied' AND reason LIKE '%in a circle%'"
    );
    assert!(db.fetch_value::<i64>(alarms).await.unwrap() >= 1);
    // What is repaired counts again.
    db.execute(sql!("DELETE FROM covet_role_parents")).await.unwrap();
    db.execute(sql!("UPDATE covet_versions SET version = version + 1")).await.unwrap();
    eventually(async || status(&client, "/books", &admin).await == 403).await;
}

#[tokio::test]
async fn wrong_roles_of_the_program_do_not_start() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    let wrong = [
        Role::new("admin").permissions(["users:admin", "users:burn"]),
        Role::new("clerk").parents(["nobody"]),
        Role::new("clerk"),
    ];
    let error = app(db.clone(), wrong).build().unwrap_err().to_string();
    assert!(error.contains("users:burn") && error.contains("two roles have the name \"clerk\""), "{error}");
    // Nor is anything written before, whichever way it is started.
    let unknown = || [Role::new("clerk"), Role::new("admin").permissions(["users:burn"])];
    let told = |error: covet::Error| {
        let error = error.to_string();
        assert!(error.contains("the role \"admin\" gives \"users:burn\", which is no permission"), "{error}");
    };
    told(app(db.clone(), unknown()).prepare().await.unwrap_err());
    told(app(db.clone(), unknown()).build().unwrap_err());
    told(covet::test::Server::start(app(db.clone(), unknown())).await.unwrap_err());
    assert!(!db.table_exists("covet_roles").await.unwrap());
    let wrong = [Role::new("admin"), Role::new("clerk").parents(["nobody"])];
    let error = app(db.clone(), wrong).prepare().await.unwrap_err().to_string();
    assert!(error.contains("\"nobody\", which is no role"), "{error}");
    assert_eq!(db.fetch_value::<i64>(sql!("SELECT count(*) FROM covet_roles")).await.unwrap(), 0);
    let circle = [Role::new("admin").parents(["clerk"]), Role::new("clerk").parents(["admin"])];
    let error = app(db.clone(), circle).prepare().await.unwrap_err().to_string();
    assert!(error.contains("in a circle: "), "{error}");
    assert_eq!(db.fetch_value::<i64>(sql!("SELECT count(*) FROM covet_roles")).await.unwrap(), 0);
    let error = app(db, [Role::new("admin")]).prepare().await.unwrap_err().to_string();
    assert!(error.contains("accounts: there is no role \"clerk\""), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn line_102_no_request_sees_half_of_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let client = process(folder.path()).await;
    let admin = token(&client, "admin", "users:admin").await;
    let clerk = token(&client, "clerk", "books:write orders:read").await;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (client, clerk, done) = (client.clone(), clerk.clone(), done.clone());
            tokio::spawn(async move {
                let mut asked = 0_u32;
                while !done.load(Ordering::Relaxed) {
                    // Each of the definitions below gives both, by itself or by its parent.
                    assert_eq!(status(&client, "/both", &clerk).await, 200);
                    asked += 1;
                    // A request in the same process may need no waiting at all.
                    tokio::task::yield_now().await;
                }
                asked
            })
        })
        .collect();
    for round in 0..20 {
        let role = if round % 2 == 0 {
            json!({ "name": "clerk", "permissions": ["books:write", "orders:read"] })
        } else {
            json!({ "name": "clerk", "permissions": ["books:write"], "parents": ["reader"] })
        };
        assert_eq!(put_role(&client, &admin, role).await.status(), 204);
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

#[tokio::test]
async fn line_55_another_password_ends_what_began_with_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (process(folder.path()).await, process(folder.path()).await);
    let admin = token(&here, "admin", "users:admin").await;
    let clerk = token(&here, "clerk", "books:write").await;
    let id = id_of(&here, &admin, "clerk").await;
    assert_eq!(here.get("/books").send().await.status(), 200, "the client has the session of the last login");
    let change = here.put(&format!("/users/{id}/password")).header("authorization", &format!("Bearer {admin}"));
    assert_eq!(change.json("another password").send().await.status(), 204);
    assert_eq!(status(&here, "/books", &clerk).await, 401);
    assert_eq!(here.get("/books").send().await.status(), 401);
    eventually(async || status(&there, "/books", &clerk).await == 401).await;
    assert_eq!(status(&here, "/roles", &admin).await, 200, "of this user alone");
    let login = async |password: &str| {
        let fields = [("login", "clerk"), ("password", password)];
        here.post("/login").header("sec-fetch-site", "same-origin").form(&fields).send().await.status().as_u16()
    };
    assert_eq!((login(PASSWORD).await, login("another password").await), (422, 303));
}

#[tokio::test]
async fn line_55_a_user_who_is_disabled_is_out_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (process(folder.path()).await, process(folder.path()).await);
    let admin = token(&here, "admin", "users:admin").await;
    let clerk = token(&here, "clerk", "books:write").await;
    let id = id_of(&here, &admin, "clerk").await;
    assert_eq!(here.get("/books").send().await.status(), 200, "the client has the session of the last login");
    assert_eq!(by(&here, http::Method::DELETE, &format!("/users/{id}"), &admin).await.status(), 204);
    assert_eq!(status(&here, "/books", &clerk).await, 401);
    assert_eq!(here.get("/books").send().await.status(), 401);
    eventually(async || status(&there, "/books", &clerk).await == 401).await;
    let fields = [("login", "clerk"), ("password", PASSWORD)];
    let login = here.post("/login").header("sec-fetch-site", "same-origin").form(&fields).send().await;
    assert_eq!(login.status(), 422);
    let shown: Value = by(&here, http::Method::GET, "/people/CLERK", &admin).await.json();
    assert_eq!((&shown["is_disabled"], &shown["roles"]), (&json!(true), &json!(["clerk"])));
}
