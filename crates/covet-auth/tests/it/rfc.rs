//! The specifications' own examples.

use covet_auth::jose::{Algorithm, Jwk, KeySet, SigningKey, VerifyingKey, jws};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/rfc.json")).unwrap()
}

/// A key of an example, with the algorithm that the token's header has.
fn key(vector: &Value) -> Jwk {
    let token = vector["token"].as_str().unwrap();
    let jwk = Jwk::parse(vector["jwk"].to_string().as_bytes()).unwrap();
    let algorithm = match vector["name"].as_str().unwrap() {
        "RFC 7515 A.1" => Algorithm::Hs256,
        "RFC 7515 A.2" => Algorithm::Rs256,
        "RFC 7515 A.3" => Algorithm::Es256,
        "RFC 7515 A.4" => Algorithm::Es512,
        "RFC 8037 A.4" => Algorithm::EdDsa,
        other => panic!("{other} of {token}"),
    };
    jwk.with_algorithm(algorithm).unwrap()
}

#[test]
fn every_example_of_a_signature_verifies() {
    let mut count = 0;
    for vector in vectors()["signatures"].as_array().unwrap() {
        let key = VerifyingKey::from_jwk(&key(vector)).unwrap();
        let token = vector["token"].as_str().unwrap();
        let payload = jws::verify(&key, token).unwrap();
        let expected: &[u8] = match vector["name"].as_str().unwrap() {
            "RFC 7515 A.4" => b"Payload",
            "RFC 8037 A.4" => b"Example of Ed25519 signing",
            _ => b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
        };
        assert_eq!(payload, expected, "{}", vector["name"]);
        count += 1;
    }
    assert_eq!(count, 5);
}

#[test]
fn private_keys_of_the_examples_sign() {
    for vector in vectors()["signatures"].as_array().unwrap() {
        let jwk = key(vector);
        let signing = SigningKey::from_jwk(&jwk).unwrap();
        let token = jws::sign(&signing, b"payload").unwrap();
        assert_eq!(jws::verify(signing.verifying(), &token).unwrap(), b"payload");
        // The signatures that have no random part are those of the RFC, bit for bit.
        let text = vector["token"].as_str().unwrap();
        if !text.starts_with("eyJhbGciOiJFUz") {
            let (signed, signature) = text.rsplit_once('.').unwrap();
            let own = signing.sign(signed.as_bytes()).unwrap();
            let mut own_token = String::from(signed);
            own_token.push('.');
            own_token.push_str(&base64url(&own));
            assert_eq!(own_token, format!("{signed}.{signature}"));
        }
    }
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn the_unsecured_example_is_refused() {
    // RFC 7515, appendix A.5
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    for vector in vectors()["signatures"].as_array().unwrap() {
        let key = VerifyingKey::from_jwk(&key(vector)).unwrap();
        assert!(jws::verify(&key, token).is_err());
        assert!(jws::verify(&key, &format!("{token}AA")).is_err());
    }
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    for vector in vectors()["thumbprints"].as_array().unwrap() {
        let jwk = Jwk::parse(vector["jwk"].to_string().as_bytes()).unwrap();
        assert_eq!(jwk.thumbprint(), vector["thumbprint"].as_str().unwrap(), "{}", vector["name"]);
    }
}

#[test]
fn keys_for_encryption_are_passed_over_in_a_set() {
    let parsed = KeySet::parse(vectors()["set"]["jwks"].to_string().as_bytes()).unwrap();
    assert!(parsed.refused.is_empty(), "{:?}", parsed.refused);
    assert_eq!(parsed.keys.iter().map(VerifyingKey::id).collect::<Vec<_>>(), ["2011-04-29"]);
}
