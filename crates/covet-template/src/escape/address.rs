//! Addresses in attributes.

use super::push;
use crate::error::Result;
use crate::value::Text;

/// What stands in the place of an address that would run something.
const BLOCKED: &str = "#blocked";

/// The start of an address: anything without a scheme, or with one that only leads somewhere.
pub(super) fn push_start(text: &str, out: &mut Text) -> Result<()> {
    if has_safe_scheme(text) { push_path(text, out) } else { out.push_str(BLOCKED) }
}

/// The start of an address from which code is loaded: a path on this server and nothing else.
pub(super) fn push_resource(text: &str, out: &mut Text) -> Result<()> {
    let trimmed = text.trim();
    let is_foreign = trimmed.starts_with("//") || trimmed.contains('\\') || trimmed.starts_with("/\t");
    let has_scheme = trimmed.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':'));
    if is_foreign || has_scheme || trimmed.contains(char::is_control) {
        return out.push_str(BLOCKED);
    }
    push_path(trimmed, out)
}

fn has_safe_scheme(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else { return true };
    if scheme.contains(['/', '?', '#']) {
        return true;
    }
    let scheme = scheme.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    ["http", "https", "mailto", "tel"].iter().any(|safe| scheme.eq_ignore_ascii_case(safe))
}

/// Which bytes stay as they are: letters, digits, and these.
const fn kept(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = (at as u8).is_ascii_alphanumeric();
        at += 1;
    }
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
}

static PATH: [bool; 256] = kept(b"-._~:/?#[]@!$*+,;=");
static QUERY: [bool; 256] = kept(b"-._~");

/// An address whose own delimiters stay.
pub(super) fn push_path(text: &str, out: &mut Text) -> Result<()> {
    percent_encode(text, &PATH, true, out)
}

/// A part of an address that must not contain a delimiter.
pub(super) fn push_query(text: &str, out: &mut Text) -> Result<()> {
    percent_encode(text, &QUERY, false, out)
}

fn percent_encode(text: &str, kept: &[bool; 256], is_path: bool, out: &mut Text) -> Result<()> {
    let bytes = text.as_bytes();
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        // A percent sign stays where it begins an escape, so that an address is not encoded twice.
        if kept[usize::from(*byte)] || (is_path && *byte == b'%' && is_percent_escape(bytes, at)) {
            continue;
        }
        out.push_bytes(&bytes[written..at])?;
        written = at + 1;
        match byte {
            b'&' if is_path => out.push_str("&amp;")?,
            byte => out.push_str(&format!("%{byte:02X}"))?,
        }
    }
    out.push_bytes(&bytes[written..])
}

fn is_percent_escape(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// A list of images: every address in it is filtered.
pub(super) fn push_srcset(text: &str, out: &mut Text) -> Result<()> {
    for (index, candidate) in text.split(',').enumerate() {
        if index > 0 {
            out.push_str(", ")?;
        }
        let candidate = candidate.trim();
        let (address, descriptor) = candidate.split_once(char::is_whitespace).unwrap_or((candidate, ""));
        push_start(address, out)?;
        let is_descriptor = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == ' ';
        if !descriptor.is_empty() && descriptor.chars().all(is_descriptor) {
            out.push_str(" ")?;
            push(descriptor.trim(), out)?;
        }
    }
    Ok(())
}
