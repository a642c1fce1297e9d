//! JSON Web Key (RFC 7517; RFC 7518, section 6; RFC 8037) and its thumbprint (RFC 7638).

use super::algorithm::{Algorithm, Curve};
use super::base64url;
use super::json::Object;
use super::weakness;
use crate::error::{Result, key};
use aws_lc_rs::digest;
use serde_json::{Map, Value, json};
use std::fmt;
use zeroize::Zeroizing;

/// A key as JSON. Parsing refuses what no algorithm of ours can use safely; a private key keeps its secret to itself.
///
/// ```
/// use covet_auth::jose::Jwk;
///
/// // RFC 8037, appendix A.2 and A.3
/// let jwk = Jwk::parse(br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// assert_eq!(jwk.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
/// # Ok::<(), covet_auth::Error>(())
/// ```
#[derive(Clone)]
pub struct Jwk {
    pub(crate) material: Material,
    pub(crate) id: Option<String>,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) operations: Option<Vec<String>>,
}

type Secret = Zeroizing<Vec<u8>>;

#[derive(Clone)]
pub(crate) enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8>, private: Option<Box<RsaPrivate>> },
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8>, private: Option<Secret> },
    Ed25519 { x: Vec<u8>, private: Option<Secret> },
    Secret(Secret),
}

/// The parts of a private RSA key with two primes (RFC 7518, section 6.3.2).
#[derive(Clone)]
pub(crate) struct RsaPrivate {
    pub(crate) d: Secret,
    pub(crate) p: Secret,
    pub(crate) q: Secret,
    pub(crate) dp: Secret,
    pub(crate) dq: Secret,
    pub(crate) qi: Secret,
}

/// Why a key of a set is passed over, or refused.
pub(crate) enum Unsuitable {
    /// It is for something else, as keys for encryption are: none of our business.
    Foreign(&'static str),
    Refused(crate::Error),
}

impl<E: Into<crate::Error>> From<E> for Unsuitable {
    fn from(error: E) -> Unsuitable {
        Unsuitable::Refused(error.into())
    }
}

impl Jwk {
    /// Reads one key.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`](crate::ErrorKind::Key) where the JSON has a member twice, a part is missing,
    /// is not the shortest base64url of its value or has the wrong length, the type, curve or algorithm is not known or they do not
    /// agree, `use` is not `sig`, an RSA key has less than 2,048 bits, a bad exponent or the fingerprint of ROCA
    /// (CVE-2017-15361), or a shared secret is shorter than 32 bytes.
    pub fn parse(json: &[u8]) -> Result<Jwk> {
        match Jwk::read(json) {
            Ok(jwk) => Ok(jwk),
            Err(Unsuitable::Refused(error)) => Err(error),
            Err(Unsuitable::Foreign(reason)) => Err(key(reason)),
        }
    }

    pub(crate) fn read(json: &[u8]) -> Result<Jwk, Unsuitable> {
        let object = Object::parse(json).map_err(key)?;
        if object.string("use").map_err(key)?.is_some_and(|purpose| purpose != "sig") {
            return Err(Unsuitable::Foreign("the key's `use` is not `sig`"));
        }
        let operations = object.strings("key_ops").map_err(key)?;
        if let Some(operations) = &operations {
            if (1..operations.len()).any(|at| operations[..at].contains(&operations[at])) {
                return Err(key("an operation stands twice in `key_ops`").into());
            }
            if !operations.iter().any(|operation| operation == "sign" || operation == "verify") {
                return Err(Unsuitable::Foreign("the key's `key_ops` are not for signatures"));
            }
        }
        let algorithm = match object.string("alg").map_err(key)? {
            None => None,
            Some(name) => match name.parse() {
                Ok(algorithm) => Some(algorithm),
                Err(_) => return Err(Unsuitable::Foreign("the key's `alg` is none of signatures")),
            },
        };
        let material = Material::read(&object)?;
        if algorithm.is_some_and(|algorithm: Algorithm| !material.suits(algorithm)) {
            return Err(key("the key's `alg` does not belong to its type").into());
        }
        let id = object.string("kid").map_err(key)?.map(|id| id.into_owned());
        Ok(Jwk { material, id, algorithm, operations })
    }

