//! Tokens, keys and the forms of the authorization server.

use std::sync::OnceLock;

use covet_auth::jose::{Algorithm, Claims, Jwk, KeySet, NoClaims, SigningKey, TokenType, Verifier, VerifyingKey, jws};
use covet_auth::oauth2::{
    Authorization, Client, Consent, EndpointRequest, Failure, GrantType, Introspection, MemoryStore, OAuthError,
    Parameters, Server, Session, Settings, Subject,
};
use jiff::Timestamp;

const ISSUER: &str = "https://id.example";
const REDIRECT: &str = "https://app.example/callback";
/// RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256];

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

fn block_on<F: Future>(future: F) -> F::Output {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| tokio::runtime::Builder::new_current_thread().build().expect("a runtime"));
    runtime.block_on(future)
}

/// Keys, each with a token that it signed.
fn signed() -> &'static [(KeySet, String)] {
    static SIGNED: OnceLock<Vec<(KeySet, String)>> = OnceLock::new();
    SIGNED.get_or_init(|| {
        let signed = ALGORITHMS.map(|algorithm| {
            let key = SigningKey::generate(algorithm).expect("a key");
            let life = (now(), std::time::Duration::from_secs(600));
            let claims = Claims::new(ISSUER, ISSUER, "alice", life, NoClaims {});
            let token = key.issue(TokenType::AccessToken, &claims).expect("a token");
            (KeySet::new([key.verifying().clone()]).expect("a set"), token)
        });
        signed.into()
    })
}

/// Nothing that the key did not sign is believed: the bytes alone, and in place of a piece of a good token. The first three bytes say
/// where.
pub fn tokens(data: &[u8]) {
    let verifier = Verifier::new(ISSUER, ISSUER);
    let is_believed = |keys: &KeySet, token: &str| verifier.verify::<NoClaims>(keys, token, now()).is_ok();
    let [at, length, which, rest @ ..] = data else { return };
    let (keys, good) = &signed()[usize::from(*which) % signed().len()];
    let Ok(text) = std::str::from_utf8(rest) else { return };
    assert!(text == good || !is_believed(keys, text), "{text}");
    assert!(text == good || keys.iter().all(|key| jws::verify(key, text).is_err()), "{text}");
    // Tokens are longer than a byte can count.
    let at = usize::from(*at) * good.len() / 256;
    let end = (at + usize::from(*length)).min(good.len());
    let changed = [&good[..at], text, &good[end..]].concat();
    assert!(changed == *good || !is_believed(keys, &changed), "{changed}");
}

/// What is read as a key is the same key when it is written and read again.
pub fn keys(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        for algorithm in ALGORITHMS {
            if let Ok(key) = SigningKey::from_pem(algorithm, text) {
                let written = key.to_pem().expect("a key that was read can be written");
                let again = SigningKey::from_pem(algorithm, &written).expect("it is read again");
                assert_eq!(again.id(), key.id());
                let signature = again.sign(b"message").expect("it signs");
                key.verifying().verify(b"message", &signature).expect("as the one that was read");
            }
            let _ = VerifyingKey::from_pem(algorithm, text);
        }
    }
    if let Ok(jwk) = Jwk::parse(data) {
        let _ = SigningKey::from_jwk(&jwk);
        // A secret has no public form. A point that is not on its curve is found when the key is made of it.
        if let (Some(written), Ok(key)) = (jwk.to_public_json(), VerifyingKey::from_jwk(&jwk)) {
            let again = Jwk::parse(written.to_string().as_bytes()).expect("a key that was read is read again");
            assert_eq!(again.thumbprint(), jwk.thumbprint());
            let again = VerifyingKey::from_jwk(&again).expect("and verifies");
            assert_eq!((again.id(), again.algorithm()), (key.id(), key.algorithm()));
        }
    }
    if let Ok(set) = KeySet::parse(data) {
        let written = set.keys.to_json();
        let again = KeySet::parse(written.to_string().as_bytes()).expect("a set that was read is read again");
        assert!(again.refused.is_empty(), "{:?}", again.refused);
        assert_eq!(again.keys.to_json(), written);
    }
}

