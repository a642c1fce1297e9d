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

/// Removes comments and tags, and makes one blank of all white space.
pub(super) fn striptags<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let (text, _) = cx.text(value)?;
    cx.arena.spend(text.len() / 8)?;
    let without_comments = without(text, "<!--", "-->");
    let plain = without(&without_comments, "<", ">");
    let collapsed = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    cx.like(false, &unescaped(&collapsed))
}

/// Removes what stands between two delimiters, as long as every opening one is closed.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        let Some(length) = rest[start..].find(close) else { break };
        kept.push_str(&rest[..start]);
        rest = &rest[start + length + close.len()..];
    }
    kept + rest
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.as_bytes().iter().take(12).position(|byte| *byte == b';');
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((c, end)) => {
                plain.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain + rest
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "copy" => '©',
        "reg" => '®',
        "raquo" => '»',
        "laquo" => '«',
        "hellip" => '…',
        "mdash" => '—',
        "ndash" => '–',
        _ => return None,
    })
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
        V::List(_) | V::Tuple(_) => Cursor::new(value)?.collect(cx.arena)?,
        value => {
            quote(cx, value, true, &mut out)?;
            return out.finish(cx.arena, false);
        }
    };
    for (index, entry) in pairs.into_iter().enumerate() {
        let parts = Cursor::new(entry)?.collect(cx.arena)?;
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

pub(super) fn urlize<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let names = ["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"];
    let [limit, nofollow, target, rel, _] = arguments.bind(names)?;
    let limit = match limit.filter(|limit| !limit.is_none()) {
        Some(limit) => usize::try_from(limit.expect_int("trim_url_limit")?).unwrap_or(0),
        None => usize::MAX,
    };
    let mut rels: Vec<&str> = rel.filter(|rel| !rel.is_none()).str_or("rel", "")?.split_whitespace().collect();
    if nofollow.truth_or(false) {
        rels.push("nofollow");
    }
    rels.push("noopener");
    rels.sort_unstable();
    rels.dedup();
    let mut attributes = format!(" rel=\"{}\"", crate::escape::html(&rels.join(" ")));
    if let Some(target) = target.filter(|target| !target.is_none()) {
        let target = target.expect_str("target")?;
        attributes += &format!(" target=\"{}\"", crate::escape::html(target));
    }
    let (text, safe) = cx.text(value)?;
    let mut escaped = Text::new(cx.arena);
    if safe {
        escaped.push_str(text)?
    } else {
        push(text, &mut escaped)?
    }
    let mut out = Text::new(cx.arena);
    let mut rest = escaped.as_str();
    while !rest.is_empty() {
        let blank = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        out.push_str(&rest[..blank])?;
        rest = &rest[blank..];
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        link(&rest[..word], limit, &attributes, &mut out)?;
        rest = &rest[word..];
    }
    out.finish(cx.arena, cx.escapes)
}

/// Writes a word, as a link if it is an address.
fn link(word: &str, limit: usize, attributes: &str, out: &mut Text) -> Result<()> {
    let (head, middle, tail) = bare(word);
    let web = middle.strip_prefix("https://").or(middle.strip_prefix("http://"));
    let address = if let Some(rest) = web {
        is_host(rest).then(|| middle.to_owned())
    } else if (middle.starts_with("www.") && is_host(middle)) || is_domain(middle) {
        Some(format!("https://{middle}"))
    } else if middle.starts_with("mailto:") && is_mail(&middle[7..]) {
        Some(middle.to_owned())
    } else if is_mail(middle) {
        Some(format!("mailto:{middle}"))
    } else {
        None
    };
    let Some(address) = address.filter(|_| middle.contains('.')) else { return out.push_str(word) };
    out.push_str(head)?;
    let is_mail = address.starts_with("mailto:");
    let shown = middle.strip_prefix("mailto:").unwrap_or(middle);
    let cut = shown.char_indices().nth(limit).map(|(at, _)| at).filter(|_| !is_mail);
    let attributes = if is_mail { "" } else { attributes };
    out.push_str(&format!("<a href=\"{address}\"{attributes}>"))?;
    match cut {
        Some(at) => {
            out.push_str(&shown[..at])?;
            out.push_str("...")?;
        }
        None => out.push_str(shown)?,
    }
    out.push_str("</a>")?;
    out.push_str(tail)
}

/// A word without the brackets and the punctuation around it.
fn bare(word: &str) -> (&str, &str, &str) {
    let mut middle = word;
    while let Some(rest) = ["(", "<", "&lt;"].iter().find_map(|open| middle.strip_prefix(open)) {
        middle = rest;
    }
    let head = &word[..word.len() - middle.len()];
    let start = head.len();
    while let Some(rest) = [")", ">", ".", ",", "\n", "&gt;"].iter().find_map(|close| middle.strip_suffix(close)) {
        // A bracket that opens inside of the address closes inside of it.
        if middle.ends_with(')') && rest.matches('(').count() > rest.matches(')').count() {
            break;
        }
        middle = rest;
    }
    (head, middle, &word[start + middle.len()..])
}

/// Whether a text begins with a host of at least two labels, the last of which could be that of a country.
fn is_host(text: &str) -> bool {
    let host = text.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let Some((labels, top)) = host.rsplit_once('.') else { return host.eq_ignore_ascii_case("localhost") };
    let is_top = top.len() >= 2 && top.chars().all(char::is_alphabetic);
    let is_number = top.chars().all(|c| c.is_ascii_digit()) && labels.split('.').count() == 3;
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || "-_%".contains(c));
    (is_top || is_number || top.starts_with("xn--")) && labels.split('.').all(is_label)
}

fn is_domain(text: &str) -> bool {
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let has_ending = [".com", ".net", ".org"].iter().any(|ending| host.ends_with(ending));
    has_ending && !host.starts_with('.') && !text.contains(['@', ':'])
}

fn is_mail(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let is_name = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let is_host = |c: char| c.is_alphanumeric() || ".-".contains(c);
    !name.is_empty()
        && name.chars().all(is_name)
        && host.chars().all(is_host)
        && host.split('.').all(|part| !part.is_empty())
        && host.contains('.')
}
