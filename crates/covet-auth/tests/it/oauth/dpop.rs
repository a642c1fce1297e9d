//! Line 83: tokens that only the holder of a key can use.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use covet_auth::jose::TokenType;
use covet_auth::oauth2::{DpopExpected, DpopProof};
use covet_auth::oidc::AccessRequest;
use serde_json::Value;

const TOKEN: &str = "https://id.example/oauth/token";

/// A proof of header and claims as they are given.
fn proof(signing: &SigningKey, typ: &str, claims: &Value) -> String {
    let jwk = signing.verifying().jwk().unwrap().to_public_json().unwrap();
    let header = json!({ "typ": typ, "alg": signing.algorithm().name(), "jwk": jwk });
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = signing.sign(text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn good(id: &str) -> Value {
    json!({ "htm": "POST", "htu": TOKEN, "iat": START, "jti": id })
}

async fn with_proof(
    server: &Server<MemoryStore>,
    pairs: &[(&str, &str)],
    proof: &str,
    seconds: i64,
) -> Result<TokenResponse, OAuthError> {
    let body = form(pairs);
    let mut request = EndpointRequest::new(&body, at(seconds));
    request.dpop = Some(proof);
    answered(server.token(&request).await)
}

#[tokio::test]
async fn line_83_every_part_of_a_proof_is_checked() {
    let own = key(Algorithm::Es256);
    let check = |proof: &str, token: Option<&str>| {
        DpopProof::verify(proof, &DpopExpected { method: "POST", url: TOKEN, token, now: at(0) }).is_ok()
    };
    assert!(check(&proof(&own, "dpop+jwt", &good("1")), None));
    for (name, value) in [
        ("htm", json!("GET")),
        ("htu", json!("https://id.example/oauth/other")),
        ("htu", json!("https://evil.example/oauth/token")),
        ("htu", Value::Null),
        ("iat", json!(START - 91)),
        ("iat", json!(START + 31)),
        ("iat", Value::Null),
        ("iat", json!("now")),
        ("jti", json!("")),
        ("jti", Value::Null),
    ] {
        let mut claims = good("1");
        claims[name] = value.clone();
        assert!(!check(&proof(&own, "dpop+jwt", &claims), None), "{name} {value}");
    }
    let mut normal = good("1");
    normal["htu"] = json!("HTTPS://ID.example:443/oauth/token?query#fragment");
    assert!(check(&proof(&own, "dpop+jwt", &normal), None), "the default port is left out");
    assert!(!check(&proof(&own, "JWT", &good("1")), None));
    assert!(!check(&own.issue(TokenType::Named("dpop+jwt"), &good("1")).unwrap(), None), "no key");
    let stolen = proof(&own, "dpop+jwt", &good("1"));
    let other = proof(&key(Algorithm::Es256), "dpop+jwt", &good("1"));
    let mixed = format!("{}.{}", stolen.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    assert!(!check(&mixed, None));
    assert!(!check(&stolen, Some("a token")), "no ath");
}

#[tokio::test]
async fn line_83_a_bound_token_needs_its_key() {
    let server = server().await;
    let (own, foreign) = (key(Algorithm::EdDsa), key(Algorithm::EdDsa));
    let thumbprint = own.verifying().jwk().unwrap().thumbprint();
    let code = code_for(&server, &[("dpop_jkt", &thumbprint)], 0).await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(code_of(token(&server, &pairs, 1).await), "invalid_grant", "the code is bound");
    assert_eq!(
        code_of(with_proof(&server, &pairs, &proof(&foreign, "dpop+jwt", &good("a")), 1).await),
        "invalid_grant"
    );
    let used = proof(&own, "dpop+jwt", &good("b"));
    let tokens = with_proof(&server, &pairs, &used, 1).await.unwrap();
    assert_eq!(tokens.token_type, "DPoP");
    assert_eq!(claims(&server, &tokens.access_token, 1).claims().cnf.as_ref().unwrap().jkt, thumbprint);
    let refresh_token = tokens.refresh_token.unwrap();
    let pairs = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &refresh_token)];
    assert_eq!(code_of(with_proof(&server, &pairs, &used, 2).await), "invalid_dpop_proof", "a replay");
    assert_eq!(code_of(token(&server, &pairs, 2).await), "invalid_grant", "a bearer");
    assert_eq!(
        code_of(with_proof(&server, &pairs, &proof(&foreign, "dpop+jwt", &good("c")), 2).await),
        "invalid_grant"
    );
    assert!(with_proof(&server, &pairs, &proof(&own, "dpop+jwt", &good("d")), 2).await.is_ok());

    // At a resource: the scheme, the proof, its key and its token.
    let hash =
        |token: &str| URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()));
    let access = tokens.access_token.as_str();
    let at_resource = |id: &str, ath: &str| json!({ "htm": "GET", "htu": "https://id.example/oauth/userinfo", "iat": START, "jti": id, "ath": ath });
    let ask = async |scheme: &str, proof: Option<&str>| {
        let authorization = format!("{scheme} {access}");
        let mut request = AccessRequest::new("GET", Some(&authorization), at(3));
        request.dpop = proof;
        answered(server.userinfo(&request).await)
    };
    assert!(ask("DPoP", Some(&proof(&own, "dpop+jwt", &at_resource("1", &hash(access))))).await.is_ok());
    assert!(
        ask("Bearer", Some(&proof(&own, "dpop+jwt", &at_resource("2", &hash(access))))).await.is_err(),
        "a downgrade"
    );
    assert!(ask("Bearer", None).await.is_err());
    assert!(ask("DPoP", None).await.is_err());
    assert!(ask("DPoP", Some(&proof(&own, "dpop+jwt", &at_resource("3", &hash("other"))))).await.is_err());
    assert!(ask("DPoP", Some(&proof(&foreign, "dpop+jwt", &at_resource("4", &hash(access))))).await.is_err());
    assert!(ask("DPoP", Some(&proof(&own, "dpop+jwt", &at_resource("1", &hash(access))))).await.is_err(), "a replay");
}

#[tokio::test]
async fn line_83_a_proof_is_remembered_for_as_long_as_it_could_be_used() {
    // The newest proof that is taken now is taken until its window and the difference of clocks have passed.
    let server = server().await;
    let own = key(Algorithm::Es256);
    let mut ahead = good("1");
    ahead["iat"] = json!(START + 30);
    let ahead = proof(&own, "dpop+jwt", &ahead);
    let pairs = [("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", "s3cret")];
    assert!(with_proof(&server, &pairs, &ahead, 0).await.is_ok());
    server.maintain(at(119)).await.unwrap();
    assert_eq!(code_of(with_proof(&server, &pairs, &ahead, 119).await), "invalid_dpop_proof");
    assert_eq!(code_of(with_proof(&server, &pairs, &ahead, 121).await), "invalid_dpop_proof");
}
