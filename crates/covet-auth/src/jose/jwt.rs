//! JSON Web Tokens: issued by a [`SigningKey`], believed only after a [`Verifier`].
//!
//! Other libraries verify what they are told to verify, and what nobody mentions is let pass. Here issuer and audience
//! are arguments, the type of the token is always compared, and a [`Verified`] value exists only after all checks.

use super::claims::{Expected, Registered};
use super::json::Object;
use super::jws::{self, Header, Parts};
use super::key_set::KeySet;
use super::members;
use super::signing::SigningKey;
use super::verifying::VerifyingKey;
use crate::error::{Error, ErrorKind, Result, claim, malformed};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// What a token is for, as its `typ` header says (RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// `at+jwt`: an access token (RFC 9068).
    AccessToken,
    /// `JWT`, or none: an ID token, and the access tokens of servers older than RFC 9068, which nothing tells from each other.
    Jwt,
    /// Another one, such as `logout+jwt`.
    Named(&'static str),
}

/// Private claims of nobody's interest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, Serialize)]
pub struct NoClaims {}

/// Checks tokens: signature, type, issuer, audience, times and subject, all of them always.
///
/// ```
/// use covet_auth::jose::{Algorithm, Claims, KeySet, NoClaims, SigningKey, TokenType, Verifier};
/// use jiff::Timestamp;
/// use std::time::Duration;
///
/// let key = SigningKey::generate(Algorithm::Es256)?;
/// let now = Timestamp::from_second(1_800_000_000)?;
/// let claims = Claims::new("https://id.example", "https://api.example", "alice", (now, Duration::from_secs(600)), NoClaims {});
/// let token = key.issue(TokenType::AccessToken, &claims)?;
///
/// let keys = KeySet::new([key.verifying().clone()])?;
/// let verifier = Verifier::new("https://id.example", "https://api.example");
/// assert_eq!(verifier.verify::<NoClaims>(&keys, &token, now)?.subject(), "alice");
/// let late = now + Duration::from_secs(700);
/// assert!(verifier.verify::<NoClaims>(&keys, &token, late).unwrap_err().is_expired());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    issuer: String,
    audience: String,
    token_type: TokenType,
    leeway: Duration,
}

/// A token's claims after every check; there is no other way to such a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<C> {
    registered: Registered,
    key_id: Arc<str>,
    claims: C,
}

/// By how much clocks may differ at the most.
const MOST_LEEWAY: Duration = Duration::from_secs(60);

impl Verifier {
    /// Checks access tokens of an issuer for an audience, both compared byte for byte. Clocks may differ by 30 s.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Verifier {
        let leeway = Duration::from_secs(30);
        Verifier { issuer: issuer.into(), audience: audience.into(), token_type: TokenType::AccessToken, leeway }
    }

    /// Checks tokens of another type.
    #[must_use]
    pub fn with_type(mut self, token_type: TokenType) -> Verifier {
        self.token_type = token_type;
        self
    }

    /// By how much clocks may differ, one minute at the most.
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Verifier {
        self.leeway = leeway.min(MOST_LEEWAY);
        self
    }

    /// Who must have issued the token.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// For whom the token must be.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// How long after its `exp` a token is still taken.
    pub fn leeway(&self) -> Duration {
        self.leeway
    }

    pub(crate) fn leeway_seconds(&self) -> i64 {
        i64::try_from(self.leeway.as_secs()).unwrap_or(0)
    }

    /// Checks a token, and reads its private claims as `C`. The signature is checked before any claim is read.
    ///
    /// # Errors
    /// An error of any of the kinds of tokens; only [`Error::is_expired`] is for the client's ears.
    pub fn verify<C: DeserializeOwned>(&self, keys: &KeySet, token: &str, now: Timestamp) -> Result<Verified<C>> {
        let (key_id, payload) = self.open(keys, token)?;
        let object = Object::parse_str(&payload).map_err(malformed)?;
        let registered = self.check(&object, now)?;
        let claims = members::deserialize(&payload, &object);
        let claims =
            claims.map_err(|fault| Error::caused(ErrorKind::Claim, "the private claims are not as expected", fault))?;
        Ok(Verified { registered, key_id, claims })
    }

    /// The payload, and the id of the key that signed it.
    fn open(&self, keys: &KeySet, token: &str) -> Result<(Arc<str>, String)> {
        let parts = Parts::split(token)?;
        let key = self.verify_signature(&parts, keys)?;
        let payload = String::from_utf8(parts.payload()?).map_err(|_| malformed("the token's payload is not UTF-8"))?;
        Ok((key.shared_id(), payload))
    }

    fn check(&self, claims: &Object<'_>, now: Timestamp) -> Result<Registered> {
        let leeway = self.leeway_seconds();
        Registered::read(claims, &Expected { issuer: &self.issuer, audience: &self.audience, leeway, now })
    }

    /// The key that made the signature, after all that the header has to be.
    fn verify_signature<'k>(&self, parts: &Parts<'_>, keys: &'k KeySet) -> Result<&'k VerifyingKey> {
        let encoded = parts.encoded_header();
        let known = keys.iter().find_map(|key| Some((key, key.known_header(encoded)?)));
        if let Some((key, token_type)) = known {
            self.check_type(token_type)?;
            parts.verify_signature(key)?;
            return Ok(key);
        }
        let header = parts.header()?;
        self.check_header(&header)?;
        let key = match &header.key_id {
            Some(id) => keys.find(id),
            None => keys.only(),
        };
        let key = key.ok_or_else(|| Error::new(ErrorKind::Signature, "no key of the set is the token's"))?;
        parts.verify(&header, key)?;
        if header.key_id.is_some() {
            key.remember_header(encoded, header.token_type.as_deref());
        }
        Ok(key)
    }

    fn check_header(&self, header: &Header) -> Result<()> {
        if header.brings_key {
            return Err(malformed("the token brings a key, or says where to get one"));
        }
        self.check_type(header.token_type.as_deref())
    }

    fn check_type(&self, found: Option<&str>) -> Result<()> {
        if self.token_type.is(found) { Ok(()) } else { Err(claim("the token's `typ` is another")) }
    }
}

