//! The algorithms of signatures (RFC 7518, section 3.1, and RFC 8037).

use crate::error::{Error, key};
use std::fmt;
use std::str::FromStr;

/// A signature algorithm by its name in the `alg` header. `none` is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what OpenID Connect requires of everybody, and the default.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// EdDSA on Curve25519 (Ed25519).
    EdDsa,
    /// HMAC with SHA-256, for a key that both sides hold.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

/// The kind of key that an algorithm works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Rsa,
    Ec(Curve),
    Ed25519,
    Hmac,
}

/// The curves of RFC 7518, section 6.2.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

const NAMES: &[(Algorithm, &str)] = &[
    (Algorithm::Rs256, "RS256"),
    (Algorithm::Rs384, "RS384"),
    (Algorithm::Rs512, "RS512"),
    (Algorithm::Ps256, "PS256"),
    (Algorithm::Ps384, "PS384"),
    (Algorithm::Ps512, "PS512"),
    (Algorithm::Es256, "ES256"),
    (Algorithm::Es384, "ES384"),
    (Algorithm::Es512, "ES512"),
    (Algorithm::EdDsa, "EdDSA"),
    (Algorithm::Hs256, "HS256"),
    (Algorithm::Hs384, "HS384"),
    (Algorithm::Hs512, "HS512"),
];

impl Algorithm {
    /// The name in the `alg` header, which is compared byte for byte.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(algorithm, _)| *algorithm == self).map_or("", |(_, name)| name)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Algorithm> {
        NAMES.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Whether both sides hold the same secret, so that who verifies could sign as well.
    pub fn is_symmetric(self) -> bool {
        self.family() == Family::Hmac
    }

    pub(crate) fn family(self) -> Family {
        use Algorithm::*;
        match self {
            Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512 => Family::Rsa,
            Es256 => Family::Ec(Curve::P256),
            Es384 => Family::Ec(Curve::P384),
            Es512 => Family::Ec(Curve::P521),
            EdDsa => Family::Ed25519,
            Hs256 | Hs384 | Hs512 => Family::Hmac,
        }
    }

    /// The least length of a shared secret: that of the hash (RFC 7518, section 3.2).
    pub(crate) fn secret_length(self) -> usize {
        match self {
            Algorithm::Hs384 => 48,
            Algorithm::Hs512 => 64,
            _ => 32,
        }
    }
}

impl Curve {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Curve> {
        [Curve::P256, Curve::P384, Curve::P521].into_iter().find(|curve| curve.name() == name)
    }

    /// The length of a coordinate in bytes.
    pub(crate) fn coordinate(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    pub(crate) fn algorithm(self) -> Algorithm {
        match self {
            Curve::P256 => Algorithm::Es256,
            Curve::P384 => Algorithm::Es384,
            Curve::P521 => Algorithm::Es512,
        }
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    /// # Errors
    /// An error of kind [`ErrorKind::Key`](crate::ErrorKind::Key) where the name is none of these, `none` included.
    fn from_str(name: &str) -> Result<Algorithm, Error> {
        let found = NAMES.iter().find(|(_, known)| *known == name);
        found
            .map(|(algorithm, _)| *algorithm)
            .ok_or_else(|| key(format!("`{}` is no algorithm of signatures", name.escape_default())))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
