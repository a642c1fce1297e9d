//! The server's keys: how they follow one another, and how they rest.

use super::*;
use covet_auth::ErrorKind;
use covet_auth::keys::{KeyState, StoredKey};
use covet_auth::oauth2::Store as _;
use std::sync::Arc;

const DAY: i64 = 24 * 3600;

fn states(server: &Server<MemoryStore>) -> Vec<KeyState> {
    server.ring().states().into_iter().map(|(_, state)| state).collect()
}

#[tokio::test]
async fn line_30_a_retired_key_verifies_until_its_last_token_has_expired() {
    let server = server().await;
    assert_eq!(states(&server), [KeyState::Active]);
    let first = server.ring().signing();
    server.maintain(at(88 * DAY)).await.unwrap();
    assert_eq!(states(&server), [KeyState::Active]);
    server.maintain(at(89 * DAY)).await.unwrap();
    assert_eq!(states(&server), [KeyState::Active, KeyState::Pending], "published, and not used");
    assert_eq!(server.ring().signing().id(), first.id());
    assert_eq!(server.keys().iter().count(), 2);
    server.maintain(at(90 * DAY - 1)).await.unwrap();
    let last = server.ring().signing().issue(covet_auth::jose::TokenType::Jwt, &json!({})).unwrap();
    server.maintain(at(90 * DAY)).await.unwrap();
    assert_eq!(states(&server), [KeyState::Retired, KeyState::Active]);
    assert_ne!(server.ring().signing().id(), first.id());
    let verifies = |server: &Server<MemoryStore>| {
        server.keys().find(first.id()).is_some_and(|key| covet_auth::jose::jws::verify(key, &last).is_ok())
    };
    server.maintain(at(90 * DAY + 7199)).await.unwrap();
    assert!(verifies(&server));
    server.maintain(at(90 * DAY + 7200)).await.unwrap();
    assert_eq!(states(&server), [KeyState::Dropped, KeyState::Active]);
    assert!(!verifies(&server));
    server.maintain(at(181 * DAY)).await.unwrap();
    assert!(server.store().keys().await.unwrap().iter().all(|key| key.id != first.id()), "and is deleted later");
}

#[tokio::test]
async fn line_31_no_verification_fails_while_keys_roll() {
    let server = Arc::new(server().await);
    let roll = {
        let server = server.clone();
        tokio::spawn(async move {
            for round in 1..40 {
                server.rotate_keys(at(round * 400)).await.unwrap();
                server.maintain(at(round * 400 + 301)).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    };
    let mut count = 0;
    while !roll.is_finished() || count < 100 {
        let token = server.ring().signing().issue(covet_auth::jose::TokenType::Jwt, &json!({ "n": count })).unwrap();
        let id = covet_auth::jose::key_id(&token).unwrap().unwrap();
        let keys = server.keys();
        covet_auth::jose::jws::verify(keys.find(&id).expect("a key that signs is published"), &token).unwrap();
        count += 1;
        tokio::task::yield_now().await;
    }
    roll.await.unwrap();
}

#[tokio::test]
async fn keys_rest_encrypted_and_open_with_their_key_alone() {
    let mut settings = Settings::new("https://id.example").unwrap();
    settings.rotation.algorithm = Algorithm::Es256;
    let server = Server::open(settings, MemoryStore::new(), Some(seal()), at(0)).await.unwrap();
    let kept = server.store().keys().await.unwrap();
    assert_eq!(kept.len(), 2);
    for key in &kept {
        assert!(key.private.starts_with("sealed:"), "{key:?}");
        assert_eq!(key.unwrap(Some(&seal())).unwrap().id(), key.id);
        assert_eq!(key.unwrap(None).unwrap_err().kind(), ErrorKind::Sealed);
        let other = KeyEncryptionKey::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        assert_eq!(key.unwrap(Some(&other)).unwrap_err().kind(), ErrorKind::Sealed);
        // Under another name it does not open, so that rows cannot be exchanged.
        let moved = StoredKey::new("other".into(), key.algorithm, key.active_from, key.private.to_string());
        assert_eq!(moved.unwrap(Some(&seal())).unwrap_err().kind(), ErrorKind::Sealed);
        let mut broken = key.private.to_string();
        broken.pop();
        let broken = StoredKey::new(key.id.clone(), key.algorithm, key.active_from, broken);
        assert_eq!(broken.unwrap(Some(&seal())).unwrap_err().kind(), ErrorKind::Sealed);
    }
    assert!(format!("{:?} {:?}", seal(), kept).find("sealed:").is_none());
}

#[tokio::test]
async fn two_first_starts_at_one_time_agree() {
    // Both saw an empty store; each added its keys.
    let server = server().await;
    let policy = server.settings().rotation;
    for _ in 0..2 {
        let signing = key(Algorithm::Es256);
        server.store().insert_key(&StoredKey::wrap(&signing, at(0), None).unwrap()).await.unwrap();
        let secret = key(Algorithm::Hs256);
        server.store().insert_key(&StoredKey::wrap(&secret, at(0), None).unwrap()).await.unwrap();
    }
    let kept = server.store().keys().await.unwrap();
    let mut reversed = kept.clone();
    reversed.reverse();
    let one = covet_auth::keys::KeyRing::new(&kept, None, &policy, at(1)).unwrap();
    let other = covet_auth::keys::KeyRing::new(&reversed, None, &policy, at(1)).unwrap();
    assert_eq!(one.signing().id(), other.signing().id());
    assert_eq!(one.verifying().iter().count(), 3);
}
