//! Section 5.4: refreshing and revoking.

use super::*;
use covet_auth::oauth2::Revoke;
use std::sync::Arc;

async fn revoke(server: &Server<MemoryStore>, pairs: &[(&str, &str)], seconds: i64) -> Result<(), OAuthError> {
    let body = form(pairs);
    answered(server.revocation(&EndpointRequest::new(&body, at(seconds))).await)
}

#[tokio::test]
async fn line_47_tokens_are_random_and_a_dump_has_none() {
    let server = server().await;
    let (one, other) = (tokens(&server).await, tokens(&server).await);
    let (one, other) = (one.refresh_token.unwrap(), other.refresh_token.unwrap());
    assert_eq!(one.len(), 43);
    assert_ne!(one, other);
    let child = refresh(&server, &one, 2).await.unwrap().refresh_token.unwrap();
    assert_eq!(child.len(), 43);
    // What is kept is found by the hash alone.
    use covet_auth::oauth2::Store as _;
    assert!(server.store().refresh_token(&one).await.unwrap().is_none());
    assert!(server.store().refresh_token(&child).await.unwrap().is_none());
}

#[tokio::test]
async fn line_48_twenty_uses_at_once_give_one_child() {
    let server = Arc::new(server().await);
    let parent = tokens(&server).await.refresh_token.unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (server, parent) = (server.clone(), parent.clone());
            tokio::spawn(async move { refresh(&server, &parent, 5).await.unwrap().refresh_token.unwrap() })
        })
        .collect();
    let mut children = Vec::new();
    for task in tasks {
        children.push(task.await.unwrap());
    }
    children.dedup();
    assert_eq!(children.len(), 1);
}

#[tokio::test]
async fn line_49_reuse_is_a_retry_for_ten_seconds_and_then_the_end() {
    let server = server().await;
    let first = tokens(&server).await;
    let parent = first.refresh_token.unwrap();
    let child = refresh(&server, &parent, 100).await.unwrap().refresh_token.unwrap();
    assert_eq!(refresh(&server, &parent, 109).await.unwrap().refresh_token.unwrap(), child);
    let grandchild = refresh(&server, &child, 109).await.unwrap();
    assert_eq!(code_of(refresh(&server, &parent, 110).await), "invalid_grant");
    assert_eq!(code_of(refresh(&server, &grandchild.refresh_token.unwrap(), 111).await), "invalid_grant");
    assert!(!is_active(&server, &grandchild.access_token, 111).await);
    let sid = claims(&server, &first.access_token, 111).claims().sid.clone();
    assert!(server.revocations().contains(sid.as_deref(), None));
}

#[tokio::test]
async fn line_50_another_clients_token_revokes_nothing() {
    let server = server().await;
    let parent = tokens(&server).await.refresh_token.unwrap();
    let child = refresh(&server, &parent, 2).await.unwrap().refresh_token.unwrap();
    for token_of_app in [&parent, &child] {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("client_id", "web"),
            ("client_secret", "s3cret"),
            ("refresh_token", token_of_app),
        ];
        assert_eq!(code_of(token(&server, &pairs, 1000).await), "invalid_grant");
    }
    assert!(refresh(&server, &child, 1001).await.is_ok());
}

#[tokio::test]
async fn line_51_a_lost_reply_is_got_again() {
    let server = server().await;
    let parent = tokens(&server).await.refresh_token.unwrap();
    drop(refresh(&server, &parent, 100).await);
    let child = refresh(&server, &parent, 105).await.unwrap().refresh_token.unwrap();
    assert!(refresh(&server, &child, 300).await.is_ok());
}

#[tokio::test]
async fn line_52_after_a_revocation_nothing_lives() {
    let server = Arc::new(server().await);
    for round in 0..20 {
        let first = tokens(&server).await;
        let parent = first.refresh_token.unwrap();
        let racing = {
            let (server, parent) = (server.clone(), parent.clone());
            tokio::spawn(async move { refresh(&server, &parent, 5).await.ok() })
        };
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        revoke(&server, &[("client_id", "app"), ("token", &parent)], 5).await.unwrap();
        let won = racing.await.unwrap();
        assert_eq!(code_of(refresh(&server, &parent, 6).await), "invalid_grant");
        assert!(!is_active(&server, &first.access_token, 6).await);
        if let Some(won) = won {
            assert_eq!(code_of(refresh(&server, &won.refresh_token.unwrap(), 6).await), "invalid_grant");
            assert!(!is_active(&server, &won.access_token, 6).await);
        }
    }
}

#[tokio::test]
async fn line_53_refreshing_ends_by_disuse_and_at_the_absolute_end() {
    const DAY: i64 = 24 * 3600;
    let server = server().await;
    let unused = tokens(&server).await.refresh_token.unwrap();
    assert_eq!(code_of(refresh(&server, &unused, 30 * DAY + 1).await), "invalid_grant");
    let mut current = tokens(&server).await.refresh_token.unwrap();
    for day in [20, 40, 60, 80] {
        current = refresh(&server, &current, day * DAY).await.unwrap().refresh_token.unwrap();
    }
    assert!(refresh(&server, &current, 90 * DAY - 1).await.is_ok());
    assert_eq!(code_of(refresh(&server, &current, 90 * DAY).await), "invalid_grant");
}

