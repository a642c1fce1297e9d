//! Tokens of another issuer, whose keys are fetched. The numbers are lines of the security checklist.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use covet::auth::ResourceServer;
use covet::auth::jose::{Algorithm, Claims, KeySet, SigningKey, TokenType};
use covet::jiff::Timestamp;
use covet::test::{Client, Server};
use covet::{App, Auth, Json, State, get, routes};
use serde_json::{Value, json};

/// The document of an issuer, and how often it was asked for.
struct Issuer {
    key: SigningKey,
    fetched: AtomicUsize,
}

/// The keys.
#[get("/jwks")]
async fn jwks(issuer: State<Arc<Issuer>>) -> Json<Value> {
    issuer.fetched.fetch_add(1, Ordering::SeqCst);
    Json(KeySet::new([issuer.key.verifying().clone()]).unwrap().to_json())
}

/// Say who I am.
#[get("/me")]
async fn me(auth: Auth) -> String {
    auth.subject().to_owned()
}

fn token(key: &SigningKey) -> String {
    let life = (Timestamp::now(), Duration::from_secs(600));
    let claims = Claims::new("https://id.example", "https://shop.example", "alice", life, json!({}));
    key.issue(TokenType::AccessToken, &claims).unwrap()
}

fn shop(jwks_url: &str) -> Client {
    let tokens = ResourceServer::remote("https://id.example", "https://shop.example", jwks_url).unwrap();
    Client::new(App::new("Shop", "1.0.0").auth(tokens).routes(routes![me])).unwrap().unchecked()
}

async fn status(client: &Client, token: &str) -> u16 {
    client.get("/me").header("authorization", &format!("Bearer {token}")).send().await.status().as_u16()
}

#[tokio::test]
async fn lines_5_and_7_keys_are_fetched_once_and_stay_while_their_server_is_gone() {
    let issuer =
        Arc::new(Issuer { key: SigningKey::generate(Algorithm::Es256).unwrap(), fetched: AtomicUsize::new(0) });
    let app = App::new("Id", "1.0.0").state(issuer.clone()).routes(routes![jwks]);
    let server = Server::start(app).await.unwrap();
    let shop = shop(&format!("http://{}/jwks", server.address()));
    assert_eq!(shop.get("/me").send().await.status(), 401);
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 0, "nobody has asked with a token");

    let good = token(&issuer.key);
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let burst: Vec<_> = (0..1000)
        .map(|number| {
            // Each names another key that nobody has.
            let key = stranger.clone().with_id(format!("unknown-{number}"));
            let (shop, token) = (shop.clone(), if number % 2 == 0 { token(&key) } else { good.clone() });
            tokio::spawn(async move { (number % 2, status(&shop, &token).await) })
        })
        .collect();
    for answer in burst {
        let (is_good, status) = answer.await.unwrap();
        assert_eq!(status, if is_good == 1 { 200 } else { 401 });
    }
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1);
    server.stop().await.unwrap();
    assert_eq!(status(&shop, &good).await, 200);
    assert_eq!(status(&shop, "no.token.atall").await, 401);
}

#[tokio::test]
async fn without_any_keys_the_answer_is_that_it_cannot_be_said() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    // A port that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let shop = shop(&format!("http://127.0.0.1:{port}/jwks"));
    let answer = shop.get("/me").header("authorization", &format!("Bearer {}", token(&key))).send().await;
    assert_eq!(answer.status(), 503);
    assert!(answer.header("retry-after").is_some());
    assert_eq!(shop.get("/me").send().await.status(), 401);
}
