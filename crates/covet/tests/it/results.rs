//! What handlers answer, and the cookies that a client keeps.

use covet::test::Client;
use covet::{
    Accepted, App, Bytes, Cookie, Created, Form, Html, NoContent, Page, Redirect, Response, SetCookie, WithCookie, get,
    post, routes,
};
use serde_json::{Value, json};

/// A job.
#[covet::model]
struct Job {
    id: i64,
}

/// Begin a job.
#[post("/jobs")]
async fn begin() -> Accepted<Job> {
    Accepted(Job { id: 7 })
}

/// Make a job.
#[post("/made")]
async fn made() -> Created<Job> {
    Created::at("/jobs/7", Job { id: 7 })
}

/// A place that is no header.
#[post("/unplaced")]
async fn unplaced() -> Created<Job> {
    Created::at("/jobs/\n7", Job { id: 7 })
}

/// A page of jobs.
#[get("/jobs")]
async fn jobs() -> Page<Job> {
    Page { items: vec![Job { id: 1 }], next: Some("a b".into()), prev: None }
}

/// Elsewhere.
#[get("/old")]
async fn old() -> Redirect {
    Redirect::permanent("/jobs")
}

/// After a form.
#[post("/form")]
async fn form() -> Redirect {
    Redirect::to("/jobs")
}

/// A page.
#[get("/page")]
async fn page() -> Html {
    Html("<p>Hello".into())
}

/// Bytes.
#[get("/bytes")]
async fn bytes() -> Bytes {
    Bytes::from_static(&[1, 2, 3])
}

/// Log in.
#[post("/login")]
async fn login() -> Response {
    let mut response = Response::default();
    for cookie in ["name=Ada; Path=/; HttpOnly", "theme=dark"] {
        response.headers_mut().append("set-cookie", covet::http::HeaderValue::from_static(cookie));
    }
    response
}

/// Log out.
#[post("/logout")]
async fn logout() -> Response {
    let mut response = Response::default();
    response.headers_mut().append("set-cookie", covet::http::HeaderValue::from_static("name=; Max-Age=0"));
    response
}

/// Who it is.
#[get("/who")]
async fn who(name: Cookie<Option<String>>, theme: Cookie<Option<String>>) -> String {
    format!("{:?} {:?}", *name, *theme)
}

/// Nothing.
#[get("/nothing")]
async fn nothing() -> NoContent {
    NoContent
}

fn client() -> Client {
    let routes = routes![begin, made, unplaced, jobs, old, form, page, bytes, login, logout, who, nothing];
    Client::new(App::new("Results", "1.0.0").routes(routes)).unwrap()
}

#[tokio::test]
async fn each_result_has_its_status_its_headers_and_its_body() {
    let client = client();
    let answer = client.post("/jobs").send().await;
    assert_eq!((answer.status().as_u16(), answer.json::<Value>()), (202, json!({ "id": 7 })));
    let answer = client.post("/made").send().await;
    assert_eq!((answer.status().as_u16(), answer.header("location")), (201, Some("/jobs/7")));
    assert_eq!(client.post("/unplaced").send().await.status(), 500);
    let answer = client.get("/jobs?limit=1").send().await;
    assert_eq!(answer.json::<Value>(), json!({ "items": [{ "id": 1 }], "next": "a b", "prev": null }));
    assert_eq!(answer.header("link"), Some("</jobs?limit=1&cursor=a%20b>; rel=\"next\""));
    let answer = client.get("/old").send().await;
    assert_eq!((answer.status().as_u16(), answer.header("location")), (308, Some("/jobs")));
    assert_eq!(client.post("/form").send().await.status(), 303);
    let answer = client.get("/page").send().await;
    assert_eq!((answer.header("content-type"), answer.text()), (Some("text/html; charset=utf-8"), "<p>Hello"));
    assert_eq!(&client.get("/bytes").send().await.bytes()[..], &[1, 2, 3]);
    let answer = client.get("/nothing").send().await;
    assert_eq!((answer.status().as_u16(), answer.text()), (204, ""));
}

#[tokio::test]
async fn the_client_keeps_cookies_until_they_end() {
    let client = client();
    let who = async || client.get("/who").send().await.text().to_owned();
    assert_eq!(who().await, "None None");
    client.post("/login").send().await;
    assert_eq!(who().await, "Some(\"Ada\") Some(\"dark\")");
    client.post("/logout").send().await;
    assert_eq!(who().await, "None Some(\"dark\")");
}

/// A theme, kept by the browser.
#[covet::model]
struct Theme {
    theme: String,
}

/// Choose a theme.
#[post("/theme")]
async fn choose(theme: Form<Theme>) -> WithCookie<WithCookie<Redirect>> {
    let old = SetCookie::removed("old");
    SetCookie::new("theme", theme.0.theme).on(old.on(Redirect::to("/theme")))
}

/// Which theme is chosen.
#[get("/theme")]
async fn chosen(theme: Cookie<Option<String>>) -> String {
    theme.0.unwrap_or_default()
}

#[tokio::test]
async fn cookies_are_set_and_come_back() {
    let client = Client::new(App::new("Themes", "1").routes(routes![choose, chosen])).unwrap();
    let answer = client.post("/theme").form(&[("theme", "dark")]).send().await;
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(answer.status(), 303);
    assert_eq!(cookies[1], "theme=dark; Path=/; SameSite=Lax; HttpOnly", "{cookies:?}");
    assert_eq!(client.get("/theme").send().await.text(), "dark");
    assert_eq!(client.post("/theme").form(&[("theme", "a b")]).send().await.status(), 500);
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let client = Client::new(App::new("Themes", "1").routes(routes![choose, chosen])).unwrap();
    let post =
        async |site: &str| client.post("/theme").header("sec-fetch-site", site).form(&[("theme", "dark")]).send().await;
    assert_eq!(post("same-origin").await.status(), 303);
    let refused = post("cross-site").await;
    assert_eq!(refused.problem()["type"], "/problems/cross-site-request");
    assert_eq!(client.get("/theme").header("sec-fetch-site", "cross-site").send().await.status(), 200);
}
