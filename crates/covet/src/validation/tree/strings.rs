//! JSON's notation of strings.

use std::borrow::Cow;

use super::parser::Broken;
use crate::validation::code::Code;

/// Reads the string whose opening quote is at `start`; answers with the place behind its closing quote.
pub(super) fn parse_string(bytes: &[u8], start: usize) -> Result<(Cow<'_, str>, usize), Broken> {
    let begin = start + 1;
    let plain = plain_run(bytes, begin);
    let first = utf8(bytes, begin, plain)?;
    if bytes.get(plain) == Some(&b'"') {
        return Ok((Cow::Borrowed(first), plain + 1));
    }
    let mut text = first.to_owned();
    let mut at = plain;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok((Cow::Owned(text), at + 1)),
            Some(b'\\') => at = unescape(bytes, at, &mut text)?,
            Some(_) => {
                return Err(Broken::syntax(
                    "must be JSON, but a control character stands in a string; write it as an escape,",
                    at,
                ));
            }
            None => {
                return Err(Broken::syntax("must be JSON, but a string has no closing quote", at));
            }
        }
        let end = plain_run(bytes, at);
        text.push_str(utf8(bytes, at, end)?);
        at = end;
    }
}

/// The end of the bytes that stand for themselves.
fn plain_run(bytes: &[u8], from: usize) -> usize {
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=0x1f);
    from + bytes.iter().skip(from).take_while(|byte| is_plain(byte)).count()
}

fn utf8(bytes: &[u8], from: usize, to: usize) -> Result<&str, Broken> {
    std::str::from_utf8(&bytes[from.min(to)..to]).map_err(|error| Broken {
        code: Code::Encoding,
        message: "must be UTF-8, but is not".into(),
        at: from + error.valid_up_to(),
    })
}

fn unescape(bytes: &[u8], at: usize, text: &mut String) -> Result<usize, Broken> {
    let character = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(bytes, at, text),
        _ => {
            return Err(Broken::syntax("must be JSON, but an escape in a string is not one of JSON's", at));
        }
    };
    text.push(character);
    Ok(at + 2)
}

/// A character beyond the first 65,536 is written as two escapes; one half alone is no character.
fn unescape_unicode(bytes: &[u8], at: usize, text: &mut String) -> Result<usize, Broken> {
    let first = hex(bytes, at + 2)?;
    if let Some(character) = char::from_u32(first) {
        text.push(character);
        return Ok(at + 6);
    }
    let lone =
        || Broken { code: Code::Surrogate, message: "must not hold half of a surrogate pair, but does".into(), at };
    if first >= 0xdc00 || bytes.get(at + 6..at + 8) != Some(b"\\u") {
        return Err(lone());
    }
    let second = hex(bytes, at + 8)?;
    if !(0xdc00..0xe000).contains(&second) {
        return Err(lone());
    }
    text.extend(char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)));
    Ok(at + 12)
}

fn hex(bytes: &[u8], from: usize) -> Result<u32, Broken> {
    bytes
        .get(from..from + 4)
        .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        .and_then(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
        .ok_or_else(|| {
            Broken::syntax("must be JSON, but an escape in a string lacks its four hexadecimal digits", from)
        })
}