/// The id of the key that a token claims to be signed by, so that a set that lacks it can be fetched again.
///
/// # Errors
/// An error of kind [`ErrorKind::Malformed`] where there is no header to read.
pub fn key_id(token: &str) -> Result<Option<String>> {
    Ok(Parts::split(token)?.header()?.key_id)
}

impl TokenType {
    fn name(self) -> &'static str {
        match self {
            TokenType::AccessToken => "at+jwt",
            TokenType::Jwt => "JWT",
            TokenType::Named(name) => name,
        }
    }

    /// Media types are compared without case, and `application/` may be left out (RFC 7515, section 4.1.9).
    fn is(self, found: Option<&str>) -> bool {
        const PREFIX: &str = "application/";
        let Some(found) = found else { return self == TokenType::Jwt };
        let bare = match found.get(..PREFIX.len()) {
            Some(start) if start.eq_ignore_ascii_case(PREFIX) => &found[PREFIX.len()..],
            _ => found,
        };
        bare.eq_ignore_ascii_case(self.name())
    }
}

impl SigningKey {
    /// Signs claims, usually [`Claims`](super::Claims), as a token of a type.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Malformed`] where the claims are no object, have a member twice, or make a token
    /// longer than [`TOKEN_LIMIT`](jws::TOKEN_LIMIT); and as [`SigningKey::sign`].
    pub fn issue(&self, token_type: TokenType, claims: &impl Serialize) -> Result<String> {
        let payload = serde_json::to_vec(claims);
        let payload = payload.map_err(|fault| Error::caused(ErrorKind::Malformed, "the claims are no JSON", fault))?;
        // What we would not accept we do not issue.
        Object::parse(&payload).map_err(malformed)?;
        jws::sign_typed(self, Some(token_type.name()), &payload)
    }
}

impl<C> Verified<C> {
    /// About whom the token is; never empty.
    pub fn subject(&self) -> &str {
        &self.registered.subject
    }

    /// From when on it is not good any more.
    pub fn expires_at(&self) -> Timestamp {
        self.registered.expires_at
    }

    /// When it was issued, where it says so.
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.registered.issued_at
    }

    /// The token's own id (`jti`), where it has one.
    pub fn id(&self) -> Option<&str> {
        self.registered.id.as_deref()
    }

    /// The id of the key that signed it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The private claims.
    pub fn claims(&self) -> &C {
        &self.claims
    }

    /// The private claims, and nothing else.
    pub fn into_claims(self) -> C {
        self.claims
    }
}
