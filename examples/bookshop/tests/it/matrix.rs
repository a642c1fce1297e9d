//! Every route and every role: who is let in, who is asked to log in, and who is refused.

use std::time::Duration;

use covet::http::Method;
use covet::test::Client;

use super::access::{ALL, log_in, with_token};
use super::on_each_database;

/// What a route asks for: nothing, that the caller is known, or a permission.
const ROUTES: &[(&str, &str, Option<&str>)] = &[
    ("GET", "/api/books", None),
    ("POST", "/api/books", Some("books:write")),
    ("GET", "/api/books/{id}", None),
    ("PUT", "/api/books/{id}", Some("books:write")),
    ("PATCH", "/api/books/{id}", Some("books:write")),
    ("DELETE", "/api/books/{id}", Some("books:write")),
    ("GET", "/api/books/export", None),
    ("POST", "/api/books/import", Some("books:write")),
    ("GET", "/api/orders", Some("orders:read")),
    ("POST", "/api/orders", Some("orders:write")),
    ("GET", "/api/orders/{id}", Some("orders:read")),
    ("GET", "/api/events", Some("orders:read")),
    ("GET", "/api/me", Some("")),
    ("GET", "/api/audit", Some("audit:read")),
    ("GET", "/", None),
    ("GET", "/books/{id}", None),
    ("GET", "/cart", None),
    ("POST", "/cart", None),
    ("POST", "/cart/books/{id}", None),
    ("POST", "/cart/order", None),
    ("GET", "/account", Some("")),
    ("GET", "/admin", Some("users:admin")),
    ("GET", "/docs", None),
    ("GET", "/openapi.json", None),
    ("GET", "/problems", None),
    ("GET", "/health", None),
    ("GET", "/metrics", None),
];

/// A user of each role, and what the role gives.
const ROLES: &[(&str, &[&str])] = &[
    ("nobody", &[]),
    ("ada", &["orders:read", "orders:write"]),
    ("carl", &["orders:read", "orders:write", "books:write"]),
    ("anna", &["orders:read", "orders:write", "books:write", "audit:read", "users:admin"]),
];

/// The status that the guard answers; none where it lets the request through.
async fn refusal(client: &Client, method: &str, path: &str) -> Option<u16> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = client.unchecked().request(method, &path.replace("{id}", "999999"));
    // What has no end is let through.
    let answer = tokio::time::timeout(Duration::from_secs(2), request.send()).await.ok()?;
    let status = answer.status().as_u16();
    [401, 403].contains(&status).then_some(status)
}

fn expected(asked: Option<&str>, given: &[&str]) -> Option<u16> {
    match asked {
        None | Some("") => None,
        Some(permission) => (!given.contains(&permission)).then_some(403),
    }
}

async fn every_role_gets_what_is_declared(shop: Client) {
    // The table has every operation of the document, with what the document asks for.
    let mut described = 0;
    for (path, item) in shop.openapi()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described += 1;
            let route = ROUTES.iter().find(|route| route.0.eq_ignore_ascii_case(method) && route.1 == path);
            let (_, _, asked) = route.unwrap_or_else(|| panic!("{method} {path} is not in the table"));
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            let scopes = security.iter().find_map(|one| one.as_object()?.values().next().cloned());
            let scopes = scopes.map(|scopes| {
                scopes
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|scope| scope.as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            assert_eq!(scopes.as_deref(), *asked, "{method} {path}");
        }
    }
    assert_eq!(described, ROUTES.iter().filter(|route| route.1.starts_with("/api")).count());

    for (method, path, asked) in ROUTES {
        assert_eq!(refusal(&shop, method, path).await, asked.map(|_| 401), "nobody: {method} {path}");
    }
    for (login, given) in ROLES {
        log_in(&shop, login).await;
        for (method, path, asked) in ROUTES {
            assert_eq!(refusal(&shop, method, path).await, expected(*asked, given), "{login}: {method} {path}");
        }
        let token = with_token(&shop, login, ALL).await;
        for (method, path, asked) in ROUTES {
            let found = refusal(&token, method, path).await;
            assert_eq!(found, expected(*asked, given), "{login} by token: {method} {path}");
        }
        // A scope that has nothing of it gives nothing.
        let narrow = with_token(&shop, login, "openid").await;
        for (method, path, asked) in ROUTES {
            let found = refusal(&narrow, method, path).await;
            assert_eq!(found, expected(*asked, &[]), "{login} without scope: {method} {path}");
        }
    }
}

async fn refusals_and_logins_are_in_the_audit_log(shop: Client) {
    let ada = with_token(&shop, "ada", ALL).await;
    assert_eq!(ada.get("/api/audit").send().await.status(), 403);
    let anna = with_token(&shop, "anna", ALL).await;
    let mut found = None;
    // Lines are written behind the answers.
    for _ in 0..100 {
        let page: serde_json::Value = anna.get("/api/audit?event=access&outcome=denied").send().await.json();
        found = page["items"].as_array().unwrap().iter().find(|line| line["permission"] == "audit:read").cloned();
        if found.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let line = found.expect("the refusal is in the log");
    assert_eq!((&line["object"], &line["client"]), (&"GET /api/audit".into(), &"app".into()));
    let me: serde_json::Value = ada.get("/api/me").send().await.json();
    assert_eq!(line["subject"], me["subject"]);
    let logins: serde_json::Value = anna.get("/api/audit?event=login&limit=50").send().await.json();
    assert!(logins["items"].as_array().unwrap().len() >= 2, "{logins}");
}

on_each_database! {
    of crate::access::shop_with_users:
    every_role_gets_what_is_declared,
    refusals_and_logins_are_in_the_audit_log,
}