    pub(crate) fn of(material: Material, algorithm: Algorithm) -> Jwk {
        Jwk { material, id: None, algorithm: Some(algorithm), operations: None }
    }

    /// The `kid` member.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The algorithm that the key says, or that its type leaves: RS256 for RSA, HS256 for a shared secret.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(match &self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::Ec { curve, .. } => curve.algorithm(),
            Material::Ed25519 { .. } => Algorithm::EdDsa,
            Material::Secret(_) => Algorithm::Hs256,
        })
    }

    /// The same key for another algorithm of its type, such as PS256 for an RSA key without `alg`.
    ///
    /// # Errors
    /// Where the key has another algorithm already, or its type has not this one.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Jwk> {
        if self.algorithm.is_some_and(|own| own != algorithm) || !self.material.suits(algorithm) {
            return Err(key(format!("the key is not for {algorithm}")));
        }
        self.algorithm = Some(algorithm);
        Ok(self)
    }

    /// Whether there is a private part, or a shared secret.
    pub fn is_secret(&self) -> bool {
        match &self.material {
            Material::Rsa { private, .. } => private.is_some(),
            Material::Ec { private, .. } | Material::Ed25519 { private, .. } => private.is_some(),
            Material::Secret(_) => true,
        }
    }

    /// SHA-256 over the required members in their canonical form, in base64url (RFC 7638).
    pub fn thumbprint(&self) -> String {
        // The values are base64url or fixed names, which JSON does not escape.
        let canonical = match &self.material {
            Material::Rsa { modulus, exponent, .. } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url::encode(exponent), base64url::encode(modulus))
            }
            Material::Ec { curve, x, y, .. } => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                curve.name(),
                base64url::encode(x),
                base64url::encode(y)
            ),
            Material::Ed25519 { x, .. } => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url::encode(x))
            }
            Material::Secret(secret) => format!(r#"{{"k":"{}","kty":"oct"}}"#, base64url::encode(secret)),
        };
        let canonical = Zeroizing::new(canonical);
        base64url::encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
    }

    /// The public half as JSON, with `use`, `alg` and `kid`; `None` for a shared secret, which has none.
    pub fn to_public_json(&self) -> Option<Value> {
        let mut members = match &self.material {
            Material::Rsa { modulus, exponent, .. } => {
                json!({ "kty": "RSA", "n": base64url::encode(modulus), "e": base64url::encode(exponent) })
            }
            Material::Ec { curve, x, y, .. } => {
                json!({ "kty": "EC", "crv": curve.name(), "x": base64url::encode(x), "y": base64url::encode(y) })
            }
            Material::Ed25519 { x, .. } => json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode(x) }),
            Material::Secret(_) => return None,
        };
        members["use"] = "sig".into();
        members["alg"] = self.algorithm().name().into();
        if let Some(id) = &self.id {
            members["kid"] = id.as_str().into();
        }
        Some(members)
    }

    /// The key without its private part; `None` for a shared secret.
    pub(crate) fn public(&self) -> Option<Jwk> {
        let material = match &self.material {
            Material::Rsa { modulus, exponent, .. } => {
                Material::Rsa { modulus: modulus.clone(), exponent: exponent.clone(), private: None }
            }
            Material::Ec { curve, x, y, .. } => {
                Material::Ec { curve: *curve, x: x.clone(), y: y.clone(), private: None }
            }
            Material::Ed25519 { x, .. } => Material::Ed25519 { x: x.clone(), private: None },
            Material::Secret(_) => return None,
        };
        Some(Jwk { material, operations: None, ..self.clone() })
    }

    /// Whether `key_ops` allows this, where there are any.
    pub(crate) fn allows(&self, operation: &str) -> bool {
        self.operations.as_ref().is_none_or(|operations| operations.iter().any(|allowed| allowed == operation))
    }
}

