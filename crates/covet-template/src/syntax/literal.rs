//! Literals of strings and numbers, as Python spells them.

use std::borrow::Cow;

use super::token::TokenKind;

/// The value of a string literal's inside, or a complaint about it.
pub(super) fn string(inside: &str) -> Result<Cow<'_, str>, &'static str> {
    if !inside.contains('\\') {
        return Ok(Cow::Borrowed(inside));
    }
    let mut value = String::with_capacity(inside.len());
    let mut rest = inside.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut value)?,
            c => value.push(c),
        }
    }
    Ok(Cow::Owned(value))
}

fn escape(rest: &mut std::str::Chars<'_>, value: &mut String) -> Result<(), &'static str> {
    let c = rest.next().ok_or("a string ends in a lone backslash")?;
    let decoded = match c {
        '\n' => return Ok(()),
        '\\' | '\'' | '"' => c,
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        'x' => code_point(rest, 2)?,
        'u' => code_point(rest, 4)?,
        'U' => code_point(rest, 8)?,
        '0'..='7' => return octal(c, rest, value),
        c => {
            value.push('\\');
            c
        }
    };
    value.push(decoded);
    Ok(())
}

fn octal(first: char, rest: &mut std::str::Chars<'_>, value: &mut String) -> Result<(), &'static str> {
    let mut code = first.to_digit(8).unwrap_or(0);
    for _ in 0..2 {
        let Some(digit) = rest.clone().next().and_then(|c| c.to_digit(8)) else { break };
        rest.next();
        code = code * 8 + digit;
    }
    value.push(char::from_u32(code).ok_or("no such character")?);
    Ok(())
}

fn code_point(rest: &mut std::str::Chars<'_>, digits: usize) -> Result<char, &'static str> {
    let mut code = 0_u32;
    for _ in 0..digits {
        let digit = rest.next().and_then(|c| c.to_digit(16)).ok_or("an escape has too few hexadecimal digits")?;
        code = (code << 4) | digit;
    }
    char::from_u32(code).ok_or("an escape names no character")
}

/// The index behind the dot of an attribute, which has no fraction of its own.
pub(super) fn index(text: &str) -> Result<(TokenKind<'static>, usize), &'static str> {
    let length = digits(text, 10);
    Ok((integer(&text[..length], 10)?, length))
}

/// The number at the start of a text and how many bytes it takes.
pub(super) fn number(text: &str) -> Result<(TokenKind<'static>, usize), &'static str> {
    for (prefix, radix) in [("0b", 2), ("0o", 8), ("0x", 16)] {
        if text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) {
            let length = 2 + digits(&text[2..], radix);
            return Ok((integer(&text[2..length], radix)?, length));
        }
    }
    let whole = digits(text, 10);
    let bytes = text.as_bytes();
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end += 1 + digits(&text[end + 1..], 10);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(&text[end + 1 + sign..], 10);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    if end == whole {
        return Ok((integer(&text[..whole], 10)?, whole));
    }
    let value: f64 = text[..end].replace('_', "").parse().map_err(|_| "a number cannot be read")?;
    Ok((TokenKind::Float(value), end))
}

fn integer(digits: &str, radix: u32) -> Result<TokenKind<'static>, &'static str> {
    let value = i128::from_str_radix(&digits.replace('_', ""), radix);
    Ok(TokenKind::Int(value.map_err(|_| "an integer does not fit in 128 bits")?))
}

fn digits(text: &str, radix: u32) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(|byte| (*byte as char).is_digit(radix));
    let mut end = 0;
    while digit(end) || (end > 0 && bytes.get(end) == Some(&b'_') && digit(end + 1)) {
        end += 1;
    }
    end
}
