//! Scripts, data for scripts, and style sheets.

use crate::error::{Error, Result};
use crate::value::{Arena, Cursor, Object, Text, V, print, print_float};

const MAX_DEPTH: usize = 60;

/// A value as an expression of JavaScript, with spaces around it so that it cannot join what it stands beside.
pub(super) fn push_value<'a>(arena: &'a Arena, value: V<'a>, scratch: &mut Text, out: &mut Text) -> Result<()> {
    scratch.clear();
    let start = out.len();
    let is_text = matches!(value, V::Str(_) | V::Safe(_));
    if !is_text {
        out.push_str(" ")?;
    }
    json(arena, value, &Style { paranoid: true, indent: None }, 0, out)?;
    if !is_text && out.len() > start {
        out.push_str(" ")?;
    }
    Ok(())
}

/// A value inside of a literal: everything but letters, digits, spaces and underscores is an escape, so that the text
/// is the same in every kind of literal and inert in code.
pub(super) fn push_string(text: &str, out: &mut Text) -> Result<()> {
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == ' ' || c == '_' {
            out.push(c)?;
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04X}"))?;
        }
    }
    Ok(())
}

/// A value in a style sheet: a word, a number, a colour, or a list of them.
pub(super) fn push_style(text: &str, out: &mut Text) -> Result<()> {
    let lower = text.to_ascii_lowercase();
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || " #.,%+-_!".contains(c));
    let is_code = lower.contains("expression") || lower.contains("mozbinding") || lower.contains("moz-binding");
    out.push_str(if is_plain && !is_code { text } else { "blocked" })
}

/// A text between quotes in a style sheet.
pub(super) fn push_style_string(text: &str, out: &mut Text) -> Result<()> {
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == ' ' || c == '_' || !c.is_ascii() {
            out.push(c)?;
        } else {
            out.push_str(&format!("\\{:06X}", c as u32))?;
        }
    }
    Ok(())
}

struct Style {
    paranoid: bool,
    indent: Option<usize>,
}

/// A value as JSON that may also stand in a script, as Jinja2's `tojson` writes it.
pub(crate) fn push_json<'a>(arena: &'a Arena, value: V<'a>, out: &mut Text) -> Result<()> {
    json(arena, value, &Style { paranoid: false, indent: None }, 0, out)
}

/// The same on several lines.
pub(crate) fn push_json_indented<'a>(arena: &'a Arena, value: V<'a>, indent: usize, out: &mut Text) -> Result<()> {
    json(arena, value, &Style { paranoid: false, indent: Some(indent) }, 0, out)
}

fn json<'a>(arena: &'a Arena, value: V<'a>, style: &Style, depth: usize, out: &mut Text) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(Error::value("the value nests too deep to be JSON"));
    }
    arena.spend(1)?;
    match value {
        V::None => out.push_str("null"),
        V::Bool(true) => out.push_str("true"),
        V::Bool(false) => out.push_str("false"),
        V::Int(number) => out.push_int(number),
        V::Big(number) => out.push_str(&number.to_string()),
        V::Float(number) if number.is_finite() => print_float(number, out),
        V::Float(_) => out.push_str("null"),
        V::Str(text) | V::Safe(text) => json_string(text, style, out),
        V::Dict(dict) | V::Object(&Object::Namespace(dict)) => {
            out.push_str("{")?;
            for (index, (key, value)) in dict.iter().enumerate() {
                separate(index, style, depth + 1, out)?;
                let mut name = Text::new(arena);
                json_key(arena, key, &mut name)?;
                json_string(name.as_str(), style, out)?;
                out.push_str(": ")?;
                json(arena, value, style, depth + 1, out)?;
            }
            if dict.len() > 0 {
                line(style, depth, out)?;
            }
            out.push_str("}")
        }
        V::List(_) | V::Tuple(_) | V::Range(_) | V::Object(Object::Group(_)) => {
            let mut cursor = Cursor::new(arena, value)?;
            out.push_str("[")?;
            let mut index = 0;
            while let Some(item) = cursor.next() {
                separate(index, style, depth + 1, out)?;
                json(arena, item, style, depth + 1, out)?;
                index += 1;
            }
            if index > 0 {
                line(style, depth, out)?;
            }
            out.push_str("]")
        }
        V::Record(_) | V::Seq(_) => json(arena, value.gathered(arena)?, style, depth, out),
        V::Undefined(_) if style.paranoid => out.push_str("null"),
        value => Err(value.mismatch("what becomes JSON", "data")),
    }
}

fn json_key<'a>(arena: &'a Arena, key: V<'a>, out: &mut Text) -> Result<()> {
    match key {
        V::None | V::Bool(_) | V::Float(_) => push_json(arena, key, out),
        key => print(arena, key, out),
    }
}

fn separate(index: usize, style: &Style, depth: usize, out: &mut Text) -> Result<()> {
    match (index, style.indent) {
        (0, _) => {}
        (_, None) => out.push_str(", ")?,
        (_, Some(_)) => out.push_str(",")?,
    }
    line(style, depth, out)
}

fn line(style: &Style, depth: usize, out: &mut Text) -> Result<()> {
    let Some(indent) = style.indent else { return Ok(()) };
    out.push_str("\n")?;
    out.repeat(' ', indent.saturating_mul(depth))
}

fn json_string(text: &str, style: &Style, out: &mut Text) -> Result<()> {
    out.push_str("\"")?;
    if style.paranoid {
        push_string(text, out)?;
        return out.push_str("\"");
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\"")?,
            '\\' => out.push_str("\\\\")?,
            '\n' => out.push_str("\\n")?,
            '\r' => out.push_str("\\r")?,
            '\t' => out.push_str("\\t")?,
            '\u{8}' => out.push_str("\\b")?,
            '\u{c}' => out.push_str("\\f")?,
            '<' | '>' | '&' | '\'' => out.push_str(&format!("\\u{:04x}", c as u32))?,
            c if c.is_ascii() && !c.is_ascii_control() => out.push(c)?,
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"))?;
                }
            }
        }
    }
    out.push_str("\"")
}