/// A server with a public client, a confidential one and one for introspection.
async fn open() -> Server<MemoryStore> {
    let mut settings = Settings::new(ISSUER).expect("an issuer");
    settings.rotation.algorithm = Algorithm::Es256;
    let server = Server::open(settings, MemoryStore::new(), None, now()).await.expect("a server");
    let scope = || "openid profile books:read".parse().expect("a scope");
    let mut app = Client::new("app", scope()).with_redirect_uri(REDIRECT).expect("an address");
    app.consent = Consent::Given;
    app.grants.push(GrantType::DeviceCode);
    let mut web = Client::new("web", scope()).with_secret("s3cret").with_redirect_uri(REDIRECT).expect("an address");
    web.grants.push(GrantType::ClientCredentials);
    web.introspection = Introspection::All;
    [app, web].into_iter().for_each(|client| server.store().add_client(client));
    let mut alice = Subject::default();
    alice.id = "alice".into();
    server.store().add_subject(alice);
    server
}

/// Whether an error can be told as RFC 6749, section 5.2, wants it.
fn check(error: &OAuthError) {
    let told = serde_json::to_value(error).expect("an error is JSON");
    assert!(told["error"].as_str().is_some_and(|code| !code.is_empty()), "{told}");
    let description = told["error_description"].as_str().unwrap_or_default();
    let may_stand = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(description.bytes().all(may_stand), "{told}");
}

fn check_answer<T>(answer: Result<T, Failure>) {
    match answer {
        Ok(_) => {}
        Err(Failure::Refused(error) | Failure::Later { error, .. }) => check(&error),
        Err(other) => panic!("{other:?}"),
    }
}

/// Any form gets an answer or an error of OAuth's. The first byte says which endpoint, the first line after it is the `Authorization`
/// header where it is not empty, and the second a proof of DPoP.
pub fn forms(data: &[u8]) {
    let Some((endpoint, rest)) = data.split_first() else { return };
    let Ok(rest) = std::str::from_utf8(rest) else { return };
    let mut lines = rest.splitn(3, '\n');
    let (authorization, dpop, body) = (lines.next(), lines.next(), lines.next().unwrap_or_default());
    let mut request = EndpointRequest::new(body, now());
    request.authorization = authorization.filter(|line| !line.is_empty());
    request.dpop = dpop.filter(|line| !line.is_empty());
    block_on(async {
        // Each has a server of its own, so that what a form does is not hidden by what another did.
        let server = open().await;
        match endpoint % 5 {
            0 => check_answer(server.token(&request).await),
            1 => check_answer(server.revocation(&request).await),
            2 => check_answer(server.introspection(&request).await),
            3 => check_answer(server.pushed_authorization_request(&request).await),
            _ => check_answer(server.device_authorization(&request).await),
        }
    });
}

/// Any query leads to the client's own address, with `iss`, or to a page. An odd first byte puts it behind a request that is good.
pub fn authorize(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(rest) = std::str::from_utf8(rest) else { return };
    let good = format!("response_type=code&client_id=app&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let query = if first % 2 == 1 { format!("{good}&{rest}") } else { rest.to_owned() };
    let session = (first % 4 < 2).then(|| Session::new("browser", "alice", now()));
    let answer = block_on(async {
        let server = open().await;
        server.authorize(&Parameters::parse(&query), session.as_ref(), None, now()).await
    });
    match answer {
        Ok(Authorization::Redirect(location)) => {
            assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
            let (place, query) = location.split_once('?').expect("an answer has parameters");
            assert_eq!(place, REDIRECT);
            assert_eq!(Parameters::parse(query).value("iss"), Some(ISSUER), "{location}");
        }
        Ok(Authorization::Refused(error)) => check(&error),
        Ok(_) => {}
        Err(Failure::Refused(error) | Failure::Later { error, .. }) => check(&error),
        Err(other) => panic!("{other:?}"),
    }
}
