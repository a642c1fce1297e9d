//! Keys that are too weak to be taken.

use super::algorithm::Algorithm;
use crate::error::{Result, key};

/// Bits of the smallest modulus that is taken (NIST SP 800-131A), and of the biggest, since the work grows with it.
const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

pub(crate) fn secret(secret: &[u8], algorithm: Algorithm) -> Result<()> {
    let least = algorithm.secret_length();
    if secret.len() < least {
        return Err(key(format!("the secret of {algorithm} must have at least {least} bytes")));
    }
    Ok(())
}

/// Looks at an RSA key's public half: big-endian, without leading zeros.
pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<()> {
    let (Some(&first), Some(&last)) = (modulus.first(), modulus.last()) else {
        return Err(key("the RSA modulus is empty"));
    };
    if first == 0 || exponent.first() == Some(&0) {
        return Err(key("a part of the RSA key has leading zeros"));
    }
    let bits = modulus.len() * 8 - first.leading_zeros() as usize;
    if !MODULUS_BITS.contains(&bits) {
        return Err(key(format!("the RSA modulus has {bits} bits, and must have 2048 to 8192")));
    }
    if last % 2 == 0 {
        return Err(key("the RSA modulus is even"));
    }
    if exponent.len() > 4 || exponent.last().is_none_or(|last| last % 2 == 0) || exponent == [1] {
        return Err(key("the RSA exponent is not an odd number from 3 to 2^32"));
    }
    if has_roca_fingerprint(modulus) {
        return Err(key("the RSA key was made by a faulty generator (ROCA, CVE-2017-15361)"));
    }
    Ok(())
}

/// The primes of Infineon's library are powers of 65537 modulo a product of small primes, and so is their product: it
/// shows modulo each of them. Among keys of other origin one in 2^27 looks so.
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
        109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|&prime| {
        let residue = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        for _ in 1..prime {
            if power == residue {
                return true;
            }
            power = power * 65537 % prime;
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_12_weak_rsa_keys_are_refused() {
        let check = |modulus: &[u8], exponent: &[u8], good: bool| {
            assert_eq!(rsa(modulus, exponent).is_ok(), good, "{} {exponent:?}", modulus.len());
        };
        let modulus = |bytes: usize, first: u8| [vec![first], vec![0x5b; bytes - 1]].concat();
        check(&modulus(256, 0x80), &[1, 0, 1], true);
        check(&modulus(256, 0x80), &[3], true);
        check(&modulus(256, 0x7f), &[1, 0, 1], false);
        check(&modulus(128, 0x80), &[1, 0, 1], false);
        check(&modulus(1025, 0x80), &[1, 0, 1], false);
        check(&modulus(257, 0), &[1, 0, 1], false);
        check(&[modulus(255, 0x80), vec![2]].concat(), &[1, 0, 1], false);
        for exponent in [&[][..], &[1], &[2], &[1, 0, 0], &[0, 1, 0, 1], &[1, 0, 0, 0, 1]] {
            check(&modulus(256, 0x80), exponent, false);
        }
    }

    #[test]
    fn line_12_the_fingerprint_of_roca_is_found() {
        // A power of 65537 has the fingerprint by its definition; the one beside it has it not.
        let mut number = vec![1u8];
        for _ in 0..127 {
            number = times_65537(&number);
        }
        while number.len() < 256 {
            number = times_65537(&number);
        }
        assert!(has_roca_fingerprint(&number));
        assert!(rsa(&number[..], &[1, 0, 1]).unwrap_err().to_string().contains("ROCA") || number[0] < 0x80);
        let last = number.len() - 1;
        number[last] ^= 2;
        assert!(!has_roca_fingerprint(&number));
    }

    /// Shifted by two bytes and added to itself.
    fn times_65537(number: &[u8]) -> Vec<u8> {
        let shifted = [number, &[0, 0]].concat();
        let mut sum = vec![0; shifted.len()];
        let mut carry = 0;
        for at in (0..shifted.len()).rev() {
            let other = at.checked_sub(2).map_or(0, |at| u16::from(number[at]));
            let digit = u16::from(shifted[at]) + other + carry;
            (sum[at], carry) = (digit as u8, digit >> 8);
        }
        if carry > 0 { [vec![carry as u8], sum].concat() } else { sum }
    }
}
