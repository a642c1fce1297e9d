//! Keys: which are refused when they are loaded, and that all others do what they should.

use covet_auth::ErrorKind;
use covet_auth::jose::{Algorithm, Jwk, KeySet, RsaSize, SigningKey, VerifyingKey};
use serde_json::{Value, json};

fn refused(jwk: &Value) -> bool {
    let parsed = Jwk::parse(jwk.to_string().as_bytes()).and_then(|jwk| VerifyingKey::from_jwk(&jwk));
    match parsed {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Key);
            true
        }
    }
}

fn public(algorithm: Algorithm) -> Value {
    SigningKey::generate(algorithm).unwrap().verifying().jwk().unwrap().to_public_json().unwrap()
}

/// The key with a member changed, or taken away where the value is null.
fn with(jwk: &Value, name: &str, value: Value) -> Value {
    let mut changed = jwk.clone();
    let members = changed.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.into(), value);
    }
    changed
}

#[test]
fn every_algorithm_signs_and_verifies_and_survives_pem() {
    for algorithm in Algorithm::all() {
        let key = SigningKey::generate(algorithm).unwrap();
        let signature = key.sign(b"message").unwrap();
        key.verifying().verify(b"message", &signature).unwrap();
        assert!(key.verifying().verify(b"messagf", &signature).is_err(), "{algorithm}");
        if algorithm.is_symmetric() {
            assert!(key.to_pem().is_err());
            let again = SigningKey::from_secret(algorithm, &key.to_secret().unwrap()).unwrap();
            assert_eq!(again.sign(b"message").unwrap(), signature);
            continue;
        }
        let again = SigningKey::from_pem(algorithm, &key.to_pem().unwrap()).unwrap();
        assert_eq!(again.id(), key.id());
        key.verifying().verify(b"more", &again.sign(b"more").unwrap()).unwrap();
        let json = key.verifying().jwk().unwrap().to_public_json().unwrap();
        let public = VerifyingKey::from_jwk(&Jwk::parse(json.to_string().as_bytes()).unwrap()).unwrap();
        assert_eq!((public.id(), public.algorithm()), (key.id(), algorithm));
        public.verify(b"message", &signature).unwrap();
        assert_eq!(json["kid"], key.verifying().jwk().unwrap().thumbprint());
    }
}

#[test]
fn a_private_key_is_not_taken_for_another_algorithm() {
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap().to_pem().unwrap();
    assert!(SigningKey::from_pem(Algorithm::Ps256, &rsa).is_ok());
    for other in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Hs256] {
        assert!(SigningKey::from_pem(other, &rsa).is_err(), "{other}");
    }
    let p256 = SigningKey::generate(Algorithm::Es256).unwrap().to_pem().unwrap();
    for other in [Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256] {
        assert!(SigningKey::from_pem(other, &p256).is_err(), "{other}");
    }
}

#[test]
fn longer_rsa_keys_are_made_on_demand() {
    let key = SigningKey::generate_rsa(Algorithm::Ps384, RsaSize::Bits3072).unwrap();
    assert_eq!(key.sign(b"message").unwrap().len(), 384);
    assert!(SigningKey::generate_rsa(Algorithm::Es256, RsaSize::Bits3072).is_err());
}

#[test]
fn line_11_keys_for_another_use_are_refused() {
    let key = public(Algorithm::Es256);
    assert!(!refused(&key));
    assert!(refused(&with(&key, "use", json!("enc"))));
    assert!(refused(&with(&key, "use", json!("SIG"))));
    assert!(refused(&with(&key, "use", json!(1))));
    for wrong in
        [json!(["sign"]), json!(["encrypt"]), json!([]), json!("verify"), json!(["verify", "verify"]), json!([1])]
    {
        assert!(refused(&with(&key, "key_ops", wrong.clone())), "{wrong}");
    }
    assert!(!refused(&with(&key, "key_ops", json!(["verify"]))));
    let private = json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T", "key_ops": ["verify"]});
    assert!(SigningKey::from_jwk(&Jwk::parse(private.to_string().as_bytes()).unwrap()).is_err());
}

#[test]
fn line_12_small_rsa_keys_and_odd_exponents_are_refused() {
    let key = public(Algorithm::Rs256);
    assert!(!refused(&key));
    // 1, 2, 65536, 0 and one with a leading zero
    for exponent in ["AQ", "Ag", "AQAA", "AA", "AAEAAQ", "", "AQAB=", "AQAB AQ"] {
        assert!(refused(&with(&key, "e", json!(exponent))), "{exponent}");
    }
    let modulus = key["n"].as_str().unwrap();
    assert!(refused(&with(&key, "n", json!(&modulus[..171]))));
    assert!(refused(&with(&key, "n", json!(format!("AAAA{modulus}")))));
    assert!(refused(&with(&key, "n", Value::Null)));
    let small = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdlatRjRjogo3WojgGHFHYLugd
UWAY9iR3fy4arWNA1KoS8kVw33cJibXr8bvwUAUparCwlvdbH6dvEOfou0/gCFQs
HUfQrSDv+MuSUMAe8jzKE4qW+jK+xQU9a03GUnKHkkle+Q0pX/g6jXZ7r1/xAK5D
o2kQ+X5xK9cipRgEKwIDAQAB
-----END PUBLIC KEY-----";
    assert!(VerifyingKey::from_pem(Algorithm::Rs256, small).is_err());
}

