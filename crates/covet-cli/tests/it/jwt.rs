//! `covet jwt`.

use std::path::Path;

use super::{answer, covet};

fn jwt(folder: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let arguments: Vec<&str> = ["jwt"].iter().chain(arguments).copied().collect();
    answer(covet(folder, &arguments, input))
}

#[test]
fn a_key_signs_and_its_public_half_verifies() {
    for alg in ["RS256", "PS256", "ES256", "EdDSA", "HS256"] {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str], input: &str| jwt(folder.path(), arguments, input);
        let (code, key, err) = run(&["keygen", "--alg", alg], "");
        assert_eq!(code, 0, "{err}");
        std::fs::write(folder.path().join("key"), key).unwrap();
        let who = ["--issuer", "https://id.example", "--audience", "api"];
        let sign = [&["sign", "--key", "key", "--alg", alg, "--subject", "alice", "--claims", r#"{"n":1}"#][..], &who]
            .concat();
        let (code, token, err) = run(&sign, "");
        assert_eq!(code, 0, "{err}");
        let public = if alg == "HS256" { "key" } else { "set" };
        let (code, set, err) = run(&["jwks", "--key", "key", "--alg", alg], "");
        assert_eq!(code, 0, "{err}");
        std::fs::write(folder.path().join("set"), set).unwrap();
        let verify = [&["verify", "--key", public, "-"][..], &who].concat();
        let (code, claims, err) = run(&verify, &token);
        assert_eq!(code, 0, "{err}");
        let claims: serde_json::Value = serde_json::from_str(&claims).unwrap();
        assert_eq!((&claims["sub"], &claims["n"]), (&"alice".into(), &1.into()));
        // Another audience, another type, a changed token, an old one.
        let other = ["verify", "--key", public, "-", "--issuer", "https://id.example", "--audience", "other"];
        assert_eq!(run(&other, &token).0, 11);
        assert_eq!(run(&[&verify[..], &["--plain"]].concat(), &token).0, 11);
        assert_eq!(run(&verify, &token.replacen('.', ".A", 1)).0, 11);
        let old = run(&[&sign[..], &["--life", "0"]].concat(), "").1;
        // The leeway is half a minute, so that a life of nothing is still good.
        assert_eq!(run(&verify, &old).0, 0);
        assert_eq!(run(&["verify", "--key", public, "-", "--signature-only"], &token).0, 0);
    }
}

#[test]
fn exit_codes_tell_errors_apart() {
    let folder = tempfile::tempdir().unwrap();
    let code = |arguments: &[&str]| jwt(folder.path(), arguments, "").0;
    assert_eq!(code(&["keygen", "--alg", "none"]), 2);
    assert_eq!(code(&["jwks", "--key", "missing"]), 1);
    std::fs::write(folder.path().join("text"), "no key").unwrap();
    assert_eq!(code(&["jwks", "--key", "text"]), 2);
    assert_eq!(code(&["verify", "--key", "text", "a.b.c"]), 2);
}
