//! A key that signs: private, or a shared secret; bound to one algorithm, parsed once.

use super::algorithm::{Algorithm, Curve, Family};
use super::jwk::{Jwk, Material};
use super::pem;
use super::verifying::{self, VerifyingKey};
use crate::error::{Error, ErrorKind, Result, key};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{self, KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    self as lc, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaPublicKeyComponents,
};
use aws_lc_rs::{hmac, rand};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A key that signs with one algorithm. A clone is the same key.
///
/// ```
/// use covet_auth::jose::{Algorithm, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::Es256)?;
/// let signature = key.sign(b"a message")?;
/// assert!(key.verifying().verify(b"a message", &signature).is_ok());
/// assert!(key.verifying().verify(b"another", &signature).is_err());
/// # Ok::<(), covet_auth::Error>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    secret: Arc<Secret>,
    verifying: VerifyingKey,
}

enum Secret {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Shared(Box<hmac::Key>, Zeroizing<Vec<u8>>),
}

impl SigningKey {
    /// A new key: RSA with 2,048 bits, the algorithm's curve, or a secret as long as the hash.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`] where the system has no random bytes.
    pub fn generate(algorithm: Algorithm) -> Result<SigningKey> {
        match algorithm.family() {
            Family::Rsa => SigningKey::generate_rsa(algorithm, RsaSize::Bits2048),
            Family::Ec(curve) => {
                SigningKey::ec(curve, EcdsaKeyPair::generate(ec_signing(curve)).map_err(|_| no_randomness())?)
            }
            Family::Ed25519 => SigningKey::ed25519(Ed25519KeyPair::generate().map_err(|_| no_randomness())?),
            Family::Hmac => {
                let mut secret = Zeroizing::new(vec![0; algorithm.secret_length()]);
                rand::fill(&mut secret).map_err(|_| no_randomness())?;
                SigningKey::from_secret(algorithm, &secret)
            }
        }
    }

