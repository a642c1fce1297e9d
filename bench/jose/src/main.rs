//! Signing and verifying tokens, as ratios to the bare operation of aws-lc-rs on the same bytes in the same run; permission checks;
//! and how long `/health/live` takes while many people log in.
//!
//! `cargo run --release -- [--quick]` prints Markdown tables.

mod permissions;
mod storm;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RsaKeyPair, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use covet_auth::jose::{Algorithm, CachedVerifier, Claims, KeySet, SigningKey, TokenType, Verifier};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What an access token has.
#[derive(Serialize, Deserialize)]
struct Private {
    client_id: String,
    scope: String,
    sid: String,
    roles: Vec<i64>,
}

/// The operations of the library alone.
type Sign = Box<dyn Fn(&[u8])>;

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if is_quick { 60 } else { 400 };
    println!("| algorithm | bare sign µs | issue | bare verify µs | verify | from the cache ns |");
    println!("|---|---|---|---|---|---|");
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        row(algorithm, rounds);
    }
    println!();
    permissions::table(rounds);
    println!();
    storm::table(if is_quick { 1 } else { 5 });
}

fn row(algorithm: Algorithm, rounds: usize) {
    let key = SigningKey::generate(algorithm).expect("a key");
    let keys = KeySet::new([key.verifying().clone()]).expect("a set");
    let now = Timestamp::now();
    let private = Private {
        client_id: "bookshop-web".into(),
        scope: "openid profile books:write orders:read".into(),
        sid: "0123456789abcdefghijkl".into(),
        roles: vec![1, 2, 3],
    };
    let life = (now, Duration::from_secs(600));
    let claims = Claims::new("https://id.example", "https://api.example", "user-0123456789", life, private)
        .with_id("0123456789abcdefghijkl");
    let token = key.issue(TokenType::AccessToken, &claims).expect("a token");
    let (signed, proof) = token.rsplit_once('.').expect("three parts");
    let proof = URL_SAFE_NO_PAD.decode(proof).expect("base64url");
    let (sign, public) = bare(algorithm, &key);
    let verifier = Verifier::new("https://id.example", "https://api.example");
    let cached = CachedVerifier::<Private>::new(verifier.clone(), 10_000);
    let mut operations: [(usize, Box<dyn FnMut() + '_>); 5] = [
        (3, Box::new(|| sign(black_box(signed.as_bytes())))),
        (3, Box::new(|| drop(black_box(key.issue(TokenType::AccessToken, black_box(&claims)))))),
        (40, Box::new(|| public.verify_sig(black_box(signed.as_bytes()), &proof).expect("good"))),
        (40, Box::new(|| drop(black_box(verifier.verify::<Private>(&keys, &token, now).expect("good"))))),
        (1000, Box::new(|| drop(black_box(cached.verify(&keys, &token, now).expect("good"))))),
    ];
    // Taken in turns of about a millisecond, and the best of each: what else the machine does is then in none of them.
    let mut best = [f64::MAX; 5];
    for _ in 0..rounds {
        for (best, (count, operation)) in best.iter_mut().zip(&mut operations) {
            let start = Instant::now();
            (0..*count).for_each(|_| operation());
            *best = best.min(start.elapsed().as_secs_f64() * 1e6 / *count as f64);
        }
    }
    let [sign, issue, check, verify, cached] = best;
    println!(
        "| {algorithm} | {sign:.1} | {:.3} × | {check:.1} | {:.3} × | {:.0} |",
        issue / sign,
        verify / check,
        cached * 1000.0
    );
}

/// The same key for aws-lc-rs alone, parsed once.
fn bare(algorithm: Algorithm, key: &SigningKey) -> (Sign, ParsedPublicKey) {
    let pkcs8 = key.to_pkcs8().expect("a private key");
    let parsed = |algorithm: &'static dyn VerificationAlgorithm, public: &[u8]| {
        ParsedPublicKey::new(algorithm, public).expect("a public key")
    };
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).expect("a key");
            let public = parsed(&signature::ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
            (
                Box::new(move |bytes| {
                    let _ = black_box(pair.sign(&random, bytes));
                }),
                public,
            )
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).expect("a key");
            let public = parsed(&signature::ED25519, pair.public_key().as_ref());
            (
                Box::new(move |bytes| {
                    let _ = black_box(pair.sign(bytes));
                }),
                public,
            )
        }
        _ => {
            let pair = RsaKeyPair::from_pkcs8(&pkcs8).expect("a key");
            let is_pss = algorithm == Algorithm::Ps256;
            let encoding = if is_pss { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
            let check =
                if is_pss { &signature::RSA_PSS_2048_8192_SHA256 } else { &signature::RSA_PKCS1_2048_8192_SHA256 };
            let public = parsed(check, pair.public_key().as_ref());
            let sign = move |bytes: &[u8]| {
                let mut proof = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, bytes, &mut proof).expect("a signature");
                drop(black_box(proof));
            };
            (Box::new(sign), public)
        }
    }
}
