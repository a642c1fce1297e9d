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

/// Says to the test below where its authority is, in a process that trusts this one.
#[cfg(feature = "tls")]
const AUTHORITY: &str = "COVET_TEST_AUTHORITY";

/// Over https, with an authority of the operator's own that the system's settings name (`SSL_CERT_FILE`), so that the test is run
/// once more in a process of its own.
#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_5_and_7_keys_come_over_https_from_whom_the_system_trusts() {
    let Some(folder) = std::env::var_os(AUTHORITY).map(std::path::PathBuf::from) else {
        let folder = tempfile::tempdir().unwrap();
        certificates(folder.path());
        let name = "remote_keys::lines_5_and_7_keys_come_over_https_from_whom_the_system_trusts";
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", name, "--nocapture"]).env(AUTHORITY, folder.path()).env_remove("SSL_CERT_DIR");
        again.env("SSL_CERT_FILE", folder.path().join("authority.pem"));
        let output = tokio::task::spawn_blocking(move || again.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
        return;
    };
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let start = async |name: &str| {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let issuer = Arc::new(Issuer { key, fetched: AtomicUsize::new(0) });
        let tls = covet::Tls::pem(&read(&format!("{name}.pem")), &read(&format!("{name}.key"))).unwrap();
        let app = App::new("Id", "1.0.0").state(issuer.clone()).routes(routes![jwks]).tls(tls);
        (issuer, Server::start(app).await.unwrap())
    };
    let url = |host: &str, server: &Server| format!("https://{host}:{}/jwks", server.address().port());

    let (issuer, server) = start("trusted").await;
    let trusting = shop(&url("localhost", &server));
    let good = token(&issuer.key);
    // All wait for the one who fetches.
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let (trusting, good) = (trusting.clone(), good.clone());
            tokio::spawn(async move { status(&trusting, &good).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 200);
    }
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1);
    // A key that nobody has: it is too early to ask again.
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    assert_eq!(status(&trusting, &token(&stranger)).await, 401);
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1);
    // The certificate is for another name than the one that was asked for.
    let elsewhere = shop(&url("127.0.0.1", &server));
    assert_eq!(status(&elsewhere, &good).await, 503);
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1);
    server.stop().await.unwrap();
    assert_eq!(status(&trusting, &good).await, 200, "the keys stay while their server is gone");

    let (forger, server) = start("forged").await;
    assert_eq!(status(&shop(&url("localhost", &server)), &token(&forger.key)).await, 503);
    assert_eq!(forger.fetched.load(Ordering::SeqCst), 0, "nothing is asked of whom nobody trusts");
}

/// An authority, a certificate that it issued, and one that nobody did.
#[cfg(feature = "tls")]
fn certificates(folder: &std::path::Path) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    write("authority.pem", authority.self_signed(&key).unwrap().pem());
    let authority = Issuer::new(authority, key);
    let server = || CertificateParams::new(["localhost".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    write("trusted.pem", server().signed_by(&key, &authority).unwrap().pem());
    write("trusted.key", key.serialize_pem());
    let key = KeyPair::generate().unwrap();
    write("forged.pem", server().self_signed(&key).unwrap().pem());
    write("forged.key", key.serialize_pem());
}
