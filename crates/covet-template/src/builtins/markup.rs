//! Filters of HTML and of addresses.

use super::args::Argument;
use super::{Args, Cx};
use crate::error::{Error, Result};
use crate::escape::{push, push_json, push_json_indented};
use crate::value::{Cursor, Text, V, print};

pub(super) fn escape<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    if matches!(value, V::Safe(_)) { Ok(value) } else { forceescape(cx, value, arguments) }
}

pub(super) fn forceescape<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let (text, _) = cx.text(value)?;
    let mut out = Text::new(cx.arena);
    push(text, &mut out)?;
    out.finish(cx.arena, true)
}

pub(super) fn safe<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    cx.text(value).map(|(text, _)| V::Safe(text))
}

pub(super) fn tojson<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [indent] = arguments.bind(["indent"])?;
    let mut out = Text::new(cx.arena);
    match indent.filter(|indent| !indent.is_none()) {
        Some(indent) => {
            let indent = usize::try_from(indent.expect_int("indent")?).unwrap_or(0);
            push_json_indented(cx.arena, value, indent, &mut out)?;
        }
        None => push_json(cx.arena, value, &mut out)?,
    }
    out.finish(cx.arena, true)
}

pub(super) fn xmlattr<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [autospace] = arguments.bind(["autospace"])?;
    let V::Dict(dict) = value else { return Err(value.mismatch("what becomes attributes", "a dict")) };
    let mut out = Text::new(cx.arena);
    for (key, value) in dict.iter() {
        if value.is_none() || value.is_undefined() {
            continue;
        }
        let (name, _) = cx.text(key)?;
        let is_invalid =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '>' | '=' | '<' | '"' | '\'');
        if name.is_empty() || name.contains(is_invalid) {
            return Err(Error::value(format!("`{name}` cannot be the name of an attribute")));
        }
        if out.len() > 0 || autospace.truth_or(true) {
            out.push_str(" ")?;
        }
        push(name, &mut out)?;
        out.push_str("=\"")?;
        let (text, is_html) = cx.text(value)?;
        if is_html {
            out.push_str(&text.replace('"', "&#34;"))?
        } else {
            push(text, &mut out)?
        }
        out.push_str("\"")?;
    }
    out.finish(cx.arena, cx.escapes)
}

pub(super) fn urlencode<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let mut out = Text::new(cx.arena);
    let pairs: Vec<V<'a>> = match value {
        V::Dict(dict) => {
            for (index, (key, value)) in dict.iter().enumerate() {
                pair(cx, index, key, value, &mut out)?;
            }
            return out.finish(cx.arena, false);
        }
        V::List(_) | V::Tuple(_) => Cursor::new(cx.arena, value)?.collect(cx.arena)?,
        value => {
            quote(cx, value, true, &mut out)?;
            return out.finish(cx.arena, false);
        }
    };
    for (index, entry) in pairs.into_iter().enumerate() {
        let parts = Cursor::new(cx.arena, entry)?.collect(cx.arena)?;
        let [key, value] = parts.as_slice() else { return Err(Error::value("expected pairs of names and values")) };
        pair(cx, index, *key, *value, &mut out)?;
    }
    out.finish(cx.arena, false)
}

fn pair<'a>(cx: &Cx<'a>, index: usize, key: V<'a>, value: V<'a>, out: &mut Text) -> Result<()> {
    if index > 0 {
        out.push_str("&")?;
    }
    quote(cx, key, false, out)?;
    out.push_str("=")?;
    quote(cx, value, false, out)
}

/// Percent-encodes; in a query a blank is a plus sign and a slash is encoded.
fn quote<'a>(cx: &Cx<'a>, value: V<'a>, is_path: bool, out: &mut Text) -> Result<()> {
    let mut text = Text::new(cx.arena);
    print(cx.arena, value, &mut text)?;
    for byte in text.as_str().bytes() {
        match byte {
            b'/' if is_path => out.push('/')?,
            b' ' if !is_path => out.push('+')?,
            b'-' | b'.' | b'_' | b'~' => out.push(byte as char)?,
            byte if byte.is_ascii_alphanumeric() => out.push(byte as char)?,
            byte => out.push_str(&format!("%{byte:02X}"))?,
        }
    }
    Ok(())
}