#[tokio::test]
async fn line_54_the_scope_may_narrow_and_not_widen() {
    let server = server().await;
    let parent = tokens(&server).await.refresh_token.unwrap();
    let ask = async |refresh_token: &str, scope: &str| {
        let pairs =
            [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh_token), ("scope", scope)];
        token(&server, &pairs, 2).await
    };
    assert_eq!(code_of(ask(&parent, "books:read books:write").await), "invalid_scope");
    assert_eq!(code_of(ask(&parent, "admin").await), "invalid_scope");
    let narrow = ask(&parent, "books:read").await.unwrap();
    assert_eq!((narrow.scope.as_str(), narrow.id_token), ("books:read", None));
    // The grant stays what it was.
    assert_eq!(ask(&narrow.refresh_token.unwrap(), "openid books:read").await.unwrap().scope, "books:read openid");
}

#[tokio::test]
async fn line_55_the_end_of_a_session_or_a_user_ends_the_family() {
    for which in [Revoke::Session("browser"), Revoke::Subject("alice")] {
        let server = server().await;
        let tokens = tokens(&server).await;
        server.revoke_grants(which, at(2)).await.unwrap();
        assert!(!is_active(&server, &tokens.access_token, 3).await);
        assert_eq!(code_of(refresh(&server, &tokens.refresh_token.unwrap(), 3).await), "invalid_grant");
    }
    let server = server().await;
    let tokens = tokens(&server).await;
    server.store().remove_subject("alice");
    assert_eq!(code_of(refresh(&server, &tokens.refresh_token.unwrap(), 3).await), "invalid_grant");
}

#[tokio::test]
async fn line_55_another_process_learns_what_was_revoked() {
    let server = server().await;
    let tokens = tokens(&server).await;
    let sid = claims(&server, &tokens.access_token, 1).claims().sid.clone().unwrap();
    // As the other process would: in the store, past this server.
    use covet_auth::oauth2::Store as _;
    server.store().revoke(Revoke::Grant(&sid), at(2)).await.unwrap();
    assert!(!server.revocations().contains(Some(&sid), None));
    let before = server.revocations().generation();
    server.learn_revocations(at(3)).await.unwrap();
    assert!(server.revocations().contains(Some(&sid), None));
    assert_ne!(server.revocations().generation(), before);
    // It is forgotten when no token can be good any more.
    server.maintain(at(3600)).await.unwrap();
    assert!(!server.revocations().contains(Some(&sid), None));
}

#[tokio::test]
async fn line_57_revoking_tells_nothing_and_needs_the_client() {
    let server = server().await;
    let tokens = tokens(&server).await;
    let (access, refresh_token) = (tokens.access_token, tokens.refresh_token.unwrap());
    assert!(revoke(&server, &[("client_id", "app"), ("token", "unknown")], 2).await.is_ok());
    assert!(
        revoke(&server, &[("client_id", "web"), ("client_secret", "s3cret"), ("token", &refresh_token)], 2)
            .await
            .is_ok()
    );
    assert!(revoke(&server, &[("client_id", "web"), ("client_secret", "s3cret"), ("token", &access)], 2).await.is_ok());
    assert!(is_active(&server, &access, 3).await && is_active(&server, &refresh_token, 3).await);
    assert_eq!(code_of(revoke(&server, &[("token", &access)], 2).await), "invalid_client");
    assert_eq!(code_of(revoke(&server, &[("client_id", "web"), ("token", &access)], 2).await), "invalid_client");
    assert_eq!(code_of(revoke(&server, &[("client_id", "app")], 2).await), "invalid_request");
    // An access token goes alone.
    revoke(&server, &[("client_id", "app"), ("token", &access), ("token_type_hint", "refresh_token")], 4)
        .await
        .unwrap();
    assert!(!is_active(&server, &access, 5).await && is_active(&server, &refresh_token, 5).await);
}

#[tokio::test]
async fn line_58_introspection_says_no_more_than_it_must() {
    let server = server().await;
    let tokens = tokens(&server).await;
    let ask = async |client: &str, secret: &str, token: &str, seconds| {
        let body = form(&[("client_id", client), ("client_secret", secret), ("token", token)]);
        answered(server.introspection(&EndpointRequest::new(&body, at(seconds))).await)
    };
    let inactive = json!({ "active": false });
    assert_eq!(ask("api", "api", "garbage", 2).await.unwrap(), inactive);
    assert_eq!(ask("web", "s3cret", &tokens.access_token, 2).await.unwrap(), inactive);
    assert_eq!(ask("web", "s3cret", tokens.refresh_token.as_ref().unwrap(), 2).await.unwrap(), inactive);
    assert_eq!(ask("api", "api", &tokens.access_token, 1000).await.unwrap(), inactive);
    assert_eq!(ask("api", "api", tokens.id_token.as_ref().unwrap(), 2).await.unwrap(), inactive);
    assert_eq!(code_of(ask("app", "", &tokens.access_token, 2).await), "invalid_client");
    assert_eq!(code_of(ask("api", "wrong", &tokens.access_token, 2).await), "invalid_client");
    let found = ask("api", "api", &tokens.access_token, 2).await.unwrap();
    assert_eq!(
        (&found["sub"], &found["client_id"], &found["scope"]),
        (&json!("alice"), &json!("app"), &json!("books:read openid profile"))
    );
    assert_eq!(found["exp"], START + 601);
}
