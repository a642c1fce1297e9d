//! Values where they stand in a page.

use super::{address, push_json, script};
use crate::error::{Error, Result};
use crate::html::Escape;
use crate::value::{Arena, Kind, Object, Text, V, print};

/// Appends a text escaped for HTML, with the references that Jinja2 uses.
#[inline]
pub(crate) fn push(text: &str, out: &mut Text) -> Result<()> {
    let bytes = text.as_bytes();
    match first_markup(bytes, 0) {
        Some(first) => push_from(text, first, out),
        None => out.push_str(text),
    }
}

/// How much is gathered before it is appended to the output.
const GATHERED: usize = 256;
/// Stretches up to this length are copied as that many bytes, whatever their length, which the compiler makes two moves of.
const STRETCH: usize = 32;

/// The same for a text with markup at `first`. A few special characters are appended one by one, many are gathered.
fn push_from(text: &str, first: usize, out: &mut Text) -> Result<()> {
    let bytes = text.as_bytes();
    let mut written = 0;
    let mut next = Some(first);
    for _ in 0..3 {
        let Some(at) = next else { break };
        out.push_str(&text[written..at])?;
        out.push_str(reference(bytes[at]))?;
        written = at + 1;
        next = first_markup(bytes, written);
    }
    match next {
        Some(at) => push_gathered(text, written, at, out),
        None => out.push_str(&text[written..]),
    }
}

fn push_gathered(text: &str, mut written: usize, first: usize, out: &mut Text) -> Result<()> {
    let bytes = text.as_bytes();
    let mut gathered = [0_u8; GATHERED];
    let mut length = 0;
    let mut next = Some(first);
    while let Some(at) = next {
        let stretch = at - written;
        if length + STRETCH + 8 > GATHERED {
            out.push_bytes(&gathered[..length])?;
            length = 0;
        }
        match bytes.get(written..written + STRETCH) {
            Some(copied) if stretch <= STRETCH => {
                gathered[length..length + STRETCH].copy_from_slice(copied);
                length += stretch;
            }
            _ => {
                out.push_bytes(&gathered[..length])?;
                length = 0;
                out.push_str(&text[written..at])?;
            }
        }
        let (reference, size) = padded(bytes[at]);
        gathered[length..length + 8].copy_from_slice(&reference);
        length += size;
        written = at + 1;
        next = first_markup(bytes, written);
    }
    out.push_bytes(&gathered[..length])?;
    out.push_str(&text[written..])
}

/// A reference and its length, filled up so that it is copied as one word.
#[inline]
fn padded(byte: u8) -> ([u8; 8], usize) {
    match byte {
        b'&' => (*b"&amp;   ", 5),
        b'<' => (*b"&lt;    ", 4),
        b'>' => (*b"&gt;    ", 4),
        b'"' => (*b"&#34;   ", 5),
        _ => (*b"&#39;   ", 5),
    }
}

/// Where the next special character stands.
#[inline]
fn first_markup(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    // Long stretches are looked at as a whole, since most of them have nothing; the compiler makes vector code of it.
    while let Some(stretch) = bytes.get(at..at + 32) {
        if stretch.iter().fold(0, |found, byte| found | markup_bits(*byte)) != 0 {
            break;
        }
        at += 32;
    }
    while let Some(word) = bytes.get(at..at + 8).and_then(|word| word.try_into().ok()) {
        let found = markup_in(u64::from_le_bytes(word));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    if at == bytes.len() {
        return None;
    }
    // The last word is looked at as a whole where there is one, without what was seen already.
    let Some(start) = bytes.len().checked_sub(8) else {
        return bytes[at..].iter().position(|byte| markup_bits(*byte) != 0).map(|found| at + found);
    };
    let word = bytes.get(start..).and_then(|word| word.try_into().ok())?;
    let found = markup_in(u64::from_le_bytes(word)) >> (8 * (at - start)) << (8 * (at - start));
    (found != 0).then(|| start + found.trailing_zeros() as usize / 8)
}

/// The high bit of every byte of a word that is a special character.
#[inline]
fn markup_in(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // The high bit of every byte that is zero, exactly.
    let zeros = |word: u64| !(((word & LOW) + LOW) | word | LOW);
    let quotes = zeros((word & !all(0x04)) ^ all(b'"'));
    let angles = zeros((word & !all(0x02)) ^ all(b'<'));
    quotes | angles | zeros(word ^ all(b'\''))
}

/// One for a special character, and zero for another. `"` and `&` differ in one bit, and so do `<` and `>`. There is no
/// branch in it, so that the compiler can make vector code of a loop over it.
#[inline]
fn markup_bits(byte: u8) -> u8 {
    u8::from(byte & !0x04 == b'"') | u8::from(byte & !0x02 == b'<') | u8::from(byte == b'\'')
}

fn reference(byte: u8) -> &'static str {
    match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&#34;",
        _ => "&#39;",
    }
}

