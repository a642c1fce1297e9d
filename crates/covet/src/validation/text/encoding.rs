//! `application/x-www-form-urlencoded`, the encoding of query strings and forms.

use std::borrow::Cow;

use crate::validation::code::Code;
use crate::validation::fault::{Fault, In};
use crate::validation::faults::Faults;

/// A name and its text, decoded.
pub type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// Decodes a query string (without its `?`) or a form's body. Texts without escapes are borrowed.
///
/// ```
/// use covet::validation::{In, text};
///
/// let pairs = text::pairs("q=war+and%20peace&page", In::Query).unwrap();
/// assert_eq!(pairs, [("q".into(), "war and peace".into()), ("page".into(), "".into())]);
///
/// let faults = text::pairs("q=100%", In::Query).unwrap_err();
/// assert_eq!(faults[0].parameter(), Some("q"));
/// ```
///
/// # Errors
///
/// A fault for every name or text with a broken escape, or that is not UTF-8.
pub fn pairs<'q>(encoded: &'q (impl AsRef<[u8]> + ?Sized), location: In) -> Result<Vec<Pair<'q>>, Faults> {
    let mut faults = Faults::new();
    let mut pairs = Vec::new();
    for pair in encoded.as_ref().split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, text) = split(pair);
        match (decode(name), decode(text)) {
            (Ok(name), Ok(text)) => pairs.push((name, text)),
            (Err(message), _) | (_, Err(message)) => faults.push_with(|| fault(message, name, location)),
        }
    }
    faults.into_result().map(|()| pairs)
}

/// A pair without `=` is a name with an empty text.
fn split(pair: &[u8]) -> (&[u8], &[u8]) {
    match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, &[]),
    }
}

fn decode(encoded: &[u8]) -> Result<Cow<'_, str>, &'static str> {
    const NOT_UTF8: &str = "must be UTF-8, but is not";
    if !encoded.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return std::str::from_utf8(encoded).map(Cow::Borrowed).map_err(|_| NOT_UTF8);
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => escape(&mut rest)
                .ok_or("must have two hexadecimal digits after each `%`; a percent sign itself is `%25`")?,
            other => *other,
        });
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| NOT_UTF8)
}

fn escape<'b>(rest: &mut impl Iterator<Item = &'b u8>) -> Option<u8> {
    let mut digit = || rest.next().and_then(|byte| char::from(*byte).to_digit(16));
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high * 16 + low).ok()
}

fn fault(message: &'static str, name: &[u8], location: In) -> Fault {
    let fault = Fault::new(Code::Encoding, message);
    let name = decode(name).map_or_else(|_| String::from_utf8_lossy(name).into_owned(), Cow::into_owned);
    match location {
        In::Body => fault.in_member(&name),
        location => fault.in_parameter(location, name),
    }
}

/// Whether two names are of one header: case does not count, and `-` stands for the `_` of Rust's names.
pub(super) fn is_same_header(left: &str, right: &str) -> bool {
    let folded = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    left.len() == right.len() && left.bytes().map(folded).eq(right.bytes().map(folded))
}
