//! `numeric` in binary: digits of base 10,000 with a weight, a sign and a scale.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};
use rust_decimal::Decimal;

const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

pub(super) fn encode(value: Decimal, out: &mut BytesMut) {
    let scale = value.scale();
    // The digits are aligned at the point, four by four.
    let padding = (4 - scale % 4) % 4;
    let mut low = value.mantissa().unsigned_abs();
    // A mantissa has 96 bits, so that the padding of three digits cannot overflow 128.
    low *= 10_u128.pow(padding);
    let fraction_groups = i32::try_from((scale + padding) / 4).unwrap_or(0);
    let mut groups = Vec::new();
    while low > 0 {
        groups.push(u16::try_from(low % 10_000).unwrap_or(0));
        low /= 10_000;
    }
    groups.reverse();
    let weight = i32::try_from(groups.len()).unwrap_or(0) - fraction_groups - 1;
    while groups.last() == Some(&0) {
        groups.pop();
    }
    out.put_u16(u16::try_from(groups.len()).unwrap_or(0));
    out.put_i16(if groups.is_empty() { 0 } else { i16::try_from(weight).unwrap_or(0) });
    out.put_u16(if value.is_sign_negative() && !groups.is_empty() { NEGATIVE } else { 0 });
    out.put_u16(u16::try_from(scale).unwrap_or(0));
    for group in groups {
        out.put_u16(group);
    }
}

/// A value that fits a decimal; none for any other.
pub(super) fn decode_decimal(bytes: &[u8]) -> Option<Decimal> {
    let (header, groups) = bytes.split_first_chunk::<8>()?;
    let word = |index: usize| u16::from_be_bytes([header[index], header[index + 1]]);
    let (count, weight, sign, scale) = (usize::from(word(0)), word(2).cast_signed(), word(4), word(6));
    if groups.len() != 2 * count || !matches!(sign, 0 | NEGATIVE) || scale > 28 || count > 8 {
        return None;
    }
    let mut mantissa = 0_i128;
    for group in groups.chunks_exact(2) {
        mantissa = mantissa.checked_mul(10_000)?.checked_add(i128::from(u16::from_be_bytes([group[0], group[1]])))?;
    }
    // How many decimal digits the last group lies behind the point, and how many there are to be.
    let behind = 4 * (i32::try_from(count).ok()? - 1 - i32::from(weight));
    let shift = i32::from(scale) - behind;
    let power = 10_i128.checked_pow(shift.unsigned_abs())?;
    let mantissa = match shift {
        0.. => mantissa.checked_mul(power)?,
        // The digits behind the scale are none.
        _ => mantissa / power,
    };
    let mantissa = if sign == NEGATIVE { -mantissa } else { mantissa };
    Decimal::try_from_i128_with_scale(mantissa, u32::from(scale)).ok()
}

/// The text of a value, with all digits of its scale; none for bytes that are no numeric.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let count = words.next()?;
    let weight = i32::from(words.next()?.cast_signed());
    let sign = words.next()?;
    let scale = usize::from(words.next()?);
    match sign {
        NAN => return Some("NaN".into()),
        INFINITY => return Some("Infinity".into()),
        NEGATIVE_INFINITY => return Some("-Infinity".into()),
        _ => {}
    }
    let groups: Vec<u16> = words.collect();
    if groups.len() != usize::from(count) {
        return None;
    }
    let group = |position: i32| {
        usize::try_from(weight - position).ok().and_then(|index| groups.get(index)).copied().unwrap_or(0)
    };
    let mut text = String::new();
    if sign == NEGATIVE {
        text.push('-');
    }
    // Writing to a String cannot fail, here and below.
    let _ = write!(text, "{}", group(weight.max(0)));
    for position in (0..weight.max(0)).rev() {
        let _ = write!(text, "{:04}", group(position));
    }
    if scale > 0 {
        text.push('.');
        let end = text.len() + scale;
        let mut position = -1;
        while text.len() < end {
            let _ = write!(text, "{:04}", group(position));
            position -= 1;
        }
        text.truncate(end);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_decimal_comes_back(mantissa in -(1_i128 << 96) + 1..(1_i128 << 96), scale in 0_u32..=28) {
            let value = Decimal::from_i128_with_scale(mantissa, scale);
            let mut bytes = BytesMut::new();
            encode(value, &mut bytes);
            prop_assert_eq!(decode(&bytes).unwrap(), value.to_string());
            // A zero keeps its scale, and not its sign.
            prop_assert_eq!(decode_decimal(&bytes).unwrap().to_string(), value.to_string());
        }

        #[test]
        fn no_bytes_are_too_broken(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            decode(&bytes);
            decode_decimal(&bytes);
        }
    }
}
