//! Tokens with a change in them, none of which may be accepted.

use covet_auth::jose::{Algorithm, Claims, KeySet, NoClaims, SigningKey, TokenType, Verifier};
use jiff::Timestamp;
use proptest::prelude::*;
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(600);

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn verifier() -> Verifier {
    Verifier::new("https://id.example", "https://api.example")
}

fn token(key: &SigningKey) -> (KeySet, String) {
    let claims = Claims::new("https://id.example", "https://api.example", "alice", (now(), LIFE), NoClaims {});
    let keys = KeySet::new([key.verifying().clone()]).unwrap();
    (keys, key.issue(TokenType::AccessToken, &claims).unwrap())
}

/// Numbers without a pattern that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn line_29_ten_thousand_mutations_are_refused() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut count = 0;
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        let key = SigningKey::generate(algorithm).unwrap();
        let (keys, token) = token(&key);
        assert!(verifier().verify::<NoClaims>(&keys, &token, now()).is_ok());
        for round in 0..2_200 {
            let mut bytes = token.clone().into_bytes();
            let at = numbers.below(bytes.len());
            match round % 6 {
                0 => bytes[at] ^= 1 << numbers.below(7),
                1 => bytes[at] = ALPHABET[numbers.below(ALPHABET.len())],
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(at, ALPHABET[numbers.below(ALPHABET.len())]),
                4 => bytes.swap(at, numbers.below(token.len())),
                _ => bytes.truncate(at),
            }
            let Ok(mutated) = String::from_utf8(bytes) else { continue };
            if mutated == token {
                continue;
            }
            assert!(verifier().verify::<NoClaims>(&keys, &mutated, now()).is_err(), "{algorithm}: {mutated}");
            count += 1;
        }
    }
    assert!(count >= 10_000, "{count}");
}

#[test]
fn line_29_every_flipped_bit_of_a_token_is_refused() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let (keys, token) = token(&key);
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let mutated = String::from_utf8(bytes).unwrap();
            assert!(verifier().verify::<NoClaims>(&keys, &mutated, now()).is_err(), "bit {bit} of byte {at}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_verifier_panic_or_believe(text in ".{0,300}") {
        let keys = KeySet::new([SigningKey::from_secret(Algorithm::Hs256, &[7; 32]).unwrap().verifying().clone()]).unwrap();
        prop_assert!(verifier().verify::<NoClaims>(&keys, &text, now()).is_err());
    }

    #[test]
    fn nor_does_what_looks_like_a_token(text in "[A-Za-z0-9_-]{1,60}\\.[A-Za-z0-9_-]{1,60}\\.[A-Za-z0-9_-]{1,60}") {
        let keys = KeySet::new([SigningKey::from_secret(Algorithm::Hs256, &[7; 32]).unwrap().verifying().clone()]).unwrap();
        prop_assert!(verifier().verify::<NoClaims>(&keys, &text, now()).is_err());
    }

    #[test]
    fn whatever_is_issued_is_verified(subject in "\\PC{1,60}", id in "\\PC{0,60}", seconds in 1u64..100_000) {
        let key = SigningKey::from_secret(Algorithm::Hs256, &[7; 32]).unwrap();
        let life = Duration::from_secs(seconds);
        let claims = Claims::new("https://id.example", "https://api.example", &subject, (now(), life), NoClaims {}).with_id(&id);
        let token = key.issue(TokenType::AccessToken, &claims).unwrap();
        let keys = KeySet::new([key.verifying().clone()]).unwrap();
        let verified = verifier().verify::<NoClaims>(&keys, &token, now()).unwrap();
        prop_assert_eq!(verified.subject(), subject);
        prop_assert_eq!(verified.id(), Some(id.as_str()));
        prop_assert_eq!(verified.expires_at(), now() + life);
    }
}
