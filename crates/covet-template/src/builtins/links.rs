//! The filter `urlize`, a scanner without regular expressions that is linear in the text.

use super::args::Argument;
use super::{Args, Cx};
use crate::error::{Error, Result};
use crate::escape::{html, push};
use crate::value::{Cursor, Text, V};

pub(super) fn urlize<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let names = ["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"];
    let [limit, nofollow, target, rel, schemes] = arguments.bind(names)?;
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
    let mut attributes = format!(" rel=\"{}\"", html(&rels.join(" ")));
    if let Some(target) = target.filter(|target| !target.is_none()) {
        let target = target.expect_str("target")?;
        attributes += &format!(" target=\"{}\"", html(target));
    }
    let links = Links { limit, attributes, schemes: extra_schemes(cx, schemes)? };
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
        cx.arena.spend(1 + word / 16)?;
        links.word(&rest[..word], &mut out)?;
        rest = &rest[word..];
    }
    out.finish(cx.arena, cx.escapes)
}

/// Schemes such as `tel:` and `ftp://`; one that runs something is none.
fn extra_schemes<'a>(cx: &Cx<'a>, schemes: Option<V<'a>>) -> Result<Vec<&'a str>> {
    let Some(schemes) = schemes.filter(|schemes| !schemes.is_none()) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for scheme in Cursor::new(cx.arena, schemes)?.collect(cx.arena)? {
        let scheme = scheme.expect_str("a scheme")?;
        let name = scheme.trim_end_matches('/').strip_suffix(':').unwrap_or_default();
        let is_name = name.len() >= 2 && name.chars().all(|c| c.is_alphanumeric() || "_.+-".contains(c));
        let runs = ["javascript", "vbscript", "data"].iter().any(|scheme| name.eq_ignore_ascii_case(scheme));
        if !is_name || runs || scheme.len() > name.len() + 3 {
            return Err(Error::value(format!("`{scheme}` is no scheme for links")));
        }
        found.push(scheme);
    }
    Ok(found)
}

struct Links<'a> {
    limit: usize,
    attributes: String,
    schemes: Vec<&'a str>,
}

impl Links<'_> {
    /// Writes a word, as a link if it is an address.
    fn word(&self, word: &str, out: &mut Text) -> Result<()> {
        let (head, middle, tail) = bare(word);
        let is_mail = |text: &str| !text.starts_with('@') && is_mail(text);
        out.push_str(head)?;
        if is_web(middle) {
            let has_scheme = middle.starts_with("https://") || middle.starts_with("http://");
            let scheme = if has_scheme { "" } else { "https://" };
            out.push_str(&format!("<a href=\"{scheme}{middle}\"{}>", self.attributes))?;
            match middle.char_indices().nth(self.limit) {
                Some((cut, _)) => {
                    out.push_str(&middle[..cut])?;
                    out.push_str("...")?;
                }
                None => out.push_str(middle)?,
            }
            out.push_str("</a>")?;
        } else if let Some(mail) = middle.strip_prefix("mailto:").filter(|mail| is_mail(mail)) {
            out.push_str(&format!("<a href=\"{middle}\">{mail}</a>"))?;
        } else if !middle.starts_with("www.") && !middle.contains(':') && is_mail(middle) {
            out.push_str(&format!("<a href=\"mailto:{middle}\">{middle}</a>"))?;
        } else if self.schemes.iter().any(|scheme| middle != *scheme && middle.starts_with(scheme)) {
            out.push_str(&format!("<a href=\"{middle}\"{}>{middle}</a>", self.attributes))?;
        } else {
            out.push_str(middle)?;
        }
        out.push_str(tail)
    }
}

/// A word without the brackets and the punctuation around it.
fn bare(word: &str) -> (&str, &str, &str) {
    let mut start = 0;
    while let Some(open) = ["(", "<", "&lt;"].iter().find(|open| word[start..].starts_with(**open)) {
        start += open.len();
    }
    let mut end = word.len();
    let closing = [")", ">", ".", ",", "&gt;"];
    while let Some(close) = closing.iter().find(|close| word[start..end].ends_with(**close)) {
        end -= close.len();
    }
    // A bracket that opens inside of the address closes inside of it.
    for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
        let opened = word[start..end].matches(open).count();
        if opened <= word[start..end].matches(close).count() {
            continue;
        }
        for _ in 0..opened {
            let Some(at) = word[end..].find(close) else { break };
            end += at + close.len();
        }
    }
    (&word[..start], &word[start..end], &word[end..])
}

/// Whether a text is an address on the web: with a scheme, with `www.`, or with a well-known ending.
fn is_web(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let scheme = ["https://", "http://"].iter().find_map(|scheme| lower.strip_prefix(scheme));
    let named = scheme.or(lower.strip_prefix("www."));
    if named.is_some_and(|rest| ends_well(rest, host_length(rest).filter(|length| has_top(&rest[..*length])))) {
        return true;
    }
    if scheme.is_some_and(|rest| ends_well(rest, numeric_length(rest))) {
        return true;
    }
    let is_known = |host: &str| {
        let Some((labels, top)) = host.rsplit_once('.') else { return false };
        matches!(top, "com" | "net" | "int" | "edu" | "gov" | "org" | "info" | "mil")
            && labels.split('.').all(|label| (2..=63).contains(&label.chars().count()))
    };
    ends_well(&lower, host_length(&lower).filter(|length| is_known(&lower[..*length])))
}

/// The length of labels with dots between them.
fn host_length(text: &str) -> Option<usize> {
    let is_label = |c: char| c.is_alphanumeric() || "_%-.".contains(c);
    let length = text.find(|c: char| !is_label(c)).unwrap_or(text.len());
    (length > 0 && text[..length].split('.').all(|label| !label.is_empty())).then_some(length)
}

/// Whether the last label of a host could be that of a country, or is the only one.
fn has_top(host: &str) -> bool {
    let top = host.rsplit('.').next().unwrap_or_default();
    let is_plain = (2..=63).contains(&top.len()) && top.bytes().all(|byte| byte.is_ascii_lowercase());
    is_plain || top.strip_prefix("xn--").is_some_and(|rest| rest.len() >= 2)
}

/// The length of an address of numbers, of version 4 or of version 6 in brackets.
fn numeric_length(text: &str) -> Option<usize> {
    if let Some(inside) = text.strip_prefix('[') {
        let end = inside.find(']')?;
        let is_number = |c: char| c.is_ascii_hexdigit() || c == ':';
        return (inside[..end].matches(':').count() >= 2 && inside[..end].chars().all(is_number)).then_some(end + 2);
    }
    let length = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let parts: Vec<&str> = text[..length].split('.').collect();
    (parts.len() == 4 && parts.iter().all(|part| (1..=3).contains(&part.len()))).then_some(length)
}

/// Whether nothing but a port and a path follows a host.
fn ends_well(text: &str, host: Option<usize>) -> bool {
    let Some(length) = host else { return false };
    let rest = &text[length..];
    let rest = match rest.strip_prefix(':') {
        Some(port) => {
            let digits = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
            if !(1..=5).contains(&digits) {
                return false;
            }
            &port[digits..]
        }
        None => rest,
    };
    rest.is_empty() || rest.starts_with(['/', '?', '#'])
}

fn is_mail(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    !name.is_empty()
        && labels.starts_with(is_word)
        && labels.chars().all(|c| is_word(c) || c == '.' || c == '-')
        && !top.is_empty()
        && top.chars().all(is_word)
}