impl Material {
    fn read(object: &Object<'_>) -> Result<Material, Unsuitable> {
        match object.string("kty").map_err(key)?.as_deref() {
            Some("RSA") => Ok(Material::rsa(object)?),
            Some("EC") => match object.string("crv").map_err(key)?.as_deref().map(Curve::parse) {
                Some(Some(curve)) => Ok(Material::ec(object, curve)?),
                Some(None) => Err(Unsuitable::Foreign("the key's curve is not known")),
                None => Err(key("the key has no `crv`").into()),
            },
            Some("OKP") => match object.string("crv").map_err(key)?.as_deref() {
                Some("Ed25519") => Ok(Material::Ed25519 {
                    x: exactly(object, "x", 32)?,
                    private: object.has("d").then(|| exactly(object, "d", 32)).transpose()?.map(Zeroizing::new),
                }),
                _ => Err(Unsuitable::Foreign("the key's curve is not known")),
            },
            Some("oct") => {
                let secret = Zeroizing::new(bytes(object, "k")?);
                weakness::secret(&secret, Algorithm::Hs256)?;
                Ok(Material::Secret(secret))
            }
            Some(_) => Err(Unsuitable::Foreign("the key's type is not known")),
            None => Err(key("the key has no `kty`").into()),
        }
    }

    fn rsa(object: &Object<'_>) -> Result<Material> {
        let (modulus, exponent) = (bytes(object, "n")?, bytes(object, "e")?);
        weakness::rsa(&modulus, &exponent)?;
        if object.has("oth") {
            return Err(key("an RSA key with more than two primes is not supported"));
        }
        let private = match object.has("d") {
            false => None,
            true => {
                let part = |name| bytes(object, name).map(Zeroizing::new);
                Some(Box::new(RsaPrivate {
                    d: part("d")?,
                    p: part("p")?,
                    q: part("q")?,
                    dp: part("dp")?,
                    dq: part("dq")?,
                    qi: part("qi")?,
                }))
            }
        };
        Ok(Material::Rsa { modulus, exponent, private })
    }

    fn ec(object: &Object<'_>, curve: Curve) -> Result<Material> {
        let length = curve.coordinate();
        let private = object.has("d").then(|| exactly(object, "d", length)).transpose()?.map(Zeroizing::new);
        Ok(Material::Ec { curve, x: exactly(object, "x", length)?, y: exactly(object, "y", length)?, private })
    }

    pub(crate) fn suits(&self, algorithm: Algorithm) -> bool {
        use super::algorithm::Family;
        match (self, algorithm.family()) {
            (Material::Rsa { .. }, Family::Rsa)
            | (Material::Ed25519 { .. }, Family::Ed25519)
            | (Material::Secret(_), Family::Hmac) => true,
            (Material::Ec { curve, .. }, Family::Ec(other)) => *curve == other,
            _ => false,
        }
    }
}

fn bytes(object: &Object<'_>, name: &'static str) -> Result<Vec<u8>> {
    let text = object.string(name).map_err(key)?.ok_or_else(|| key(format!("the key has no `{name}`")))?;
    let bytes = base64url::decode(&text).filter(|bytes| !bytes.is_empty());
    bytes.ok_or_else(|| key(format!("the key's `{name}` is not base64url")))
}

fn exactly(object: &Object<'_>, name: &'static str, length: usize) -> Result<Vec<u8>> {
    let bytes = bytes(object, name)?;
    if bytes.len() != length {
        return Err(key(format!("the key's `{name}` has not {length} bytes")));
    }
    Ok(bytes)
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = if self.is_secret() { "[redacted]" } else { "none" };
        let public = self.to_public_json().unwrap_or_else(|| Value::Object(Map::new()));
        f.debug_struct("Jwk")
            .field("public", &format_args!("{public}"))
            .field("secret", &format_args!("{secret}"))
            .finish()
    }
}
