//! A key that verifies: public, or a shared secret; bound to one algorithm, parsed once.

use super::algorithm::{Algorithm, Curve};
use super::der;
use super::jwk::{Jwk, Material};
use super::{pem, weakness};
use crate::error::{Result, key, signature};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self as lc, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use std::fmt;
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

/// A key that verifies signatures of one algorithm. A clone is the same key.
///
/// Its id is the `kid` that it was given, or else the thumbprint of RFC 7638; that of a shared secret is a hash that
/// does not tell the secret.
#[derive(Clone)]
pub struct VerifyingKey {
    inner: Arc<Inner>,
}

struct Inner {
    algorithm: Algorithm,
    /// Shared with what it has verified.
    id: Arc<str>,
    check: Check,
    /// The public key as JSON would have it; none for shared secrets.
    jwk: Option<Jwk>,
    /// A header that was seen on a token which verified, encoded, with its `typ`. Nearly all tokens of a key have the same
    /// one, and what it says need not be read again.
    header: OnceLock<(Box<str>, Option<String>)>,
}

enum Check {
    Public(ParsedPublicKey),
    Shared(Box<hmac::Key>),
}

impl VerifyingKey {
    /// A key from its JWK, whose `key_ops` must allow to verify where there are any.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`](crate::ErrorKind::Key) where the key is not for verifying, or a point is not on its curve.
    pub fn from_jwk(jwk: &Jwk) -> Result<VerifyingKey> {
        if !jwk.allows("verify") {
            return Err(key("the key's `key_ops` do not let it verify"));
        }
        VerifyingKey::of(jwk)
    }

    /// A public key in PEM (`PUBLIC KEY`, or `RSA PUBLIC KEY` for RSA).
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`](crate::ErrorKind::Key) where the text is no such key, or is too weak.
    pub fn from_pem(algorithm: Algorithm, text: &str) -> Result<VerifyingKey> {
        let (label, bytes) = pem::decode(text).ok_or_else(|| key("the text is not one block of PEM"))?;
        let malformed = || key("the public key is malformed, or not of the algorithm's type");
        let material = match label {
            "RSA PUBLIC KEY" => rsa_material(&bytes),
            "PUBLIC KEY" => public_material(&bytes),
            _ => return Err(key("the PEM block has no public key in it")),
        };
        let material = material.filter(|material| material.suits(algorithm)).ok_or_else(malformed)?;
        VerifyingKey::of(&Jwk::of(material, algorithm))
    }

    /// A shared secret: at least as long as the hash, 32 bytes for HS256, from a random generator and no password.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`](crate::ErrorKind::Key) where the secret is too short, or the algorithm is not one of HMAC.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<VerifyingKey> {
        if !algorithm.is_symmetric() {
            return Err(key(format!("{algorithm} does not work with a shared secret")));
        }
        VerifyingKey::of(&Jwk::of(Material::Secret(Zeroizing::new(secret.to_vec())), algorithm))
    }

    /// The same key under another id, such as the `kid` that its owner publishes.
    #[must_use]
    pub fn with_id(&self, id: impl Into<String>) -> VerifyingKey {
        let id = id.into();
        let jwk = self.inner.jwk.clone().map(|jwk| Jwk { id: Some(id.clone()), ..jwk });
        let check = match &self.inner.check {
            Check::Public(public) => Check::Public(public.clone()),
            Check::Shared(secret) => Check::Shared(secret.clone()),
        };
        VerifyingKey {
            inner: Arc::new(Inner {
                algorithm: self.inner.algorithm,
                id: id.into(),
                check,
                jwk,
                header: OnceLock::new(),
            }),
        }
    }

    pub(crate) fn of(jwk: &Jwk) -> Result<VerifyingKey> {
        let algorithm = jwk.algorithm();
        let check = match &jwk.material {
            Material::Rsa { modulus, exponent, .. } => {
                weakness::rsa(modulus, exponent)?;
                let components = RsaPublicKeyComponents { n: modulus, e: exponent };
                components.to_parsed_public_key(rsa_parameters(algorithm)?).map(Check::Public)
            }
            Material::Ec { curve, x, y, .. } => {
                let point = [&[4], x.as_slice(), y].concat();
                ParsedPublicKey::new(ec_parameters(*curve), point).map(Check::Public)
            }
            Material::Ed25519 { x, .. } => ParsedPublicKey::new(&lc::ED25519, x).map(Check::Public),
            Material::Secret(secret) => {
                weakness::secret(secret, algorithm)?;
                Ok(Check::Shared(Box::new(hmac::Key::new(hmac_algorithm(algorithm)?, secret))))
            }
        };
        let check = check.map_err(|rejected| key(format!("the key is not valid: {rejected}")))?;
        let public = jwk.public();
        let id = jwk.id.clone().unwrap_or_else(|| match &check {
            Check::Public(_) => jwk.thumbprint(),
            Check::Shared(_) => jwk.thumbprint().chars().take(11).collect(),
        });
        let jwk = public.map(|jwk| Jwk { id: Some(id.clone()), algorithm: Some(algorithm), ..jwk });
        Ok(VerifyingKey { inner: Arc::new(Inner { algorithm, id: id.into(), check, jwk, header: OnceLock::new() }) })
    }

    /// The algorithm that the key is bound to.
    pub fn algorithm(&self) -> Algorithm {
        self.inner.algorithm
    }

    /// The key's id, as it stands in `kid`.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    pub(crate) fn shared_id(&self) -> Arc<str> {
        self.inner.id.clone()
    }

    /// The key as JSON would have it; `None` for a shared secret.
    pub fn jwk(&self) -> Option<&Jwk> {
        self.inner.jwk.as_ref()
    }

    /// The `typ` of a header which is known to name this key, its algorithm, and nothing that would change how it verifies.
    pub(crate) fn known_header(&self, encoded: &str) -> Option<Option<&str>> {
        let (known, token_type) = self.inner.header.get()?;
        (**known == *encoded).then_some(token_type.as_deref())
    }

    /// Remembers the header of a token that verified, the first one only.
    pub(crate) fn remember_header(&self, encoded: &str, token_type: Option<&str>) {
        self.inner.header.get_or_init(|| (encoded.into(), token_type.map(str::to_owned)));
    }

    /// Whether this key made the signature over these bytes.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Signature`](crate::ErrorKind::Signature) where it did not.
    pub fn verify(&self, message: &[u8], proof: &[u8]) -> Result<()> {
        match &self.inner.check {
            Check::Public(public) => public.verify_sig(message, proof).map_err(|_| signature()),
            Check::Shared(secret) => hmac::verify(secret, message, proof).map_err(|_| signature()),
        }
    }
}