/// Writes a value as its position asks for; `scratch` is where it is printed first.
pub(crate) fn write<'a>(
    arena: &'a Arena,
    escape: Escape,
    value: V<'a>,
    scratch: &mut Text,
    out: &mut Text,
) -> Result<()> {
    if let V::Object(Object::Vouched(kind, text)) = value
        && vouched_for(*kind, escape)
    {
        return write_vouched(text, escape, out);
    }
    match escape {
        Escape::Nothing => return Ok(()),
        Escape::None => return print(arena, value, out),
        Escape::Json => return push_json(arena, value, out),
        Escape::Script => return script::push_value(arena, value, scratch, out),
        Escape::ScriptAttribute => {
            script::push_value(arena, value, &mut Text::new(arena), scratch)?;
            return push(scratch.as_str(), out);
        }
        _ => {}
    }
    print(arena, value, scratch)?;
    let text = scratch.as_str();
    arena.spend(text.len() / 16)?;
    match escape {
        Escape::Attribute if matches!(value, V::Safe(_)) => push_markup_as_attribute(text, out),
        Escape::Document => {
            let mut once = Text::new(arena);
            push(text, &mut once)?;
            push(once.as_str(), out)
        }
        Escape::AddressStart => address::push_start(text, out),
        Escape::ResourceStart => address::push_resource(text, out),
        Escape::AddressPath => address::push_path(text, out),
        Escape::AddressQuery => address::push_query(text, out),
        Escape::Srcset => address::push_srcset(text, out),
        Escape::ScriptString => script::push_string(text, out),
        Escape::Style | Escape::StyleAttribute => script::push_style(text, out),
        Escape::StyleString => script::push_style_string(text, out),
        _ => push(text, out),
    }
}

/// HTML in an attribute keeps its references, which mean the same there, and loses what would end the attribute.
fn push_markup_as_attribute(text: &str, out: &mut Text) -> Result<()> {
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '<', '>', '&']) {
        out.push_str(&rest[..at])?;
        let byte = rest.as_bytes()[at];
        let is_reference = byte == b'&' && rest[at + 1..].starts_with(|c: char| c == '#' || c.is_ascii_alphabetic());
        out.push_str(if is_reference { "&" } else { reference(byte) })?;
        rest = &rest[at + 1..];
    }
    out.push_str(rest)
}

/// Whether a text of a kind may stand at a position as it is.
fn vouched_for(kind: Kind, escape: Escape) -> bool {
    match kind {
        Kind::Url => matches!(escape, Escape::AddressStart | Escape::AddressPath),
        Kind::ResourceUrl => {
            matches!(escape, Escape::AddressStart | Escape::AddressPath | Escape::ResourceStart)
        }
        Kind::Script => matches!(escape, Escape::Script | Escape::ScriptAttribute),
        Kind::Style => matches!(escape, Escape::Style | Escape::StyleAttribute),
    }
}

/// Writes a text that is vouched for: in an attribute its quotes are references, and in an element it cannot end it.
fn write_vouched(text: &str, escape: Escape, out: &mut Text) -> Result<()> {
    if !matches!(escape, Escape::Script | Escape::Style) {
        return push(text, out);
    }
    if text.contains("</") || text.contains("<!--") {
        return Err(Error::value("a script or a style that is vouched for must not contain `</` or `<!--`"));
    }
    out.push_str(text)
}
