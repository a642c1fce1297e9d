//! Any bytes at the endpoints of the authorization server, over HTTP.

use covet::auth::{Client as OAuthClient, GrantType, Server};
use covet::http::Method;
use covet::test::{Answer, Client};
use covet::{App, Db};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

/// Those that clients call, which answer OAuth's own errors.
const CALLED: [&str; 5] =
    ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/par", "/oauth/device_authorization"];

/// Those that browsers come to.
const VISITED: [(&str, &str); 8] = [
    ("GET", "/oauth/authorize"),
    ("POST", "/oauth/authorize"),
    ("GET", "/oauth/device"),
    ("POST", "/oauth/device"),
    ("GET", "/oauth/logout"),
    ("POST", "/oauth/logout"),
    ("GET", "/oauth/userinfo"),
    ("POST", "/oauth/userinfo"),
];

async fn client() -> Client {
    let mut web = OAuthClient::new("web", "openid".parse().unwrap())
        .with_secret("s3cret")
        .with_redirect_uri("https://app.example/callback")
        .unwrap();
    web.grants.extend([GrantType::ClientCredentials, GrantType::DeviceCode]);
    let server = Server::new("https://id.example").unwrap().client(web);
    let app = App::new("Id", "1.0.0").database(Db::connect("sqlite::memory:")).auth(server);
    Client::new(app.prepare().await.unwrap()).unwrap().unchecked()
}

/// Pairs with names that OAuth knows and others, some twice, and bytes that are no form at all.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let name =
        "(grant_type|client_id|client_secret|code|token|scope|redirect_uri|request_uri|user_code|csrf|decision|x|%f?)";
    let value = "(web|s3cret|client_credentials|openid|approve|https%3A%2F%2Fapp\\.example%2Fcallback|[ -~]{0,12}|%[0-9a-g]{2})";
    let form = prop::collection::vec((name, value), 0..7)
        .prop_map(|pairs| pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"));
    prop_oneof![3 => form.prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..100)]
}

fn media_type() -> impl Strategy<Value = &'static str> {
    const FORM: &str = "application/x-www-form-urlencoded";
    const OTHERS: [&str; 6] = [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        "/",
        "application/x-www-form-urlencoded; charset=utf-16",
    ];
    prop_oneof![4 => Just(FORM), 1 => prop::sample::select(&OTHERS[..])]
}

fn check_called(path: &str, answer: &Answer) {
    let status = answer.status().as_u16();
    let expected = [200, 201, 400, 401, 429];
    assert!(expected.contains(&status), "{path}: {status} {}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    if status >= 400 {
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert!(answer.json::<Value>()["error"].is_string(), "{path}: {}", answer.text());
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{path}");
    }
}

fn check_visited(path: &str, answer: &Answer) {
    let status = answer.status().as_u16();
    assert!((200..500).contains(&status), "{path}: {status} {}", answer.text());
    if let Some(location) = answer.header("location") {
        let ours = ["/login", "/oauth/device", "https://app.example/callback?"];
        assert!(ours.iter().any(|start| location.starts_with(start)), "{path}: {location}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_form_gets_an_answer_and_never_breaks_an_endpoint() {
    let client = client().await;
    let runtime = tokio::runtime::Handle::current();
    let checked = tokio::task::spawn_blocking(move || {
        let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
        let target = prop_oneof![
            prop::sample::select(&CALLED[..]).prop_map(|path| ("POST", path, true)),
            prop::sample::select(&VISITED[..]).prop_map(|(method, path)| (method, path, false)),
        ];
        runner.run(&(target, media_type(), body()), |((method, path, is_called), media_type, body)| {
            let query: String =
                body.iter().filter(|byte| byte.is_ascii_graphic()).map(|byte| char::from(*byte)).collect();
            let address = if is_called {
                path.to_owned()
            } else {
                format!("{path}?{}", query.replace(['#', '"', '<', '>', '\\', '^', '`', '{', '|', '}'], ""))
            };
            let request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), &address);
            let request = if method == "POST" { request.body(media_type, body) } else { request };
            let answer = runtime.block_on(request.send());
            if is_called {
                check_called(path, &answer)
            } else {
                check_visited(path, &answer)
            }
            Ok(())
        })
    });
    checked.await.unwrap().unwrap();
}
