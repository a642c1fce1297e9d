//! Demonstrating Proof of Possession (RFC 9449): a token that only the holder of a key can use.

use super::error::{Failure, OAuthError, OAuthErrorCode};
use super::secret;
use super::server::Server;
use super::store::Store;
use crate::jose::json::{Object, integer};
use crate::jose::jws::Parts;
use crate::jose::{Jwk, VerifyingKey};
use jiff::Timestamp;

/// How old or new a proof may be, in seconds.
const WINDOW: i64 = 60;

/// By how much clocks may differ, in seconds.
const SKEW: i64 = 30;

/// For how long a proof's id must be remembered: as long as the proof could be taken again.
pub(crate) const REMEMBERED: i64 = 2 * (WINDOW + SKEW);

/// A proof that was checked, but for having been seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DpopProof {
    /// The thumbprint of its key, as `cnf.jkt` has it.
    pub thumbprint: String,
    /// What it must not be seen with again: a hash of its key and its `jti`.
    pub id: String,
}

/// What a proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct DpopExpected<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's URL, from the configuration, without query and fragment.
    pub url: &'a str,
    /// The access token that comes with it, at a resource.
    pub token: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
}

/// A request to a resource with a token that is bound to a key.
#[derive(Debug, Clone, Copy)]
pub struct BoundRequest<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's path, without its query.
    pub path: &'a str,
    /// The access token, which was verified.
    pub token: &'a str,
    /// The thumbprint of the key, as `cnf.jkt` of the token has it.
    pub thumbprint: &'a str,
    /// The `DPoP` header.
    pub proof: &'a str,
    /// The time.
    pub now: Timestamp,
}

impl<S: Store> Server<S> {
    /// Whether a request proves that its sender holds the key that its token is bound to (section 7). A proof is good once.
    ///
    /// # Errors
    /// `invalid_dpop_proof`; those of the store.
    pub async fn confirm(&self, request: &BoundRequest<'_>) -> Result<(), Failure> {
        let BoundRequest { method, path, token, thumbprint, proof, now } = *request;
        let url = self.settings.url(path);
        let proof = DpopProof::verify(proof, &DpopExpected { method, url: &url, token: Some(token), now })?;
        if proof.thumbprint != thumbprint {
            let description = "the DPoP proof is by another key than the token's";
            return Err(OAuthError::new(OAuthErrorCode::InvalidDpopProof, description).into());
        }
        self.dpop_is_new(&proof, now).await
    }
}

impl DpopProof {
    /// Checks a proof (section 4.3). Whoever calls must still see to it that its id is new.
    ///
    /// # Errors
    /// `invalid_dpop_proof`.
    pub fn verify(proof: &str, expected: &DpopExpected<'_>) -> Result<DpopProof, OAuthError> {
        let wrong = |description: &'static str| OAuthError::new(OAuthErrorCode::InvalidDpopProof, description);
        let parts = Parts::split(proof).map_err(|_| wrong("the DPoP proof is no JWT"))?;
        let header = parts.header().map_err(|_| wrong("the DPoP proof has a wrong header"))?;
        if header.token_type.as_deref() != Some("dpop+jwt") {
            return Err(wrong("the DPoP proof's typ is not dpop+jwt"));
        }
        let algorithm = header.algorithm.filter(|algorithm| !algorithm.is_symmetric());
        let algorithm = algorithm.ok_or_else(|| wrong("the DPoP proof's alg is not taken"))?;
        let jwk = header.jwk.as_deref().ok_or_else(|| wrong("the DPoP proof has no key"))?;
        let jwk = Jwk::parse(jwk.as_bytes()).and_then(|jwk| jwk.with_algorithm(algorithm));
        let jwk = jwk.ok().filter(|jwk| !jwk.is_secret()).ok_or_else(|| wrong("the DPoP proof's key is not taken"))?;
        let key = VerifyingKey::from_jwk(&jwk).map_err(|_| wrong("the DPoP proof's key is not taken"))?;
        parts.verify(&header, &key).map_err(|_| wrong("the DPoP proof's signature is wrong"))?;
        let payload = parts.payload().map_err(|_| wrong("the DPoP proof's payload is malformed"))?;
        let claims = Object::parse(&payload).map_err(|_| wrong("the DPoP proof's payload is malformed"))?;
        let text = |name| claims.string(name).ok().flatten();
        if text("htm").as_deref() != Some(expected.method) {
            return Err(wrong("the DPoP proof is for another method"));
        }
        if text("htu").and_then(|url| normal(&url)) != normal(expected.url) {
            return Err(wrong("the DPoP proof is for another URL"));
        }
        let issued = claims.raw("iat").and_then(integer).ok_or_else(|| wrong("the DPoP proof has no iat"))?;
        let age = expected.now.as_second().saturating_sub(issued);
        if !(-SKEW..=WINDOW + SKEW).contains(&age) {
            return Err(wrong("the DPoP proof is too old or too new"));
        }
        let id = text("jti").filter(|id| !id.is_empty() && id.len() <= 256);
        let id = id.ok_or_else(|| wrong("the DPoP proof has no jti"))?;
        if let Some(token) = expected.token
            && text("ath").as_deref() != Some(&secret::hash(token))
        {
            return Err(wrong("the DPoP proof is for another access token"));
        }
        let thumbprint = jwk.thumbprint();
        let id = secret::hash(&format!("dpop:{thumbprint}:{id}"));
        Ok(DpopProof { thumbprint, id })
    }
}

/// Scheme and host in lower case, without a default port, query and fragment (RFC 9449, section 4.3, item 9).
fn normal(url: &str) -> Option<String> {
    let url = url.split(['?', '#']).next()?;
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let authority = match scheme.as_str() {
        "https" => authority.strip_suffix(":443").unwrap_or(&authority),
        "http" => authority.strip_suffix(":80").unwrap_or(&authority),
        _ => return None,
    };
    Some(format!("{scheme}://{authority}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_compared_in_their_normal_form() {
        let check =
            |one: &str, other: &str, same: bool| assert_eq!(normal(one) == normal(other), same, "{one} {other}");
        check("https://id.example/oauth/token", "HTTPS://ID.example:443/oauth/token?x#y", true);
        check("http://127.0.0.1:80/a", "http://127.0.0.1/a", true);
        check("https://id.example", "https://id.example/", true);
        check("https://id.example/A", "https://id.example/a", false);
        check("https://id.example:8443/a", "https://id.example/a", false);
        check("http://id.example/a", "https://id.example/a", false);
    }
}
