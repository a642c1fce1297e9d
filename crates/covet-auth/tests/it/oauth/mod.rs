//! The authorization server, on a store in memory. The numbers are lines of the security checklist.

mod authorization;
mod clients;
mod device;
mod dpop;
mod oidc;
mod refresh;
mod rotation;

use covet_auth::jose::{Algorithm, SigningKey, Verified, Verifier};
use covet_auth::keys::KeyEncryptionKey;
use covet_auth::oauth2::{
    AccessClaims, Authorization, Client, Consent, EndpointRequest, Failure, GrantType, Introspection, MemoryStore,
    OAuthError, Parameters, Server, Session, Settings, Subject, TokenResponse,
};
use jiff::Timestamp;
use serde_json::json;

pub(super) const START: i64 = 1_800_000_000;
pub(super) const REDIRECT: &str = "https://app.example/callback";

/// RFC 7636, appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

pub(super) fn seal() -> KeyEncryptionKey {
    KeyEncryptionKey::parse("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap()
}

/// A server with some clients and one user.
pub(super) async fn server() -> Server<MemoryStore> {
    let mut settings = Settings::new("https://id.example").unwrap();
    settings.rotation.algorithm = Algorithm::Es256;
    let server = Server::open(settings, MemoryStore::new(), None, at(0)).await.unwrap();
    let scope = "openid profile email books:read books:write";
    let mut app = Client::new("app", scope.parse().unwrap()).with_redirect_uri(REDIRECT).unwrap();
    app.consent = Consent::Given;
    app.grants.push(GrantType::DeviceCode);
    app.post_logout_redirect_uris.push("https://app.example/bye".into());
    let mut web = Client::new("web", scope.parse().unwrap()).with_secret("s3cret").with_redirect_uri(REDIRECT).unwrap();
    web.grants.push(GrantType::ClientCredentials);
    let mut api = Client::new("api", "openid".parse().unwrap()).with_secret("api");
    api.grants.clear();
    api.introspection = Introspection::All;
    for client in [app, web, api] {
        server.store().add_client(client);
    }
    let mut alice = Subject::default();
    alice.id = "alice".into();
    alice.roles = vec![2];
    alice.claims.insert("name".into(), json!("Alice"));
    alice.claims.insert("email".into(), json!("alice@example.com"));
    alice.claims.insert("phone_number".into(), json!("+1"));
    server.store().add_subject(alice);
    server
}

pub(super) fn session() -> Session {
    Session::new("browser", "alice", at(0))
}

/// A good request with parameters changed, or taken away where the value is empty.
pub(super) fn query(changes: &[(&str, &str)]) -> Parameters {
    let good = [
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile books:read"),
        ("state", "xyz"),
        ("nonce", "n-0S6"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    good.iter().chain(changes).fold(Parameters::default(), |query, (name, value)| query.with(name, value))
}

pub(super) fn redirect(answer: Authorization) -> Parameters {
    let Authorization::Redirect(location) = answer else { panic!("no redirect: {answer:?}") };
    let (place, query) = location.split_once('?').unwrap();
    assert_eq!(place, REDIRECT);
    let query = Parameters::parse(query);
    assert_eq!(query.value("iss"), Some("https://id.example"), "64: {location}");
    query
}

pub(super) async fn code_for(server: &Server<MemoryStore>, changes: &[(&str, &str)], seconds: i64) -> String {
    let answer = server.authorize(&query(changes), Some(&session()), None, at(seconds)).await.unwrap();
    redirect(answer).value("code").unwrap().to_owned()
}

pub(super) fn form(pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(Parameters::default(), |form, (name, value)| form.with(name, value)).encode_without(&[])
}

pub(super) async fn token(
    server: &Server<MemoryStore>,
    pairs: &[(&str, &str)],
    seconds: i64,
) -> Result<TokenResponse, OAuthError> {
    let body = form(pairs);
    answered(server.token(&EndpointRequest::new(&body, at(seconds))).await)
}

pub(super) fn answered<T>(answer: Result<T, Failure>) -> Result<T, OAuthError> {
    answer.map_err(|failure| match failure {
        Failure::Refused(error) | Failure::Later { error, .. } => error,
        other => panic!("{other:?}"),
    })
}

pub(super) async fn exchange(
    server: &Server<MemoryStore>,
    code: &str,
    seconds: i64,
) -> Result<TokenResponse, OAuthError> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    token(server, &pairs, seconds).await
}

pub(super) async fn tokens(server: &Server<MemoryStore>) -> TokenResponse {
    let code = code_for(server, &[], 0).await;
    exchange(server, &code, 1).await.unwrap()
}

pub(super) async fn refresh(
    server: &Server<MemoryStore>,
    refresh: &str,
    seconds: i64,
) -> Result<TokenResponse, OAuthError> {
    token(server, &[("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh)], seconds).await
}

pub(super) fn claims(server: &Server<MemoryStore>, token: &str, seconds: i64) -> Verified<AccessClaims> {
    Verifier::new("https://id.example", "https://id.example").verify(&server.keys(), token, at(seconds)).unwrap()
}

pub(super) async fn is_active(server: &Server<MemoryStore>, token: &str, seconds: i64) -> bool {
    let body = form(&[("client_id", "api"), ("client_secret", "api"), ("token", token)]);
    server.introspection(&EndpointRequest::new(&body, at(seconds))).await.unwrap()["active"] == true
}

pub(super) fn code_of<T>(answer: Result<T, OAuthError>) -> String {
    answer.err().expect("an error").code.name().to_owned()
}

pub(super) fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}
