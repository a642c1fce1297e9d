//! Proof Key for Code Exchange (RFC 7636). S256 is the only method; `plain` does not exist.

use super::error::OAuthError;
use super::parameters::Parameters;
use super::secret;

/// The challenge of a request, which must be there.
pub(crate) fn challenge(parameters: &Parameters) -> Result<String, OAuthError> {
    let challenge = parameters.value("code_challenge");
    let challenge = challenge.ok_or_else(|| OAuthError::request("code_challenge is missing: PKCE is required"))?;
    // Left out, the method means plain (section 4.3).
    if parameters.value("code_challenge_method") != Some("S256") {
        return Err(OAuthError::request("code_challenge_method must be S256"));
    }
    let shaped =
        challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if shaped { Ok(challenge.to_owned()) } else { Err(OAuthError::request("code_challenge is no S256 challenge")) }
}

/// Whether the verifier is that of the challenge (section 4.6).
pub(crate) fn verify(verifier: Option<&str>, challenge: &str) -> Result<(), OAuthError> {
    let verifier = verifier.ok_or_else(|| OAuthError::grant("code_verifier is missing"))?;
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return Err(OAuthError::grant("code_verifier is malformed"));
    }
    if secret::equal(&secret::hash(verifier), challenge) {
        Ok(())
    } else {
        Err(OAuthError::grant("code_verifier does not match the challenge"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_matches() {
        // Appendix B
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(verify(Some(verifier), challenge).is_ok());
        for wrong in
            [None, Some(challenge), Some(""), Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj"), Some("short")]
        {
            assert!(verify(wrong, challenge).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn line_62_only_s256_is_a_method() {
        let good = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let check = |text: String, expected: bool| {
            assert_eq!(challenge(&Parameters::parse(&text)).is_ok(), expected, "{text}");
        };
        check(format!("{good}&code_challenge_method=S256"), true);
        check(good.into(), false);
        check(format!("{good}&code_challenge_method=plain"), false);
        check(format!("{good}&code_challenge_method=s256"), false);
        check("code_challenge_method=S256".into(), false);
        check("code_challenge=short&code_challenge_method=S256".into(), false);
    }
}
