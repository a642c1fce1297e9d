//! A set of keys that verify (RFC 7517, section 5).

use super::json::Object;
use super::jwk::{Jwk, Unsuitable};
use super::verifying::VerifyingKey;
use crate::error::{Error, Result, key};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Keys by their ids. A set that has two keys of one id, or shared secrets beside public keys, is refused as a whole: in
/// such a set one key could be taken for another.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

/// A set that came from elsewhere, with what of it was not taken.
#[derive(Debug)]
pub struct ParsedKeySet {
    /// The keys that can verify.
    pub keys: KeySet,
    /// Why each of the others was refused; keys that are for something else, as for encryption, are passed over silently.
    pub refused: Vec<Error>,
}

impl KeySet {
    /// A set of these keys.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`](crate::ErrorKind::Key) where two keys have one id, or shared secrets stand beside public keys.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<KeySet> {
        let keys: Vec<VerifyingKey> = keys.into_iter().collect();
        for (at, one) in keys.iter().enumerate() {
            if keys[..at].iter().any(|other| other.id() == one.id()) {
                return Err(key(format!("two keys of the set have the id `{}`", one.id().escape_default())));
            }
            if one.algorithm().is_symmetric() != keys[0].algorithm().is_symmetric() {
                return Err(key("the set has shared secrets beside public keys"));
            }
        }
        Ok(KeySet { keys })
    }

    /// Reads a JWK set. A key without `alg` is for RS256, or what its curve is for.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`](crate::ErrorKind::Key) where the JSON is no set, or [`KeySet::new`] refuses it.
    pub fn parse(json: &[u8]) -> Result<ParsedKeySet> {
        let object = Object::parse(json).map_err(key)?;
        let listed = object.raw("keys").ok_or_else(|| key("the key set has no `keys`"))?;
        let listed: Vec<&RawValue> =
            serde_json::from_str(listed).map_err(|_| key("the key set's `keys` are no list"))?;
        let (mut keys, mut refused) = (Vec::new(), Vec::new());
        for member in listed {
            let jwk = Jwk::read(member.get().as_bytes());
            match jwk.and_then(|jwk| Ok(VerifyingKey::from_jwk(&jwk)?)) {
                Ok(parsed) => keys.push(parsed),
                Err(Unsuitable::Foreign(_)) => {}
                Err(Unsuitable::Refused(error)) => refused.push(error),
            }
        }
        Ok(ParsedKeySet { keys: KeySet::new(keys)?, refused })
    }

    /// The public keys as a JWK set; shared secrets are not in it.
    pub fn to_json(&self) -> Value {
        let keys: Vec<Value> = self.keys.iter().filter_map(|key| key.jwk()?.to_public_json()).collect();
        json!({ "keys": keys })
    }

    /// The key of an id.
    pub fn find(&self, id: &str) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| key.id() == id)
    }

    /// All keys.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.iter()
    }

    /// The one key, where there is only one: it also verifies tokens that name none.
    pub(crate) fn only(&self) -> Option<&VerifyingKey> {
        let [only] = self.keys.as_slice() else { return None };
        Some(only)
    }
}
