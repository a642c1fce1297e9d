//! What is remembered: tokens that were verified, and the keys of others. The numbers are lines of the security checklist.

use covet_auth::jose::{Algorithm, CachedVerifier, Claims, KeySet, NoClaims, SigningKey, TokenType, Verifier};
use covet_auth::keys::RemoteKeys;
use covet_auth::{Error, ErrorKind};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn token(key: &SigningKey, number: usize) -> String {
    let claims = Claims::new(
        "https://id.example",
        "api",
        format!("user{number}"),
        (at(0), Duration::from_secs(600)),
        NoClaims {},
    );
    key.issue(TokenType::AccessToken, &claims).unwrap()
}

fn set(keys: &[&SigningKey]) -> KeySet {
    KeySet::new(keys.iter().map(|key| key.verifying().clone())).unwrap()
}

fn cached(audience: &str) -> CachedVerifier<NoClaims> {
    CachedVerifier::new(Verifier::new("https://id.example", audience), 64)
}

#[test]
fn line_44_a_cache_is_of_one_verifier_and_of_whole_tokens() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let (keys, token) = (set(&[&key]), token(&key, 1));
    let ours = cached("api");
    assert!(ours.verify(&keys, &token, at(1)).is_ok());
    assert!(ours.verify(&keys, &token, at(2)).is_ok());
    assert_eq!(ours.len(), 1);
    assert!(cached("other").verify(&keys, &token, at(1)).is_err());
    // The same header and claims with another signature are another token.
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert!(ours.verify(&keys, &format!("{signed}.AAAA"), at(2)).is_err());
    assert!(ours.verify(&keys, signed, at(2)).is_err());
}

#[test]
fn line_45_an_entry_dies_with_its_time_and_its_key() {
    let (key, other) =
        (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
    let (keys, token) = (set(&[&key, &other]), token(&key, 1));
    let cache = cached("api");
    assert!(cache.verify(&keys, &token, at(1)).is_ok());
    assert!(cache.verify(&keys, &token, at(629)).is_ok());
    assert!(cache.verify(&keys, &token, at(630)).unwrap_err().is_expired());
    assert!(cache.is_empty());
    assert!(cache.verify(&keys, &token, at(1)).is_ok());
    assert!(cache.verify(&set(&[&other]), &token, at(2)).is_err());
}

#[test]
fn line_46_the_cache_is_bounded_and_takes_only_good_tokens() {
    let key = SigningKey::from_secret(Algorithm::Hs256, &[7; 32]).unwrap();
    let keys = set(&[&key]);
    let cache = cached("api");
    let good = token(&key, 0);
    cache.verify(&keys, &good, at(1)).unwrap();
    for number in 0..1000 {
        let _ = cache.verify(&keys, &format!("{good}{number}"), at(1));
        let _ = cache.verify(&keys, &format!("a.b.{number}"), at(1));
    }
    assert_eq!(cache.len(), 1);
    for number in 0..1000 {
        cache.verify(&keys, &token(&key, number), at(1)).unwrap();
    }
    assert!(cache.len() <= 64, "{}", cache.len());
}

#[tokio::test]
async fn line_07_a_burst_of_unknown_ids_fetches_once_in_half_a_minute() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let document = Arc::new(set(&[&key]).to_json().to_string().into_bytes());
    let (remote, count) = (Arc::new(RemoteKeys::new()), Arc::new(AtomicUsize::new(0)));
    let ask = |id: String, seconds: i64| {
        let (remote, count, document) = (remote.clone(), count.clone(), document.clone());
        async move {
            let fetch = || async {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(document.to_vec())
            };
            remote.keys(Some(&id), at(seconds), fetch).await
        }
    };
    let tasks: Vec<_> = (0..1000).map(|number| tokio::spawn(ask(format!("unknown{number}"), 0))).collect();
    for task in tasks {
        // The keys that are there are never lost over it.
        assert!(task.await.unwrap().unwrap().find(key.id()).is_some());
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    for second in 1..30 {
        ask("unknown".into(), second).await.unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
    ask("unknown".into(), 30).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2);
    ask(key.id().into(), 200).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2, "a known id asks nobody while the set is young");
    ask(key.id().into(), 331).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn old_keys_stay_while_their_server_is_gone() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let document = set(&[&key]).to_json().to_string().into_bytes();
    let remote = RemoteKeys::new();
    let gone = || async { Err(Error::new(ErrorKind::Storage, "gone")) };
    assert_eq!(remote.keys(None, at(0), gone).await.unwrap_err().kind(), ErrorKind::Storage);
    assert!(remote.keys(None, at(1), || async { Ok(document.clone()) }).await.is_err(), "it cools down");
    remote.keys(None, at(31), || async { Ok(document.clone()) }).await.unwrap();
    for broken in [&b"{}"[..], b"not json", b"{\"keys\":[]}"] {
        let keys = remote.keys(None, at(10_000), || async { Ok(broken.to_vec()) }).await.unwrap();
        assert!(keys.find(key.id()).is_some());
    }
    assert!(remote.keys(None, at(20_000), gone).await.unwrap().find(key.id()).is_some());
}
