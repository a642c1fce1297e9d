//! Section 5.1 of the security checklist: what a verifier must refuse.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use covet_auth::jose::{Algorithm, KeySet, NoClaims, SigningKey, TokenType, Verifier, VerifyingKey};
use covet_auth::{Error, ErrorKind};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::LazyLock;

const NOW: i64 = 1_800_000_000;

static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Rs256).unwrap().with_id("main"));
static EC: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap().with_id("ec"));

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of parts as they are written, signed by a key over exactly these.
fn signed(key: &SigningKey, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let text = format!("{}.{}", encode(header), encode(payload));
    let signature = key.sign(text.as_bytes()).unwrap();
    format!("{text}.{}", encode(signature))
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "at+jwt", "kid": "main"})
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "aud": "https://api.example", "sub": "alice", "iat": NOW, "exp": NOW + 600})
}

/// A value with a member changed, or taken away where it is null.
fn with(value: &Value, name: &str, member: Value) -> Value {
    let mut changed = value.clone();
    match member {
        Value::Null => drop(changed.as_object_mut().unwrap().remove(name)),
        member => changed[name] = member,
    }
    changed
}

fn of_header(name: &str, member: Value) -> String {
    signed(&RSA, with(&header(), name, member).to_string(), claims().to_string())
}

fn of_claims(name: &str, member: Value) -> String {
    signed(&RSA, header().to_string(), with(&claims(), name, member).to_string())
}

fn verify_at(token: &str, now: i64) -> Result<(), Error> {
    let keys = KeySet::new([RSA.verifying().clone(), EC.verifying().clone()]).unwrap();
    let verifier = Verifier::new("https://id.example", "https://api.example");
    let now = Timestamp::from_second(now).unwrap();
    verifier.verify::<NoClaims>(&keys, token, now).map(|_| ())
}

fn accepted(token: &str) {
    verify_at(token, NOW).unwrap();
}

fn refused(token: &str, kind: ErrorKind) {
    let error = verify_at(token, NOW).expect_err(token);
    assert_eq!(error.kind(), kind, "{error}: {token}");
    assert!(!error.is_expired());
}

