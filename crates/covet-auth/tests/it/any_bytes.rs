//! Any bytes for whatever reads a peer's: the bodies of the fuzz targets, with inputs that look like what is expected there.

#[path = "../../../../fuzz/src/auth.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets are a crate that takes it from another")]
mod targets;

use covet_auth::jose::{Algorithm, KeySet, SigningKey};
use proptest::prelude::*;
use std::sync::OnceLock;

/// A name that OAuth knows, or any other.
fn name() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 28] = [
        "grant_type",
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "redirect_uri",
        "refresh_token",
        "scope",
        "token",
        "token_type_hint",
        "client_assertion",
        "client_assertion_type",
        "request_uri",
        "request",
        "response_type",
        "response_mode",
        "code_challenge",
        "code_challenge_method",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "device_code",
        "user_code",
        "dpop_jkt",
        "login_hint",
        "id_token_hint",
        "registration",
    ];
    prop_oneof![12 => prop::sample::select(&KNOWN[..]).prop_map(str::to_owned), 1 => ".{0,12}".prop_map(|any| escape(&any))]
}

/// A value that could be right somewhere, or any other.
fn value() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 26] = [
        "",
        "app",
        "web",
        "nobody",
        "s3cret",
        "code",
        "S256",
        "plain",
        "none",
        "login",
        "consent",
        "0",
        "-1",
        "99999999999999999999",
        "openid",
        "openid+profile",
        "books:read",
        "books:burn",
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "https%3A%2F%2Fapp.example%2Fcallback",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    ];
    prop_oneof![
        12 => prop::sample::select(&KNOWN[..]).prop_map(str::to_owned),
        2 => ".{0,40}".prop_map(|any| escape(&any)),
        // Broken escapes, and bytes that are no UTF-8.
        1 => "(%[0-9a-g]{0,2}|\\+|=|;|a){0,8}",
    ]
}

fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Pairs in any order, some of them twice.
fn form() -> impl Strategy<Value = String> {
    let pairs = prop::collection::vec((name(), value()), 0..9);
    pairs.prop_map(|pairs| pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"))
}

fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        // `web:s3cret`, `web:` and `:`
        2 => prop::sample::select(&["Basic d2ViOnMzY3JldA==", "basic d2ViOg==", "Basic Og==", "Bearer x"][..]).prop_map(str::to_owned),
        1 => "[ -~]{0,40}",
    ]
}

/// Keys as their owners would hand them in.
fn written() -> &'static [String] {
    static WRITTEN: OnceLock<Vec<String>> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let algorithms = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Es384];
        let keys = algorithms.map(|algorithm| SigningKey::generate(algorithm).unwrap());
        let set = KeySet::new(keys.iter().map(|key| key.verifying().clone())).unwrap();
        let pem = keys.iter().map(|key| key.to_pem().unwrap().to_string());
        let jwks = keys.iter().map(|key| key.verifying().jwk().unwrap().to_public_json().unwrap().to_string());
        pem.chain(jwks).chain([set.to_json().to_string()]).collect()
    })
}

#[test]
fn keys_are_read_again_as_they_were_written() {
    written().iter().for_each(|text| targets::keys(text.as_bytes()));
}

proptest! {
    #[test]
    fn nothing_that_was_not_signed_is_believed(data in prop::collection::vec(any::<u8>(), 3..200)) {
        targets::tokens(&data);
    }

    #[test]
    fn nor_is_a_piece_of_a_token_in_place_of_another(
        (at, length, which) in any::<(u8, u8, u8)>(), text in "[A-Za-z0-9_.=-]{0,90}",
    ) {
        targets::tokens(&[&[at, length, which], text.as_bytes()].concat());
    }

    #[test]
    fn any_text_may_be_no_key(data in prop::collection::vec(any::<u8>(), 0..300)) {
        targets::keys(&data);
    }

    #[test]
    fn a_key_with_changes_may_be_none(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..4),
    ) {
        let mut data = which.get(written()).clone().into_bytes();
        for (at, byte, kind) in changes {
            let at = at.index(data.len());
            match kind {
                0 => data[at] = byte,
                1 => data[at] ^= 1 << (byte % 7),
                _ => drop(data.remove(at)),
            }
        }
        targets::keys(&data);
    }

    #[test]
    fn any_form_gets_an_answer_or_an_error_of_oauth(
        endpoint in 0u8..5, authorization in header(), dpop in header(), form in form(),
    ) {
        targets::forms(&[&[endpoint], format!("{authorization}\n{dpop}\n{form}").as_bytes()].concat());
    }

    #[test]
    fn so_do_any_bytes(endpoint in 0u8..5, body in ".{0,200}") {
        targets::forms(&[&[endpoint], format!("\n\n{body}").as_bytes()].concat());
    }

    #[test]
    fn any_query_leads_to_the_client_or_to_a_page(first in 0u8..4, query in form()) {
        targets::authorize(&[&[first], query.as_bytes()].concat());
    }
}
