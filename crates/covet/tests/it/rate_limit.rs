//! How often a client may ask, and who the client is.

use std::time::Duration;

use covet::test::{Client, Server};
use covet::{App, ClientAddress, ProxyHeader, RateLimit, get, routes};

/// Tell the caller its address.
#[get("/address")]
async fn address(address: ClientAddress) -> String {
    address.ip().to_string()
}

/// Something costly.
#[get("/costly")]
async fn costly() -> &'static str {
    "done"
}

fn app() -> App {
    let minute = |quota| RateLimit::per_address(quota, Duration::from_secs(60));
    App::new("Limits", "1.0.0")
        .rate_limit(minute(4))
        .routes(routes![address].and(routes![costly].rate_limit(minute(2))))
}

#[tokio::test]
async fn the_tightest_limit_counts_and_is_told() {
    let client = Client::new(app()).unwrap();
    let answer = client.get("/costly").send().await;
    assert_eq!(answer.header("ratelimit-policy"), Some("\"default\";q=2;w=60"));
    assert_eq!(answer.header("ratelimit"), Some("\"default\";r=1;t=30"));
    assert_eq!(client.get("/costly").send().await.status(), 200);
    let answer = client.get("/costly").send().await;
    assert_eq!((answer.status().as_u16(), &answer.problem()["type"]), (429, &"/problems/too-many-requests".into()));
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client.get("/address").send().await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 429], "what a route has refused is not counted by the app");
    assert_eq!(client.get("/health/live").send().await.status(), 200);
    let document = client.openapi();
    assert!(document["paths"]["/address"]["get"]["responses"].get("429").is_some());
}

/// Each principal has a quota of its own, whoever has none shares that of the address, and routes that are asked for by
/// nobody's quota stay free.
#[tokio::test]
async fn principals_are_counted_apart() {
    let per_key = RateLimit::per_principal(2, Duration::from_secs(60));
    let app = App::new("Limits", "1.0.0")
        .principal(|head| head.headers.get("x-api-key")?.to_str().ok().map(str::to_owned))
        .routes(routes![address].and(routes![costly].rate_limit(per_key)));
    let client = Client::new(app).unwrap();
    let ask = async |key: Option<&str>| {
        let mut request = client.get("/costly");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        request.send().await.status().as_u16()
    };
    for key in [Some("ann"), Some("bob"), None] {
        assert_eq!([ask(key).await, ask(key).await, ask(key).await], [200, 200, 429], "{key:?}");
    }
    assert_eq!(ask(Some("cid")).await, 200);
    assert_eq!(client.get("/address").header("x-api-key", "ann").send().await.status(), 200);
}

/// A refusal is an answer like every other: browsers' headers, who may read it, and its id.
#[tokio::test]
async fn a_refusal_has_the_headers_of_every_answer() {
    let app = app().cors(covet::Cors::origins(["https://shop.example"]));
    let client = Client::new(app).unwrap();
    let ask = || client.get("/costly").header("origin", "https://shop.example").send();
    let (first, _, refused) = (ask().await, ask().await, ask().await);
    assert_eq!(refused.status(), 429);
    for name in ["x-content-type-options", "access-control-allow-origin", "ratelimit-policy"] {
        assert!(refused.header(name).is_some(), "{name}");
        assert_eq!(refused.header(name), first.header(name), "{name}");
    }
    assert!(refused.header("x-request-id").is_some_and(|id| Some(id) != first.header("x-request-id")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_who_a_trusted_proxy_says() {
    let believed = Server::start(app().trusted_proxies(["127.0.0.0/8"], ProxyHeader::XForwardedFor)).await.unwrap();
    let answer = believed.client().get("/address").header("x-forwarded-for", "6.6.6.6, 192.0.2.9").send().await;
    assert_eq!(answer.text(), "192.0.2.9");
    let doubted = Server::start(app()).await.unwrap();
    let answer = doubted.client().get("/address").header("x-forwarded-for", "192.0.2.9").send().await;
    assert_eq!(answer.text(), "127.0.0.1");
}

#[test]
fn a_proxy_that_is_no_address_stops_the_start() {
    let error = app().trusted_proxies(["localhost", "10.0.0.0/8"], ProxyHeader::Forwarded).build().unwrap_err();
    assert_eq!(error.start_faults().len(), 1);
    assert!(error.to_string().contains("`localhost` is not a range of addresses"), "{error}");
}