#[test]
fn line_13_points_off_the_curve_and_other_lengths_are_refused() {
    let key = public(Algorithm::Es256);
    let (x, y) = (key["x"].as_str().unwrap(), key["y"].as_str().unwrap());
    assert!(refused(&with(&key, "y", json!(x))));
    assert!(refused(&with(&key, "x", json!("A".repeat(43)))));
    assert!(refused(&with(&key, "x", json!(&x[..40]))));
    assert!(refused(&with(&key, "x", json!(format!("AAAA{x}")))));
    assert!(refused(&with(&key, "y", json!(format!("{y}=")))));
    assert!(refused(&with(&key, "y", Value::Null)));
    assert!(refused(&with(&key, "crv", json!("P-384"))));
    assert!(refused(&with(&key, "crv", json!("secp256k1"))));
    assert!(refused(&with(&key, "crv", Value::Null)));
    assert!(refused(&with(&key, "alg", json!("ES384"))));
    assert!(refused(&with(&key, "alg", json!("RS256"))));
    assert!(refused(&with(&key, "alg", json!("none"))));
    assert!(refused(&with(&key, "kty", json!("RSA"))));
    let edwards = public(Algorithm::EdDsa);
    assert!(!refused(&edwards));
    assert!(refused(&with(&edwards, "crv", json!("X25519"))));
    assert!(refused(&with(&edwards, "x", json!("AAAA"))));
}

#[test]
fn line_15_ambiguous_sets_are_refused() {
    let (one, two) = (public(Algorithm::Es256), public(Algorithm::EdDsa));
    let secret = json!({"kty": "oct", "kid": "s", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"});
    let parse = |keys: Value| KeySet::parse(json!({ "keys": keys }).to_string().as_bytes());
    assert_eq!(parse(json!([one, two])).unwrap().keys.iter().count(), 2);
    assert!(parse(json!([one, secret])).is_err());
    assert!(parse(json!([one, one])).is_err());
    assert!(parse(json!([with(&one, "kid", json!("a")), with(&two, "kid", json!("a"))])).is_err());
    assert!(parse(json!({})).is_err());
    assert!(KeySet::parse(b"{\"keys\":[],\"keys\":[]}").is_err());
    assert!(KeySet::parse(b"[]").is_err());
    // One bad key does not lose the others, and is told.
    let parsed = parse(json!([with(&one, "x", json!("AA")), two, {"kty": "AKP", "alg": "ML-DSA-44"}])).unwrap();
    assert_eq!((parsed.keys.iter().count(), parsed.refused.len()), (1, 1));
}

#[test]
fn line_16_short_secrets_are_refused() {
    for (algorithm, least) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        assert!(SigningKey::from_secret(algorithm, &vec![1; least]).is_ok());
        assert!(SigningKey::from_secret(algorithm, &vec![1; least - 1]).is_err());
        assert!(VerifyingKey::from_secret(algorithm, &vec![1; least - 1]).is_err());
    }
    assert!(SigningKey::from_secret(Algorithm::Rs256, &[1; 64]).is_err());
    assert!(refused(&json!({"kty": "oct", "k": "c2hvcnQ"})));
    assert!(refused(&json!({"kty": "oct", "alg": "HS512", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"})));
}

#[test]
fn a_key_with_a_member_twice_is_refused() {
    let twice = br#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T","kid":"a","kid":"b"}"#;
    assert!(Jwk::parse(twice).is_err());
}

#[test]
fn inconsistent_private_keys_are_refused() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/rfc.json")).unwrap();
    let rsa = &vectors["signatures"][1]["jwk"];
    let sign = |jwk: Value| Jwk::parse(jwk.to_string().as_bytes()).and_then(|jwk| SigningKey::from_jwk(&jwk));
    assert!(sign(rsa.clone()).is_ok());
    assert!(sign(with(rsa, "d", rsa["dp"].clone())).is_err());
    assert!(sign(with(rsa, "qi", Value::Null)).is_err());
    assert!(sign(with(rsa, "p", rsa["q"].clone())).is_err());
    assert!(sign(with(rsa, "oth", json!([]))).is_err());
    let edwards = &vectors["signatures"][4]["jwk"];
    assert!(sign(edwards.clone()).is_ok());
    assert!(sign(with(edwards, "d", edwards["x"].clone())).is_err());
    assert!(sign(with(edwards, "d", Value::Null)).is_err());
}

#[test]
fn line_95_no_debug_text_has_a_secret() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/rfc.json")).unwrap();
    for vector in vectors["signatures"].as_array().unwrap() {
        let jwk = Jwk::parse(vector["jwk"].to_string().as_bytes()).unwrap();
        let signing = SigningKey::from_jwk(&jwk).unwrap();
        let text = format!("{jwk:?} {signing:?} {:?}", signing.verifying());
        for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            if let Some(secret) = vector["jwk"][name].as_str() {
                assert!(!text.contains(secret), "{name} in {text}");
            }
        }
    }
}

#[test]
fn pem_that_is_none_is_refused() {
    let good = SigningKey::generate(Algorithm::EdDsa).unwrap().to_pem().unwrap();
    for text in [
        "",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
        &good.repeat(2),
    ] {
        assert_eq!(SigningKey::from_pem(Algorithm::EdDsa, text).unwrap_err().kind(), ErrorKind::Key, "{text}");
        assert_eq!(VerifyingKey::from_pem(Algorithm::EdDsa, text).unwrap_err().kind(), ErrorKind::Key, "{text}");
    }
    assert!(SigningKey::from_pem(Algorithm::EdDsa, &format!("a comment\n{}", good.replace('\n', "\r\n"))).is_ok());
}
