//! JSON Web Signature in its compact form (RFC 7515, section 7.1), strictly.

use super::algorithm::Algorithm;
use super::base64url;
use super::json::Object;
use super::signing::SigningKey;
use super::verifying::VerifyingKey;
use crate::error::{Error, ErrorKind, Result, malformed};
use std::borrow::Cow;

/// The longest token that is looked at: what fits beside other fields into the 8 KiB that servers take for a head.
pub const TOKEN_LIMIT: usize = 8 * 1024;

/// The longest header, encoded.
pub const HEADER_LIMIT: usize = 1024;

/// The bytes of the longest signature: RSA with 8,192 bits.
const SIGNATURE_LIMIT: usize = 1024;

/// A token in its parts; nothing in it is to be believed yet.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// What is signed: header and payload with the dot between.
    signed: &'a str,
}

/// The header's members that we read. Those that could change how the token is verified are not there.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Header {
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) token_type: Option<String>,
    pub(crate) key_id: Option<String>,
    /// Whether the token brings a key, or says where to get one: never a reason to trust it.
    pub(crate) brings_key: bool,
    /// The key that it brings as `jwk`, as its JSON text; DPoP's proofs do (RFC 9449, section 4.2).
    pub(crate) jwk: Option<String>,
}

/// Signs bytes, with the key's algorithm and id in the header.
///
/// # Errors
/// As [`SigningKey::sign`], and an error of kind [`ErrorKind::Malformed`] where the token would be longer than [`TOKEN_LIMIT`].
pub fn sign(key: &SigningKey, payload: &[u8]) -> Result<String> {
    sign_typed(key, None, payload)
}

pub(crate) fn sign_typed(key: &SigningKey, token_type: Option<&str>, payload: &[u8]) -> Result<String> {
    let id = serde_json::to_string(key.id()).map_err(|_| malformed("the key's id is no JSON"))?;
    let algorithm = key.algorithm().name();
    let header = match token_type {
        Some(token_type) => format!(r#"{{"alg":"{algorithm}","typ":"{token_type}","kid":{id}}}"#),
        None => format!(r#"{{"alg":"{algorithm}","kid":{id}}}"#),
    };
    let length = base64url::length(header.len()) + base64url::length(payload.len()) + 2;
    let mut token = String::with_capacity(length + base64url::length(256));
    base64url::append(header.as_bytes(), &mut token);
    if token.len() > HEADER_LIMIT {
        return Err(malformed("the header would be too long"));
    }
    token.push('.');
    base64url::append(payload, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    base64url::append(&signature, &mut token);
    if token.len() > TOKEN_LIMIT {
        return Err(malformed(format!(
            "the token would have {} bytes, and must not have more than {TOKEN_LIMIT}",
            token.len()
        )));
    }
    Ok(token)
}

/// The payload of a token that this key signed.
///
/// The header must have the key's algorithm, and the key's id where it has any. A token with `crit` or `b64` is
/// refused, since no extension is known here.
///
/// # Errors
/// An error of kind [`ErrorKind::Malformed`] or [`ErrorKind::Signature`].
pub fn verify(key: &VerifyingKey, token: &str) -> Result<Vec<u8>> {
    let parts = Parts::split(token)?;
    let header = parts.header()?;
    if header.key_id.as_deref().is_some_and(|id| id != key.id()) {
        return Err(Error::new(ErrorKind::Signature, "the token names another key"));
    }
    parts.verify(&header, key)?;
    parts.payload()
}

impl<'a> Parts<'a> {
    /// Cuts the token without decoding anything.
    pub(crate) fn split(token: &'a str) -> Result<Parts<'a>> {
        if token.len() > TOKEN_LIMIT {
            return Err(malformed("the token is too long"));
        }
        let three = || malformed("the token has not three parts");
        let (header, rest) = token.split_once('.').ok_or_else(three)?;
        let (payload, signature) = rest.split_once('.').ok_or_else(three)?;
        if signature.contains('.') {
            return Err(three());
        }
        if header.is_empty() || payload.is_empty() || signature.is_empty() {
            return Err(malformed("a part of the token is empty"));
        }
        if header.len() > HEADER_LIMIT {
            return Err(malformed("the token's header is too long"));
        }
        let signed = &token[..header.len() + 1 + payload.len()];
        Ok(Parts { header, payload, signature, signed })
    }

    /// The header as it stands there.
    pub(crate) fn encoded_header(&self) -> &'a str {
        self.header
    }

    /// Reads the header, which says by which key and how the token claims to be signed.
    pub(crate) fn header(&self) -> Result<Header> {
        let mut buffer = [0; HEADER_LIMIT];
        let bytes = base64url::decode_into(self.header, &mut buffer);
        let bytes = bytes.ok_or_else(|| malformed("the token's header is not base64url"))?;
        let object = Object::parse(bytes).map_err(malformed)?;
        for extension in ["crit", "b64"] {
            if object.has(extension) {
                return Err(malformed("the token's header asks for an extension"));
            }
        }
        let string = |name| object.string(name).map_err(malformed).map(|text| text.map(Cow::into_owned));
        let name =
            object.string("alg").map_err(malformed)?.ok_or_else(|| malformed("the token's header has no `alg`"))?;
        Ok(Header {
            algorithm: name.parse().ok(),
            token_type: string("typ")?,
            key_id: string("kid")?,
            brings_key: ["jku", "jwk", "x5u", "x5c"].into_iter().any(|name| object.has(name)),
            jwk: object.raw("jwk").map(str::to_owned),
        })
    }

    /// Whether the key made the signature, by the algorithm that it is bound to.
    pub(crate) fn verify(&self, header: &Header, key: &VerifyingKey) -> Result<()> {
        if header.algorithm != Some(key.algorithm()) {
            return Err(Error::new(ErrorKind::Signature, "the token's `alg` is not that of the key"));
        }
        self.verify_signature(key)
    }

    /// The same where the header is known to be the key's.
    pub(crate) fn verify_signature(&self, key: &VerifyingKey) -> Result<()> {
        let mut buffer = [0; SIGNATURE_LIMIT];
        let signature = base64url::decode_into(self.signature, &mut buffer);
        let signature = signature.ok_or_else(|| malformed("the token's signature is not base64url"))?;
        key.verify(self.signed.as_bytes(), signature)
    }

    pub(crate) fn payload(&self) -> Result<Vec<u8>> {
        base64url::decode(self.payload).ok_or_else(|| malformed("the token's payload is not base64url"))
    }
}
