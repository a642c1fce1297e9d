//! Line 81: devices without a browser.

use super::*;
use covet_auth::oauth2::{Decision, DeviceAuthorization};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn start(server: &Server<MemoryStore>) -> DeviceAuthorization {
    let body = form(&[("client_id", "app"), ("scope", "openid books:read unknown")]);
    answered(server.device_authorization(&EndpointRequest::new(&body, at(0))).await).unwrap()
}

async fn poll(server: &Server<MemoryStore>, device_code: &str, seconds: i64) -> Result<TokenResponse, OAuthError> {
    token(server, &[("grant_type", DEVICE_CODE), ("client_id", "app"), ("device_code", device_code)], seconds).await
}

#[tokio::test]
async fn line_81_a_device_waits_for_its_user() {
    let server = server().await;
    let device = start(&server).await;
    assert_eq!((device.interval, device.expires_in), (5, 600));
    assert!(device.verification_uri_complete.ends_with(&device.user_code));
    assert_eq!(code_of(poll(&server, &device.device_code, 5).await), "authorization_pending");
    assert_eq!(code_of(poll(&server, &device.device_code, 6).await), "slow_down");
    // It must now wait ten seconds.
    assert_eq!(code_of(poll(&server, &device.device_code, 12).await), "slow_down");
    assert_eq!(code_of(poll(&server, &device.device_code, 40).await), "authorization_pending");
    let typed = device.user_code.to_lowercase().replace('-', " ");
    let asked = server.device_consent(&typed, at(41)).await.unwrap().unwrap();
    assert_eq!((asked.client.as_str(), asked.scope.to_string().as_str()), ("app", "books:read openid"));
    assert!(server.decide_device(&typed, &session(), Decision::Approved, at(42)).await.unwrap());
    assert!(!server.decide_device(&typed, &session(), Decision::Denied, at(43)).await.unwrap());
    assert!(server.device_consent(&typed, at(43)).await.unwrap().is_none());
    let tokens = poll(&server, &device.device_code, 60).await.unwrap();
    assert_eq!(claims(&server, &tokens.access_token, 60).subject(), "alice");
    assert!(tokens.refresh_token.is_some() && tokens.id_token.is_some());
    assert_eq!(code_of(poll(&server, &device.device_code, 80).await), "invalid_grant");
}

#[tokio::test]
async fn line_81_a_device_may_be_denied_or_be_too_late() {
    let server = server().await;
    let device = start(&server).await;
    assert!(server.decide_device(&device.user_code, &session(), Decision::Denied, at(1)).await.unwrap());
    assert_eq!(code_of(poll(&server, &device.device_code, 5).await), "access_denied");
    let device = start(&server).await;
    assert_eq!(code_of(poll(&server, &device.device_code, 600).await), "expired_token");
    assert!(!server.decide_device(&device.user_code, &session(), Decision::Approved, at(600)).await.unwrap());
    assert_eq!(code_of(poll(&server, "unknown", 5).await), "invalid_grant");
    let pairs = [("grant_type", DEVICE_CODE), ("client_id", "web"), ("client_secret", "s3cret"), ("device_code", "x")];
    assert_eq!(code_of(token(&server, &pairs, 1).await), "unauthorized_client");
}

#[tokio::test]
async fn line_81_a_session_has_five_tries() {
    let server = server().await;
    for _ in 0..5 {
        assert!(server.may_try_device_code(&session(), at(1)).await.unwrap());
        server.count_wrong_device_code(&session(), at(1)).await.unwrap();
    }
    assert!(!server.may_try_device_code(&session(), at(2)).await.unwrap());
    let other = Session::new("other", "alice", at(0));
    assert!(server.may_try_device_code(&other, at(2)).await.unwrap());
}
