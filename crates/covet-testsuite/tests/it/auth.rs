//! The framework's tables of users, roles and the audit log, on servers.

use std::time::{Duration, Instant};

use covet::auth::{
    Account, Accounts, Audit, AuditEntry, AuditFilter, AuditOrder, Password, Role, RoleError, Roles, Server, User,
    Users,
};
use covet::test::Client;
use covet::{App, Auth, Db, Json, NoContent, Page, Paging, Path, Query, Result, delete, get, put, routes};
use serde_json::{Value, json};

covet::permissions! {
    BooksWrite = "books:write" => "Add and change books",
    #[audit]
    UsersAdmin = "users:admin" => "Manage users",
}

/// Books may be changed.
#[get("/books")]
async fn books(_auth: Auth<BooksWrite>) -> &'static str {
    "books"
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

/// The users.
#[get("/users")]
async fn users(_auth: Auth<UsersAdmin>, users: Users) -> Result<Json<Vec<User>>, RoleError> {
    Ok(Json(users.list("", 10).await?))
}

/// Give a user a role, or take it.
#[put("/users/{id}/{role}/{has}")]
async fn assign(
    _auth: Auth<UsersAdmin>,
    id: Path<String>,
    role: Path<String>,
    has: Path<bool>,
    users: Users,
) -> Result<Json<bool>, RoleError> {
    Ok(Json(if *has { users.assign(&id, &role).await? } else { users.revoke(&id, &role).await? }))
}

/// Keep a user out.
#[delete("/users/{id}")]
async fn disable(_auth: Auth<UsersAdmin>, id: Path<String>, users: Users) -> Result<NoContent, RoleError> {
    users.disable(&id).await?;
    Ok(NoContent)
}

/// Who did what.
#[get("/audit")]
async fn audit(
    _auth: Auth<UsersAdmin>,
    filter: Query<AuditFilter>,
    paging: Paging<AuditOrder, 3>,
    audit: Audit,
) -> Result<Page<AuditEntry>> {
    Ok(audit.page(&filter, &paging).await?)
}

async fn client(url: &str) -> Client {
    let clerk = Account::new("clerk").password(Password::new("correct horse").unwrap()).roles(["clerk"]);
    let people = Accounts::new().unwrap().account(clerk).with_registration().new_users_have(["reader"]);
    let roles = [Role::new("clerk").permissions(["books:write"]).parents(["reader"]), Role::new("reader")];
    let server = Server::new("https://shop.example").unwrap().people(people).roles(roles);
    let app = App::new("Shop", "1.0.0").database(Db::connect(url)).auth(server);
    let app = app.routes(routes![books, list, define, remove, users, assign, disable, audit]);
    Client::new(app.prepare().await.unwrap()).unwrap()
}

async fn post(client: &Client, path: &str, password: &str) -> u16 {
    let fields = [("login", "clerk"), ("password", password)];
    client.post(path).header("sec-fetch-site", "same-origin").form(&fields).send().await.status().as_u16()
}

#[tokio::test]
async fn users_roles_and_the_audit_log_are_kept_on_postgres() {
    if let Some(url) = covet_testsuite::servers::fresh_postgres() {
        users_roles_and_the_audit_log_are_kept(&url).await;
    }
}

#[tokio::test]
async fn users_roles_and_the_audit_log_are_kept_on_mysql() {
    if let Some(url) = covet_testsuite::servers::fresh_mysql() {
        users_roles_and_the_audit_log_are_kept(&url).await;
    }
}

async fn users_roles_and_the_audit_log_are_kept(url: &str) {
    let (here, there) = (client(url).await, client(url).await);
    assert_eq!(
        (post(&here, "/login", "another horse").await, post(&here, "/login", "correct horse").await),
        (422, 303)
    );
    assert_eq!(
        (post(&here, "/register", "ada's password").await, here.get("/books").send().await.status().as_u16()),
        (303, 200)
    );

    let admin = there.as_user("root", &["users:admin"]);
    let clerk = admin.get("/users").send().await.json::<Value>()[0].clone();
    assert_eq!(clerk["roles"], json!(["clerk"]));
    let id = clerk["id"].as_str().unwrap();
    let wrong = admin.put("/roles").json(&json!({ "name": "reader", "parents": ["clerk"] })).send().await;
    assert_eq!(wrong.status(), 422);
    assert_eq!(admin.put("/roles").json(&json!({ "name": "guest" })).send().await.status(), 204);
    let assigned = admin.put(&format!("/users/{id}/guest/true")).send().await;
    assert!(assigned.json::<bool>() && admin.put(&format!("/users/{id}/clerk/false")).send().await.json::<bool>());
    assert_eq!(here.get("/books").send().await.status(), 403, "a session has the roles of the database");
    admin.put("/roles").json(&json!({ "name": "guest", "permissions": ["books:write"] })).send().await;
    // The other process looks every second.
    let started = Instant::now();
    while here.get("/books").send().await.status() != 200 {
        assert!(started.elapsed() < Duration::from_secs(10), "the change did not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(admin.delete("/roles/reader").send().await.status(), 204);
    let names: Vec<_> =
        admin.get("/roles").send().await.json::<Vec<Value>>().iter().map(|role| role["name"].clone()).collect();
    assert_eq!(names, ["clerk", "guest"]);
    assert_eq!(admin.delete(&format!("/users/{id}")).send().await.status(), 204);
    assert_eq!(here.get("/books").send().await.status(), 401);

    // The log follows a moment later.
    let started = Instant::now();
    while admin.get("/audit?event=user.disabled").send().await.json::<Value>()["items"] == json!([]) {
        assert!(started.elapsed() < Duration::from_secs(10), "the log was not written");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let page: Value = admin.get("/audit?event=login&sort=earliest").send().await.json();
    let outcomes: Vec<_> = page["items"].as_array().unwrap().iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["denied", "allowed"]);
    let first: Value = admin.get("/audit").send().await.json();
    let next = first["next"].as_str().expect("there are more than three");
    let second: Value = admin.get(&format!("/audit?cursor={next}")).send().await.json();
    assert_eq!(second["items"].as_array().unwrap().len(), 3);
    here.check_access().await;
}
