//! JSON's notation of numbers.

use std::borrow::Cow;

/// How many bytes at the start are a number (RFC 8259, section 6).
///
/// # Errors
///
/// The place of the byte that breaks the notation.
pub(super) fn length(bytes: &[u8]) -> Result<usize, usize> {
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    at = match bytes.get(at) {
        Some(b'0') if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => return Err(at),
        Some(b'0'..=b'9') => digits(bytes, at),
        _ => return Err(at),
    };
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = some_digits(bytes, at + 1 + sign)?;
    }
    Ok(at)
}

/// A number as it is compared: `790.0` is the whole number that it means, as JSON Schema says (section 4.2.3 of its
/// core), although serde's own reading of JSON takes it for a fraction.
pub(crate) fn plain(text: Cow<'_, str>) -> Cow<'_, str> {
    let whole = text.split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    match (whole.map(|(whole, _)| whole.len()), text) {
        (Some(end), Cow::Borrowed(text)) => Cow::Borrowed(&text[..end]),
        (Some(end), Cow::Owned(mut text)) => {
            text.truncate(end);
            Cow::Owned(text)
        }
        (None, text) => text,
    }
}

/// Whether a whole text is a number.
pub(crate) fn is_number(text: &str) -> bool {
    length(text.as_bytes()) == Ok(text.len())
}

fn some_digits(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let end = digits(bytes, from);
    if end == from { Err(from) } else { Ok(end) }
}

fn digits(bytes: &[u8], from: usize) -> usize {
    from + bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count()
}
