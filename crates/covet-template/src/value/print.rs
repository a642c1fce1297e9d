//! Printing as Python prints.

use super::{Arena, Object, Text, V};
use crate::error::{Error, Result};

/// Containers are printed to this depth; what nests deeper probably contains itself.
const MAX_DEPTH: usize = 60;

/// Writes a value as `str` would.
pub(crate) fn print<'a>(arena: &'a Arena, value: V<'a>, out: &mut Text) -> Result<()> {
    match value {
        V::Str(text) | V::Safe(text) => out.push_str(text),
        V::Int(number) => out.push_int(number),
        V::Undefined(name) if arena.is_strict() && !name.is_empty() => Err(Error::undefined(name)),
        V::Unset | V::Shared(_) | V::Undefined(_) => Ok(()),
        V::Object(Object::Module(module)) => out.push_str(module.body),
        V::Object(Object::Vouched(_, text)) => out.push_str(text),
        value => nested(arena, value, out, 0),
    }
}

/// Writes a value as `repr` would.
pub(crate) fn repr<'a>(arena: &'a Arena, value: V<'a>, out: &mut Text) -> Result<()> {
    nested(arena, value, out, 0)
}

fn nested<'a>(arena: &'a Arena, value: V<'a>, out: &mut Text, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(Error::value("the value nests too deep to be printed"));
    }
    arena.spend(1)?;
    match value {
        V::Unset | V::Shared(_) | V::Undefined(_) => out.push_str("Undefined"),
        V::None => out.push_str("None"),
        V::Bool(true) => out.push_str("True"),
        V::Bool(false) => out.push_str("False"),
        V::Int(number) => out.push_int(number),
        V::Big(number) => out.push_str(&number.to_string()),
        V::Float(number) => print_float(number, out),
        V::Str(text) => quoted(text, out),
        V::Safe(text) => {
            out.push_str("Markup(")?;
            quoted(text, out)?;
            out.push_str(")")
        }
        V::List(list) => sequence(arena, list.iter(), ("[", "]"), out, depth),
        V::Tuple(items) => tuple(arena, items, out, depth),
        V::Dict(dict) => {
            out.push_str("{")?;
            for (index, (key, value)) in dict.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ")?;
                }
                nested(arena, key, out, depth + 1)?;
                out.push_str(": ")?;
                nested(arena, value, out, depth + 1)?;
            }
            out.push_str("}")
        }
        V::Range(range) => {
            out.push_str("range(")?;
            out.push_int(range.start)?;
            out.push_str(", ")?;
            out.push_int(range.stop)?;
            if range.step != 1 {
                out.push_str(", ")?;
                out.push_int(range.step)?;
            }
            out.push_str(")")
        }
        V::Record(_) | V::Seq(_) => nested(arena, value.gathered(arena)?, out, depth),
        V::Object(object) => print_object(arena, object, out, depth),
    }
}

fn tuple<'a>(arena: &'a Arena, items: &[V<'a>], out: &mut Text, depth: usize) -> Result<()> {
    let close = if items.len() == 1 { ",)" } else { ")" };
    sequence(arena, items.iter().copied(), ("(", close), out, depth)
}

fn sequence<'a>(
    arena: &'a Arena,
    items: impl Iterator<Item = V<'a>>,
    (open, close): (&str, &str),
    out: &mut Text,
    depth: usize,
) -> Result<()> {
    out.push_str(open)?;
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push_str(", ")?;
        }
        nested(arena, item, out, depth + 1)?;
    }
    out.push_str(close)
}

fn print_object<'a>(arena: &'a Arena, object: &'a Object<'a>, out: &mut Text, depth: usize) -> Result<()> {
    match object {
        Object::Vouched(_, text) => quoted(text, out),
        Object::Namespace(dict) => {
            out.push_str("<Namespace ")?;
            nested(arena, V::Dict(dict), out, depth + 1)?;
            out.push_str(">")
        }
        Object::Group(pair) => tuple(arena, pair, out, depth),
        Object::Loop(state) => {
            out.push_str("<LoopContext ")?;
            out.push_int(state.index.get() as i64 + 1)?;
            out.push_str("/")?;
            out.push_int(state.length as i64)?;
            out.push_str(">")
        }
        Object::Macro(value) => match value.instance.program.unit_name(value.unit) {
            "caller" => out.push_str("<Macro anonymous>"),
            name => {
                out.push_str("<Macro '")?;
                out.push_str(name)?;
                out.push_str("'>")
            }
        },
        Object::Module(module) => {
            out.push_str("<TemplateModule '")?;
            out.push_str(module.name)?;
            out.push_str("'>")
        }
        object => {
            out.push_str("<")?;
            out.push_str(object.type_name().trim_start_matches("a "))?;
            out.push_str(">")
        }
    }
}

/// Writes a string literal with the quotes that Python would choose.
fn quoted(text: &str, out: &mut Text) -> Result<()> {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote)?;
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\")?,
            '\n' => out.push_str("\\n")?,
            '\r' => out.push_str("\\r")?,
            '\t' => out.push_str("\\t")?,
            c if c == quote => {
                out.push('\\')?;
                out.push(c)?;
            }
            c if (c as u32) < 0x20 || (0x7f..0xa1).contains(&(c as u32)) || c == '\u{ad}' => {
                out.push_str(&format!("\\x{:02x}", c as u32))?;
            }
            '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{feff}' => {
                out.push_str(&format!("\\u{:04x}", c as u32))?;
            }
            c => out.push(c)?,
        }
    }
    out.push(quote)
}

/// Writes the shortest text that reads back as the same number, in Python's choice of notation.
pub(crate) fn print_float(number: f64, out: &mut Text) -> Result<()> {
    if number.is_nan() {
        return out.push_str("nan");
    }
    if number.is_infinite() {
        return out.push_str(if number < 0.0 { "-inf" } else { "inf" });
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        out.push_str(&plain)?;
        return if plain.contains('.') { Ok(()) } else { out.push_str(".0") };
    }
    out.push_str(mantissa)?;
    out.push_str(&format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()))
}
