//! OpenID Connect: ID tokens, userinfo, logout.

use super::*;
use covet_auth::jose::TokenType;
use covet_auth::oidc::{AccessRequest, Logout};
use serde::Deserialize;

#[derive(Deserialize)]
struct IdClaims {
    nonce: Option<String>,
    auth_time: i64,
    sid: String,
}

#[tokio::test]
async fn the_id_token_is_for_the_client_and_has_the_nonce() {
    let server = server().await;
    let tokens = tokens(&server).await;
    let verifier = Verifier::new("https://id.example", "app").with_type(TokenType::Jwt);
    let id = verifier.verify::<IdClaims>(&server.keys(), &tokens.id_token.unwrap(), at(1)).unwrap();
    assert_eq!(id.subject(), "alice");
    assert_eq!((id.claims().nonce.as_deref(), id.claims().auth_time), (Some("n-0S6"), START));
    assert_eq!(id.claims().sid, "browser");
    let refreshed = refresh(&server, &tokens.refresh_token.unwrap(), 2).await.unwrap().id_token.unwrap();
    let id = verifier.verify::<IdClaims>(&server.keys(), &refreshed, at(2)).unwrap();
    assert_eq!((id.claims().nonce.as_deref(), id.claims().auth_time), (None, START));
    let code = code_for(&server, &[("scope", "books:read")], 0).await;
    assert_eq!(exchange(&server, &code, 1).await.unwrap().id_token, None);
}

#[tokio::test]
async fn userinfo_gives_what_the_scope_says() {
    let server = server().await;
    let ask = async |token: &str, seconds: i64| {
        let authorization = format!("Bearer {token}");
        answered(server.userinfo(&AccessRequest::new("GET", Some(&authorization), at(seconds))).await)
    };
    let first = tokens(&server).await;
    assert_eq!(ask(&first.access_token, 2).await.unwrap(), json!({ "sub": "alice", "name": "Alice" }));
    let code = code_for(&server, &[("scope", "openid email")], 0).await;
    let email = exchange(&server, &code, 1).await.unwrap();
    assert_eq!(ask(&email.access_token, 2).await.unwrap(), json!({ "sub": "alice", "email": "alice@example.com" }));
    let code = code_for(&server, &[("scope", "books:read")], 0).await;
    let plain = exchange(&server, &code, 1).await.unwrap();
    assert_eq!(code_of(ask(&plain.access_token, 2).await), "insufficient_scope");
    assert_eq!(code_of(ask("garbage", 2).await), "invalid_token");
    assert_eq!(code_of(ask(&first.id_token.unwrap(), 2).await), "invalid_token");
    assert_eq!(code_of(ask(&first.access_token, 1000).await), "invalid_token");
    server.store().remove_subject("alice");
    assert_eq!(code_of(ask(&first.access_token, 2).await), "invalid_token");
}

#[tokio::test]
async fn a_logout_is_asked_for_unless_the_client_knows_the_user() {
    let server = server().await;
    let id_token = tokens(&server).await.id_token.unwrap();
    let bye = "https://app.example/bye";
    let ask = async |pairs: &[(&str, &str)], session: Option<&Session>| {
        server.logout(&Parameters::parse(&form(pairs)), session).await.unwrap()
    };
    let session = session();
    let good = [("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", bye), ("state", "a b")];
    let expected = Some(format!("{bye}?state=a%20b"));
    assert_eq!(ask(&good, Some(&session)).await, Logout::Now { redirect: expected.clone() });
    assert_eq!(
        ask(&[("client_id", "app"), ("post_logout_redirect_uri", bye)], Some(&session)).await,
        Logout::Ask { redirect: Some(bye.into()) }
    );
    assert_eq!(ask(&[], Some(&session)).await, Logout::Ask { redirect: None });
    assert_eq!(ask(&[], None).await, Logout::Now { redirect: None });
    let foreign = Session::new("other", "bob", at(0));
    assert_eq!(ask(&good, Some(&foreign)).await, Logout::Ask { redirect: expected });
    for wrong in ["https://evil.example/", "https://app.example/bye/", REDIRECT] {
        let pairs = [("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", wrong)];
        assert_eq!(ask(&pairs, Some(&session)).await, Logout::Now { redirect: None }, "{wrong}");
    }
    let other_client = [("id_token_hint", id_token.as_str()), ("client_id", "web")];
    assert_eq!(ask(&other_client, Some(&session)).await, Logout::Ask { redirect: None });
}
