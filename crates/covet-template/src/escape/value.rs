//! Values where they stand in a page.

use super::{address, push_json, script};
use crate::error::Result;
use crate::html::Escape;
use crate::value::{Arena, Text, V, print};

/// Appends a text escaped for HTML, with the references that Jinja2 uses.
pub(crate) fn push(text: &str, out: &mut Text) -> Result<()> {
    let bytes = text.as_bytes();
    let mut written = 0;
    let mut at = 0;
    while at < bytes.len() {
        // A stretch without a special character is skipped at once. Its length is not a constant, because the compiler
        // unrolls a loop of constant length instead of making vector code of it.
        let end = bytes.len().min(at + 32);
        if bytes[at..end].iter().fold(0, |found, byte| found | markup_bits(*byte)) == 0 {
            at = end;
            continue;
        }
        while at < end {
            if is_markup(bytes[at]) {
                out.push_str(&text[written..at])?;
                out.push_str(reference(bytes[at]))?;
                written = at + 1;
            }
            at += 1;
        }
    }
    out.push_str(&text[written..])
}

#[inline]
fn is_markup(byte: u8) -> bool {
    markup_bits(byte) != 0
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
pub(crate) fn write(arena: &Arena, escape: Escape, value: V<'_>, scratch: &mut Text, out: &mut Text) -> Result<()> {
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
        Escape::Style => script::push_style(text, out),
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