    /// A new RSA key of a given size.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`] where the algorithm is none of RSA, or the system has no random bytes.
    pub fn generate_rsa(algorithm: Algorithm, size: RsaSize) -> Result<SigningKey> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        SigningKey::rsa(algorithm, RsaKeyPair::generate(size).map_err(|_| no_randomness())?)
    }

    /// A private key in PEM: `PRIVATE KEY` (PKCS #8), `RSA PRIVATE KEY` (PKCS #1) or `EC PRIVATE KEY` (SEC 1).
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`] where the text is no such key, is not of the algorithm's type, or is too weak.
    pub fn from_pem(algorithm: Algorithm, text: &str) -> Result<SigningKey> {
        let (label, der) = pem::decode(text).ok_or_else(|| key("the text is not one block of PEM"))?;
        match (label, algorithm.family()) {
            ("PRIVATE KEY", _) => SigningKey::from_pkcs8(algorithm, &der),
            ("RSA PRIVATE KEY", Family::Rsa) => {
                SigningKey::rsa(algorithm, RsaKeyPair::from_der(&der).map_err(rejected)?)
            }
            ("EC PRIVATE KEY", Family::Ec(curve)) => {
                SigningKey::ec(curve, EcdsaKeyPair::from_private_key_der(ec_signing(curve), &der).map_err(rejected)?)
            }
            ("ENCRYPTED PRIVATE KEY", _) => Err(key("the private key is encrypted; decrypt it first")),
            _ => Err(key("the PEM block has no private key of the algorithm's type in it")),
        }
    }

    /// A private key as PKCS #8 (RFC 5208).
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`] where the bytes are no such key, are not of the algorithm's type, or are too weak.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<SigningKey> {
        match algorithm.family() {
            Family::Rsa => SigningKey::rsa(algorithm, RsaKeyPair::from_pkcs8(der).map_err(rejected)?),
            Family::Ec(curve) => {
                SigningKey::ec(curve, EcdsaKeyPair::from_pkcs8(ec_signing(curve), der).map_err(rejected)?)
            }
            Family::Ed25519 => SigningKey::ed25519(Ed25519KeyPair::from_pkcs8(der).map_err(rejected)?),
            Family::Hmac => Err(key("a shared secret has no PKCS #8")),
        }
    }

    /// A private key from its JWK, whose `key_ops` must allow to sign where there are any.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`] where the key has no private part, its parts do not agree, or it is not for signing.
    pub fn from_jwk(jwk: &Jwk) -> Result<SigningKey> {
        if !jwk.allows("sign") {
            return Err(key("the key's `key_ops` do not let it sign"));
        }
        let made = match &jwk.material {
            Material::Rsa { modulus, exponent, private: Some(private) } => {
                let components = rsa::KeyPairComponents {
                    public_key: RsaPublicKeyComponents { n: modulus.as_slice(), e: exponent },
                    d: private.d.as_slice(),
                    p: &private.p,
                    q: &private.q,
                    dP: &private.dp,
                    dQ: &private.dq,
                    qInv: &private.qi,
                };
                SigningKey::rsa(jwk.algorithm(), RsaKeyPair::from_components(&components).map_err(rejected)?)
            }
            Material::Ec { curve, x, y, private: Some(private) } => {
                let point = [&[4], x.as_slice(), y].concat();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(ec_signing(*curve), private, &point);
                SigningKey::ec(*curve, pair.map_err(rejected)?)
            }
            Material::Ed25519 { x, private: Some(private) } => {
                SigningKey::ed25519(Ed25519KeyPair::from_seed_and_public_key(private, x).map_err(rejected)?)
            }
            Material::Secret(secret) => SigningKey::from_secret(jwk.algorithm(), secret),
            _ => Err(key("the key has no private part")),
        }?;
        Ok(match jwk.id() {
            Some(id) => SigningKey { verifying: made.verifying.with_id(id), ..made },
            None => made,
        })
    }

    /// A shared secret: at least as long as the hash, 32 bytes for HS256.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`] where the secret is too short, or the algorithm is not one of HMAC.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<SigningKey> {
        let verifying = VerifyingKey::from_secret(algorithm, secret)?;
        let mac = Box::new(hmac::Key::new(verifying::hmac_algorithm(algorithm)?, secret));
        Ok(SigningKey { secret: Arc::new(Secret::Shared(mac, Zeroizing::new(secret.to_vec()))), verifying })
    }

    fn rsa(algorithm: Algorithm, pair: RsaKeyPair) -> Result<SigningKey> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::Rs256 => &lc::RSA_PKCS1_SHA256,
            Algorithm::Rs384 => &lc::RSA_PKCS1_SHA384,
            Algorithm::Rs512 => &lc::RSA_PKCS1_SHA512,
            Algorithm::Ps256 => &lc::RSA_PSS_SHA256,
            Algorithm::Ps384 => &lc::RSA_PSS_SHA384,
            Algorithm::Ps512 => &lc::RSA_PSS_SHA512,
            other => return Err(key(format!("{other} does not work with RSA"))),
        };
        let material = verifying::rsa_material(pair.public_key().as_ref());
        SigningKey::with(algorithm, material, Secret::Rsa(pair, encoding))
    }

    fn ec(curve: Curve, pair: EcdsaKeyPair) -> Result<SigningKey> {
        let material = verifying::ec_material(curve, pair.public_key().as_ref());
        SigningKey::with(curve.algorithm(), material, Secret::Ec(pair))
    }

    fn ed25519(pair: Ed25519KeyPair) -> Result<SigningKey> {
        let material = Material::Ed25519 { x: pair.public_key().as_ref().to_vec(), private: None };
        SigningKey::with(Algorithm::EdDsa, Some(material), Secret::Ed25519(pair))
    }

    fn with(algorithm: Algorithm, material: Option<Material>, secret: Secret) -> Result<SigningKey> {
        let material = material.ok_or_else(|| key("the public half of the key cannot be read"))?;
        let verifying = VerifyingKey::of(&Jwk::of(material, algorithm))?;
        Ok(SigningKey { secret: Arc::new(secret), verifying })
    }

    /// The same key under another id.
    #[must_use]
    pub fn with_id(&self, id: impl Into<String>) -> SigningKey {
        SigningKey { secret: self.secret.clone(), verifying: self.verifying.with_id(id) }
    }

    /// The algorithm that the key is bound to.
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The key's id, as it stands in `kid`: the thumbprint of RFC 7638 unless it was given another.
    pub fn id(&self) -> &str {
        self.verifying.id()
    }

    /// The half that verifies.
    pub fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The private key as PKCS #8, wiped when dropped.
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`] for a shared secret, which has no such form.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        let failed = |_| key("the private key cannot be written");
        let der = match &*self.secret {
            Secret::Rsa(pair, _) => pair.as_der().map_err(failed)?.as_ref().to_vec(),
            Secret::Ec(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Secret::Ed25519(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Secret::Shared(..) => return Err(key("a shared secret has no PKCS #8")),
        };
        Ok(Zeroizing::new(der))
    }

    /// The private key in PEM, as [`SigningKey::from_pem`] reads it.
    ///
    /// # Errors
    /// As [`SigningKey::to_pkcs8`].
    pub fn to_pem(&self) -> Result<Zeroizing<String>> {
        Ok(pem::encode("PRIVATE KEY", &self.to_pkcs8()?))
    }

    /// The shared secret, where the key is one.
    pub fn to_secret(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &*self.secret {
            Secret::Shared(_, secret) => Some(secret.clone()),
            _ => None,
        }
    }

    /// Signs bytes: PKCS #1 or PSS for RSA, both numbers at full length for ECDSA (RFC 7518, section 3.4).
    ///
    /// # Errors
    /// An error of kind [`ErrorKind::Key`] where the system has no random bytes.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| no_randomness();
        let rng = rand::SystemRandom::new();
        match &*self.secret {
            Secret::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &rng, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Secret::Ec(pair) => Ok(pair.sign(&rng, message).map_err(failed)?.as_ref().to_vec()),
            Secret::Ed25519(pair) => Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec()),
            Secret::Shared(mac, _) => Ok(hmac::sign(mac, message).as_ref().to_vec()),
        }
    }
}

/// How long an RSA key is. Signing with 4,096 bits takes six times as long as with 2,048.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaSize {
    /// 2,048 bits: good until about 2030 (NIST SP 800-57).
    Bits2048,
    /// 3,072 bits.
    Bits3072,
    /// 4,096 bits.
    Bits4096,
}

fn ec_signing(curve: Curve) -> &'static lc::EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &lc::ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &lc::ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &lc::ECDSA_P521_SHA512_FIXED_SIGNING,
    }
}

fn rejected(reason: aws_lc_rs::error::KeyRejected) -> Error {
    key(format!("the private key is malformed, or not of the algorithm's type: {reason}"))
}

fn no_randomness() -> Error {
    Error::new(ErrorKind::Key, "the cryptographic library failed, as it does without random bytes")
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
