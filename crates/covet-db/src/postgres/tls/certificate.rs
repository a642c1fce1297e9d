//! What a password's proof is bound to: the hash of the server's certificate, by the hash that it was signed with, and
//! SHA-256 in place of MD5 and SHA-1 (`tls-server-end-point`, RFC 5929 section 4.1).

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

/// The hash; none where the certificate's signature has none, such as Ed25519.
pub(super) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, fields, _) = element(certificate)?;
    let (_, _, fields) = element(fields)?;
    let (SEQUENCE, algorithm, _) = element(fields)? else {
        return None;
    };
    let (OBJECT_IDENTIFIER, identifier, parameters) = element(algorithm)? else {
        return None;
    };
    let hash = hash(identifier, parameters)?;
    Some(digest(hash, certificate).as_ref().to_vec())
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// 1.2.840.113549.1.1: RSA, by PKCS #1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];

/// 1.2.840.10045.4: ECDSA.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];

/// 2.16.840.1.101.3.4.2: the SHA-2 hashes.
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

fn hash(signature: &[u8], parameters: &[u8]) -> Option<&'static Algorithm> {
    if let Some(rest) = signature.strip_prefix(RSA) {
        return match rest {
            [4 | 5 | 11] => Some(&SHA256),
            [12] => Some(&SHA384),
            [13] => Some(&SHA512),
            [10] => Some(pss(parameters)),
            _ => None,
        };
    }
    match signature.strip_prefix(ECDSA)? {
        [1] | [3, 2] => Some(&SHA256),
        [3, 3] => Some(&SHA384),
        [3, 4] => Some(&SHA512),
        _ => None,
    }
}

/// The hash in the parameters of RSASSA-PSS (RFC 4055); left out it is SHA-1.
fn pss(parameters: &[u8]) -> &'static Algorithm {
    let identifier = || {
        let (SEQUENCE, fields, _) = element(parameters)? else { return None };
        let (0xa0, tagged, _) = element(fields)? else { return None };
        let (SEQUENCE, algorithm, _) = element(tagged)? else { return None };
        let (OBJECT_IDENTIFIER, identifier, _) = element(algorithm)? else { return None };
        identifier.strip_prefix(SHA2)
    };
    match identifier() {
        Some([2]) => &SHA384,
        Some([3]) => &SHA512,
        _ => &SHA256,
    }
}

/// The first element of DER: its tag, what is in it, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long - 0x80).filter(|(digits, _)| digits.len() <= 4)?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A certificate as far as it is looked at.
    fn certificate(algorithm: &[u8]) -> Vec<u8> {
        let mut bytes = vec![SEQUENCE, u8::try_from(algorithm.len()).unwrap() + 7, SEQUENCE, 0, SEQUENCE];
        bytes.push(u8::try_from(algorithm.len()).unwrap());
        bytes.extend(algorithm);
        bytes.extend([3, 1, 0]);
        bytes
    }

    fn check(identifier: &[&[u8]], parameters: &[u8], expected: Option<&'static Algorithm>) {
        let identifier = identifier.concat();
        let mut algorithm = vec![OBJECT_IDENTIFIER, u8::try_from(identifier.len()).unwrap()];
        algorithm.extend(identifier);
        algorithm.extend(parameters);
        let bytes = certificate(&algorithm);
        assert_eq!(end_point(&bytes), expected.map(|hash| digest(hash, &bytes).as_ref().to_vec()));
    }

    #[test]
    fn the_hash_is_the_signatures_own() {
        check(&[RSA, &[5]], &[5, 0], Some(&SHA256));
        check(&[RSA, &[12]], &[5, 0], Some(&SHA384));
        check(&[ECDSA, &[3, 2]], &[], Some(&SHA256));
        check(&[ECDSA, &[3, 4]], &[], Some(&SHA512));
        let sha384 = [&[SEQUENCE, 15, 0xa0, 13, SEQUENCE, 11, OBJECT_IDENTIFIER, 9], SHA2, &[2]].concat();
        check(&[RSA, &[10]], &sha384, Some(&SHA384));
        check(&[RSA, &[10]], &[SEQUENCE, 0], Some(&SHA256));
        check(&[&[0x2b, 0x65, 0x70]], &[], None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_broken(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = end_point(&bytes);
            let _ = pss(&bytes);
        }
    }
}