/// A key from a `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
fn public_material(bytes: &[u8]) -> Option<Material> {
    let info = der::public_key_info(bytes)?;
    match (info.algorithm, info.parameters) {
        (der::RSA, _) => rsa_material(info.key),
        (der::EC, Some(der::P256)) => ec_material(Curve::P256, info.key),
        (der::EC, Some(der::P384)) => ec_material(Curve::P384, info.key),
        (der::EC, Some(der::P521)) => ec_material(Curve::P521, info.key),
        (der::ED25519, None) if info.key.len() == 32 => Some(Material::Ed25519 { x: info.key.to_vec(), private: None }),
        _ => None,
    }
}

pub(crate) fn rsa_material(bytes: &[u8]) -> Option<Material> {
    let (modulus, exponent) = der::rsa_public_key(bytes)?;
    Some(Material::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec(), private: None })
}

/// A key from an uncompressed point.
pub(crate) fn ec_material(curve: Curve, point: &[u8]) -> Option<Material> {
    let (&4, coordinates) = point.split_first()? else { return None };
    let (x, y) = coordinates.split_at_checked(curve.coordinate())?;
    (y.len() == x.len()).then(|| Material::Ec { curve, x: x.to_vec(), y: y.to_vec(), private: None })
}

fn rsa_parameters(algorithm: Algorithm) -> Result<&'static RsaParameters> {
    Ok(match algorithm {
        Algorithm::Rs256 => &lc::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &lc::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &lc::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &lc::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &lc::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &lc::RSA_PSS_2048_8192_SHA512,
        other => return Err(key(format!("{other} does not work with RSA"))),
    })
}

fn ec_parameters(curve: Curve) -> &'static lc::EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &lc::ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &lc::ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &lc::ECDSA_P521_SHA512_FIXED,
    }
}

pub(crate) fn hmac_algorithm(algorithm: Algorithm) -> Result<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Ok(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Ok(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Ok(hmac::HMAC_SHA512),
        other => Err(key(format!("{other} does not work with a shared secret"))),
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("id", &self.id())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
