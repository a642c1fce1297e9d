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

/// An address whose own delimiters stay.
pub(super) fn push_path(text: &str, out: &mut Text) -> Result<()> {
    percent_encode(text, b"-._~:/?#[]@!$*+,;=%", out)
}

/// A part of an address that must not contain a delimiter.
pub(super) fn push_query(text: &str, out: &mut Text) -> Result<()> {
    percent_encode(text, b"-._~", out)
}

fn percent_encode(text: &str, kept: &[u8], out: &mut Text) -> Result<()> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match *byte {
            b'&' if kept.contains(&b'/') => out.push_str("&amp;")?,
            // A percent sign stays where it begins an escape, so that an address is not encoded twice.
            b'%' if kept.contains(&b'%') && !is_percent_escape(bytes, at) => out.push_str("%25")?,
            byte if byte.is_ascii_alphanumeric() || kept.contains(&byte) => out.push(byte as char)?,
            byte => out.push_str(&format!("%{byte:02X}"))?,
        }
    }
    Ok(())
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