#[test]
fn the_good_token_is_accepted() {
    accepted(&signed(&RSA, header().to_string(), claims().to_string()));
    accepted(&signed(&EC, r#"{"alg":"ES256","typ":"application/at+jwt","kid":"ec"}"#, claims().to_string()));
}

#[test]
fn line_01_alg_none_is_refused() {
    for name in ["none", "None", "nOnE", "NONE", ""] {
        let token = of_header("alg", json!(name));
        refused(&token, ErrorKind::Signature);
        let bare = token.rsplit_once('.').unwrap().0;
        refused(&format!("{bare}."), ErrorKind::Malformed);
        refused(bare, ErrorKind::Malformed);
    }
    refused(&of_header("alg", Value::Null), ErrorKind::Malformed);
    refused(&of_header("alg", json!(["RS256"])), ErrorKind::Malformed);
}

#[test]
fn line_02_a_mac_with_the_public_key_is_refused() {
    let jwk = RSA.verifying().jwk().unwrap().to_public_json().unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(&RSA.to_pkcs8().unwrap()).unwrap();
    let bare = pair.public_key().as_ref().to_vec();
    let wrapped: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let pem = |label: &str, der: &[u8]| {
        let lines: Vec<String> =
            STANDARD.encode(der).as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n"))
    };
    let (pem_wrapped, pem_bare) = (pem("PUBLIC KEY", wrapped.as_ref()), pem("RSA PUBLIC KEY", &bare));
    // It is the key that is meant.
    for text in [&pem_wrapped, &pem_bare] {
        let public = VerifyingKey::from_pem(Algorithm::Rs256, text).unwrap();
        public.verify(b"message", &RSA.sign(b"message").unwrap()).unwrap();
    }
    let secrets = [
        jwk.to_string().into_bytes(),
        modulus,
        jwk["n"].as_str().unwrap().into(),
        wrapped.as_ref().to_vec(),
        bare,
        format!("{pem_wrapped}\n").into_bytes(),
        pem_wrapped.into_bytes(),
        format!("{pem_bare}\n").into_bytes(),
        pem_bare.into_bytes(),
    ];
    for secret in secrets {
        let head = with(&header(), "alg", json!("HS256")).to_string();
        let text = format!("{}.{}", encode(head), encode(claims().to_string()));
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
        refused(&format!("{text}.{}", encode(mac)), ErrorKind::Signature);
    }
}

#[test]
fn line_03_another_algorithm_than_the_keys_is_refused() {
    let pss = SigningKey::from_pem(Algorithm::Ps256, &RSA.to_pem().unwrap()).unwrap();
    refused(
        &signed(&pss, with(&header(), "alg", json!("PS256")).to_string(), claims().to_string()),
        ErrorKind::Signature,
    );
    let longer = SigningKey::from_pem(Algorithm::Rs512, &RSA.to_pem().unwrap()).unwrap();
    refused(
        &signed(&longer, with(&header(), "alg", json!("RS512")).to_string(), claims().to_string()),
        ErrorKind::Signature,
    );
    refused(&signed(&RSA, with(&header(), "kid", json!("ec")).to_string(), claims().to_string()), ErrorKind::Signature);
}

#[test]
fn line_04_a_key_in_the_header_is_no_key() {
    let attacker = SigningKey::generate(Algorithm::Rs256).unwrap();
    let jwk = attacker.verifying().jwk().unwrap().to_public_json().unwrap();
    for (name, member) in [("jwk", jwk), ("x5c", json!(["MIIB"]))] {
        let head = with(&header(), name, member.clone()).to_string();
        let token = signed(&attacker, &head, claims().to_string());
        assert!(verify_at(&token, NOW).is_err());
        refused(&of_header(name, json!("x")), ErrorKind::Malformed);
    }
}

#[test]
fn line_05_no_address_in_the_header_is_visited() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    for name in ["jku", "x5u"] {
        refused(&of_header(name, json!(url)), ErrorKind::Malformed);
    }
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn line_06_no_key_id_is_more_than_a_name() {
    for id in ["../../dev/null", "' OR 1=1 --", "main\0", "", "MAIN", "/etc/passwd"] {
        refused(&of_header("kid", json!(id)), ErrorKind::Signature);
    }
    refused(&of_header("kid", json!("k".repeat(4096))), ErrorKind::Malformed);
    for id in [json!(1), json!(["main"]), json!({"a": 1}), json!(true)] {
        refused(&of_header("kid", id), ErrorKind::Malformed);
    }
    // Without a kid only a set of one key is enough.
    refused(&of_header("kid", Value::Null), ErrorKind::Signature);
    let keys = KeySet::new([RSA.verifying().clone()]).unwrap();
    let verifier = Verifier::new("https://id.example", "https://api.example");
    let now = Timestamp::from_second(NOW).unwrap();
    assert!(verifier.verify::<NoClaims>(&keys, &of_header("kid", Value::Null), now).is_ok());
}

#[test]
fn line_08_critical_extensions_are_refused() {
    for crit in [json!(["unknown"]), json!(["exp"]), json!(["b64"]), json!([]), json!("exp"), json!({}), json!(true)] {
        refused(&of_header("crit", crit), ErrorKind::Malformed);
    }
}

#[test]
fn line_09_unencoded_payloads_are_refused() {
    refused(&of_header("b64", json!(false)), ErrorKind::Malformed);
    refused(
        &signed(
            &RSA,
            with(&with(&header(), "b64", json!(false)), "crit", json!(["b64"])).to_string(),
            claims().to_string(),
        ),
        ErrorKind::Malformed,
    );
}

#[test]
fn line_10_other_types_of_tokens_are_refused() {
    for name in ["JWT", "jwt", "logout+jwt", "rt+jwt", "dpop+jwt", "", "at+jwt ", "xapplication/at+jwt", "application/"]
    {
        refused(&of_header("typ", json!(name)), ErrorKind::Claim);
    }
    refused(&of_header("typ", Value::Null), ErrorKind::Claim);
    refused(&of_header("typ", json!(["at+jwt"])), ErrorKind::Malformed);
    accepted(&of_header("typ", json!("application/at+jwt")));
    accepted(&of_header("typ", json!("AT+JWT")));
    // An access token is no ID token either.
    let keys = KeySet::new([RSA.verifying().clone()]).unwrap();
    let verifier = Verifier::new("https://id.example", "https://api.example").with_type(TokenType::Jwt);
    let now = Timestamp::from_second(NOW).unwrap();
    assert!(verifier.verify::<NoClaims>(&keys, &of_header("typ", json!("at+jwt")), now).is_err());
    assert!(verifier.verify::<NoClaims>(&keys, &of_header("typ", json!("JWT")), now).is_ok());
    assert!(verifier.verify::<NoClaims>(&keys, &of_header("typ", Value::Null), now).is_ok());
}

#[test]
fn line_14_psychic_and_misshapen_signatures_are_refused() {
    let text = format!("{}.{}", encode(r#"{"alg":"ES256","typ":"at+jwt","kid":"ec"}"#), encode(claims().to_string()));
    let good = EC.sign(text.as_bytes()).unwrap();
    accepted(&format!("{text}.{}", encode(&good)));
    let order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    let order: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap()).collect();
    let zero_r = [&[0; 32], &good[32..]].concat();
    let zero_s = [&good[..32], &[0; 32]].concat();
    let whole_order = [order.clone(), order.clone()].concat();
    let der = [&[0x30, 0x44, 0x02, 0x20], &good[..32], &[0x02, 0x20], &good[32..]].concat();
    let misshapen = [
        vec![0; 64],
        zero_r,
        zero_s,
        whole_order,
        der,
        good[..63].to_vec(),
        [&good[..], &[0]].concat(),
        vec![0; 65],
        vec![1],
    ];
    for bytes in misshapen {
        refused(&format!("{text}.{}", encode(&bytes)), ErrorKind::Signature);
    }
}

#[test]
fn line_17_only_three_full_parts_are_a_token() {
    let good = of_claims("x", json!(1));
    let parts: Vec<&str> = good.split('.').collect();
    let [head, payload, signature] = parts[..] else { panic!("{good}") };
    for text in [
        format!("{head}.{payload}"),
        format!("{good}.AAAA"),
        format!(".{payload}.{signature}"),
        format!("{head}..{signature}"),
        format!("{head}.{payload}."),
        format!("{good}."),
        format!(".{good}"),
        String::new(),
        "..".into(),
        json!({"payload": payload, "protected": head, "signature": signature}).to_string(),
    ] {
        refused(&text, ErrorKind::Malformed);
    }
}

#[test]
fn line_18_base64url_has_one_spelling() {
    let good = of_claims("x", json!(1));
    let parts: Vec<String> = good.split('.').map(str::to_owned).collect();
    for at in 0..3 {
        let changes: [&dyn Fn(&str) -> String; 8] = [
            &|part| format!("{part}="),
            &|part| format!("{part}=="),
            &|part| format!(" {part}"),
            &|part| format!("{part}\n"),
            &|part| format!("{}+{}", &part[..4], &part[5..]),
            &|part| format!("{}/{}", &part[..4], &part[5..]),
            &|part| format!("{}%2D{}", &part[..4], &part[5..]),
            &|part| format!("{}\u{e9}{}", &part[..4], &part[5..]),
        ];
        for change in changes {
            let mut parts = parts.clone();
            parts[at] = change(&parts[at]);
            assert!(verify_at(&parts.join("."), NOW).is_err(), "{}", parts[at]);
        }
    }
    // 256 bytes of signature leave four bits over, which must be zero.
    let last = good.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    for bits in 1..16 {
        let other = alphabet.as_bytes()[index ^ bits] as char;
        refused(&format!("{}{other}", &good[..good.len() - 1]), ErrorKind::Malformed);
    }
}

#[test]
fn line_19_members_given_twice_are_refused() {
    let good = claims().to_string();
    let twice = |member: &str| format!("{},{member}}}", good.strip_suffix('}').unwrap());
    for member in [
        r#""sub":"admin""#,
        r#""\u0073ub":"admin""#,
        r#""x":1,"x":1"#,
        r#""roles":{"a":1,"a":2}"#,
        r#""l":[{"a":1,"a":1}]"#,
    ] {
        refused(&signed(&RSA, header().to_string(), twice(member)), ErrorKind::Malformed);
    }
    for head in [
        r#"{"alg":"RS256","alg":"RS256","typ":"at+jwt","kid":"main"}"#,
        r#"{"alg":"RS256","typ":"at+jwt","kid":"main","x":{"y":1,"y":1}}"#,
    ] {
        refused(&signed(&RSA, head, &good), ErrorKind::Malformed);
    }
}

#[test]
fn line_20_json_that_readers_differ_about_is_refused() {
    let good = claims().to_string();
    let member = |text: &str| format!("{},{text}}}", good.strip_suffix('}').unwrap()).into_bytes();
    let deep = format!("\"d\":{}{}", "[".repeat(16), "]".repeat(16));
    for payload in [
        format!("\u{feff}{good}").into_bytes(),
        format!("{good}{{}}").into_bytes(),
        format!("{good}x").into_bytes(),
        member(r#""n":NaN"#),
        member(r#""n":1e400"#),
        member(r#""s":"\ud800""#),
        member(&deep),
        [&good.as_bytes()[..good.len() - 1], b",\"s\":\"\xff\"}"].concat(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"text\"".to_vec(),
        b"\0".to_vec(),
    ] {
        refused(&signed(&RSA, header().to_string(), &payload), ErrorKind::Malformed);
    }
    accepted(&signed(&RSA, header().to_string(), member(&format!("\"d\":{}{}", "[".repeat(15), "]".repeat(15)))));
}

#[test]
fn line_21_long_tokens_are_refused_before_they_are_decoded() {
    refused(&of_claims("pad", json!("x".repeat(8 * 1024))), ErrorKind::Malformed);
    refused(&of_header("pad", json!("x".repeat(1024))), ErrorKind::Malformed);
    // Not even base64 is looked at.
    let error = verify_at(&"!".repeat(1_000_000), NOW).unwrap_err();
    assert_eq!(error.to_string(), "the token is too long");
    accepted(&of_claims("pad", json!("x".repeat(5000))));
}

#[test]
fn line_22_encrypted_tokens_are_refused() {
    let head = encode(
        json!({"alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256", "p2c": 2_000_000_000, "p2s": "AAAA"}).to_string(),
    );
    let error = verify_at(&format!("{head}.AAAA.AAAA.AAAA.AAAA"), NOW).unwrap_err();
    assert_eq!(error.to_string(), "the token has not three parts");
}

#[test]
fn line_23_only_whole_seconds_are_an_expiry() {
    let wrong = [
        "null",
        "\"1800000600\"",
        "-1",
        "1800000600.0",
        "1800000600.5",
        "1.8e9",
        "18446744073709551616",
        "[]",
        "true",
        "9223372036854775807",
    ];
    for exp in wrong {
        let payload = claims().to_string().replace(&format!("\"exp\":{}", NOW + 600), &format!("\"exp\":{exp}"));
        refused(&signed(&RSA, header().to_string(), payload), ErrorKind::Claim);
    }
    refused(&of_claims("exp", Value::Null), ErrorKind::Claim);
}

#[test]
fn line_24_expiry_has_a_leeway_of_half_a_minute() {
    let expiring = |exp: i64| verify_at(&of_claims("exp", json!(exp)), NOW);
    assert!(expiring(NOW - 31).unwrap_err().is_expired());
    assert!(expiring(NOW - 30).unwrap_err().is_expired());
    expiring(NOW - 29).unwrap();
    let generous =
        Verifier::new("https://id.example", "https://api.example").with_leeway(std::time::Duration::from_secs(3600));
    assert_eq!(generous.leeway().as_secs(), 60);
}

#[test]
fn line_25_tokens_of_the_future_are_refused() {
    for name in ["nbf", "iat"] {
        refused(&of_claims(name, json!(NOW + 31)), ErrorKind::Claim);
        refused(&of_claims(name, json!("soon")), ErrorKind::Claim);
        accepted(&of_claims(name, json!(NOW + 30)));
    }
}

#[test]
fn line_26_the_issuer_is_compared_exactly() {
    for issuer in [
        json!("https://other.example"),
        json!("https://id.example/"),
        json!("https://id.exampl"),
        json!("https://id.example.evil"),
        json!("HTTPS://id.example"),
        json!(["https://id.example"]),
        json!({}),
        json!(1),
        json!(""),
        Value::Null,
    ] {
        refused(&of_claims("iss", issuer), ErrorKind::Claim);
    }
    accepted(&signed(&RSA, header().to_string(), claims().to_string().replace("https://id", "https:\\/\\/id")));
}

#[test]
fn line_27_the_audience_is_required() {
    for audience in [
        json!(123),
        json!("https://other.example"),
        json!([]),
        json!(["https://other.example"]),
        json!([1, "https://api.example"]),
        json!([["https://api.example"]]),
        json!({"https://api.example": 1}),
        json!(""),
        Value::Null,
    ] {
        refused(&of_claims("aud", audience), ErrorKind::Claim);
    }
    accepted(&of_claims("aud", json!(["https://other.example", "https://api.example"])));
}

#[test]
fn line_28_the_subject_is_required() {
    for subject in [json!(""), json!(7), json!(["alice"]), Value::Null] {
        refused(&of_claims("sub", subject), ErrorKind::Claim);
    }
}

#[test]
fn line_32_claims_are_not_read_before_the_signature() {
    // Everything is wrong with the claims, yet the signature is what is told.
    let attacker = SigningKey::generate(Algorithm::Rs256).unwrap();
    for payload in ["not json", "{}", r#"{"exp":1}"#] {
        refused(&signed(&attacker, header().to_string(), payload), ErrorKind::Signature);
    }
}

#[test]
fn what_would_not_be_accepted_is_not_issued() {
    for claims in [json!([1]), json!("text"), json!({"a": "x".repeat(9000)})] {
        assert_eq!(RSA.issue(TokenType::AccessToken, &claims).unwrap_err().kind(), ErrorKind::Malformed);
    }
    #[derive(serde::Serialize)]
    struct Clash {
        sub: &'static str,
    }
    let life = (Timestamp::from_second(NOW).unwrap(), std::time::Duration::from_secs(60));
    let clash = covet_auth::jose::Claims::new("i", "a", "alice", life, Clash { sub: "admin" });
    assert_eq!(RSA.issue(TokenType::AccessToken, &clash).unwrap_err().kind(), ErrorKind::Malformed);
}
