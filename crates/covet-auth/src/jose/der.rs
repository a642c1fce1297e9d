//! As much of DER as the wrapping of public keys needs (X.690; RFC 5280, section 4.1, and RFC 8017, appendix A.1.1).

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// A public key as its `SubjectPublicKeyInfo` tells it.
#[derive(Debug, PartialEq)]
pub(crate) struct PublicKeyInfo<'a> {
    /// The algorithm's object identifier, encoded.
    pub(crate) algorithm: &'a [u8],
    /// The curve's, where there is one.
    pub(crate) parameters: Option<&'a [u8]>,
    pub(crate) key: &'a [u8],
}

pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
pub(crate) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
pub(crate) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
pub(crate) const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

pub(crate) fn public_key_info(der: &[u8]) -> Option<PublicKeyInfo<'_>> {
    let (outer, []) = element(der, SEQUENCE)? else { return None };
    let (algorithm, rest) = element(outer, SEQUENCE)?;
    let (bits, []) = element(rest, BIT_STRING)? else { return None };
    let (&0, key) = bits.split_first()? else { return None };
    let (algorithm, parameters) = element(algorithm, OBJECT_IDENTIFIER)?;
    let parameters = element(parameters, OBJECT_IDENTIFIER).map(|(curve, _)| curve);
    Some(PublicKeyInfo { algorithm, parameters, key })
}

/// The modulus and the exponent of an `RSAPublicKey`, without leading zeros.
pub(crate) fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (outer, []) = element(der, SEQUENCE)? else { return None };
    let (modulus, rest) = element(outer, INTEGER)?;
    let (exponent, []) = element(rest, INTEGER)? else { return None };
    if [modulus, exponent].iter().any(|integer| integer.first().is_none_or(|byte| *byte >= 0x80)) {
        return None;
    }
    Some((unsigned(modulus), unsigned(exponent)))
}

fn unsigned(integer: &[u8]) -> &[u8] {
    match integer {
        [0, rest @ ..] if !rest.is_empty() => rest,
        _ => integer,
    }
}

/// The content of the first element, which must be of this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [found, first, rest @ ..] = der else { return None };
    if *found != tag {
        return None;
    }
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), rest.get(2..)?),
        _ => return None,
    };
    rest.split_at_checked(length)
}
