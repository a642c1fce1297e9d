//! Methods of texts.

use super::functions::list_of;
use super::texts::{capitalized, centered, replaced};
use super::{Args, Cx};
use crate::error::{Error, Result};
use crate::value::{Cursor, Fields, Text, V, format_fields, split_lines};

const NAMES: [&str; 44] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "upper",
    "zfill",
];

pub(super) fn has(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

pub(super) fn call<'a>(cx: &Cx<'a>, receiver: V<'a>, name: &str, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let text = receiver.expect_str("the text")?;
    let safe = matches!(receiver, V::Safe(_));
    cx.arena.spend(1 + text.len() / 8)?;
    if text.len() > cx.arena.largest() {
        return Err(Error::budget("memory"));
    }
    if name == "format" {
        let named = |name: &str| Ok(arguments.keyword(name));
        return format_fields(cx.arena, receiver, &Fields { positional: arguments.positional, named: &named });
    }
    if name == "format_map" {
        let [V::Dict(values)] = arguments.positional else {
            return Err(Error::type_("`format_map` takes a dict"));
        };
        let named = |name: &str| values.get_str(cx.arena, name);
        return format_fields(cx.arena, receiver, &Fields { positional: &[], named: &named });
    }
    if let Some(answer) = asked(text, name) {
        return Ok(V::Bool(answer));
    }
    if let Some(changed) = changed(text, name) {
        return cx.like(safe, &changed);
    }
    let [first, second, third] = arguments.bind(names_of(name))?;
    let call = Call { cx, text, safe, name, first, second, third };
    match name {
        "strip" | "lstrip" | "rstrip" => call.strip(),
        "startswith" | "endswith" => call.edge(),
        "split" | "rsplit" => call.split(),
        "find" | "rfind" | "index" | "rindex" | "count" => call.search(),
        "ljust" | "rjust" | "center" | "zfill" => call.pad(),
        "partition" | "rpartition" => call.partition(),
        "join" => {
            let items = Cursor::new(cx.arena, call.first()?)?.collect(cx.arena)?;
            if let Some(other) = items.iter().find(|item| item.as_str().is_none() && !safe) {
                return Err(other.mismatch("what is joined", "a string"));
            }
            super::lists::join(cx, call.first()?, &Args::of(&[receiver]))
        }
        "replace" => {
            let count = call.third.map_or(Ok(-1), |count| count.expect_int("count"))?;
            replaced(cx, text, call.first_str()?, call.second_str()?, count, safe)
        }
        "removeprefix" => Ok(call.part(text.strip_prefix(call.first_str()?).unwrap_or(text))),
        "removesuffix" => Ok(call.part(text.strip_suffix(call.first_str()?).unwrap_or(text))),
        "splitlines" => call.lines(),
        _ => call.expand_tabs(),
    }
}

fn names_of(name: &str) -> [&'static str; 3] {
    match name {
        "split" | "rsplit" => ["sep", "maxsplit", ""],
        "replace" => ["old", "new", "count"],
        "splitlines" => ["keepends", "", ""],
        _ => ["first", "second", "third"],
    }
}

/// Methods that answer whether a text is something.
fn asked(text: &str, name: &str) -> Option<bool> {
    let all = |wanted: fn(char) -> bool| !text.is_empty() && text.chars().all(wanted);
    let cased =
        |wanted: fn(char) -> bool, other: fn(char) -> bool| text.chars().any(wanted) && !text.chars().any(other);
    Some(match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => text.is_ascii(),
        "isdecimal" | "isdigit" => all(|c| c.is_ascii_digit()),
        "isnumeric" => all(char::is_numeric),
        "isprintable" => text.chars().all(|c| !c.is_control() && (c == ' ' || !c.is_whitespace())),
        "isspace" => all(char::is_whitespace),
        "islower" => cased(char::is_lowercase, char::is_uppercase),
        "isupper" => cased(char::is_uppercase, char::is_lowercase),
        "istitle" => !text.is_empty() && text.chars().any(char::is_alphabetic) && title_of(text) == text,
        "isidentifier" => {
            let mut chars = text.chars();
            chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
                && chars.all(|c| c.is_alphanumeric() || c == '_')
        }
        _ => return None,
    })
}

/// Methods without arguments that answer another text.
fn changed(text: &str, name: &str) -> Option<String> {
    Some(match name {
        "upper" => text.to_uppercase(),
        "lower" => text.to_lowercase(),
        "casefold" => text.to_lowercase().replace('ß', "ss").replace('ς', "σ"),
        "capitalize" => capitalized(text),
        "title" => title_of(text),
        "swapcase" => {
            let swap = |c: char| {
                if c.is_uppercase() { c.to_lowercase().collect::<String>() } else { c.to_uppercase().collect() }
            };
            text.chars().map(swap).collect()
        }
        _ => return None,
    })
}

/// Python's method begins a word after everything that is no letter.
fn title_of(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            titled.extend(c.to_lowercase())
        } else {
            titled.extend(c.to_uppercase())
        }
        inside = c.is_alphabetic();
    }
    titled
}

struct Call<'c, 'a> {
    cx: &'c Cx<'a>,
    text: &'a str,
    safe: bool,
    name: &'c str,
    first: Option<V<'a>>,
    second: Option<V<'a>>,
    third: Option<V<'a>>,
}

impl<'a> Call<'_, 'a> {
    fn first(&self) -> Result<V<'a>> {
        self.first.ok_or_else(|| Error::type_(format!("`{}` takes an argument", self.name)))
    }

    fn first_str(&self) -> Result<&'a str> {
        self.first()?.expect_str("the argument")
    }

    fn second_str(&self) -> Result<&'a str> {
        let second = self.second.ok_or_else(|| Error::type_(format!("`{}` takes two arguments", self.name)))?;
        second.expect_str("the argument")
    }

    fn part(&self, text: &'a str) -> V<'a> {
        if self.safe { V::Safe(text) } else { V::Str(text) }
    }

    fn strip(&self) -> Result<V<'a>> {
        let chars = match self.first.filter(|first| !first.is_none()) {
            Some(chars) => Some(chars.expect_str("the characters")?),
            None => None,
        };
        if let Some(chars) = chars {
            self.cx.arena.spend(self.text.len() * chars.len() / 64)?;
        }
        let matches = |c: char| chars.map_or(c.is_whitespace(), |chars| chars.contains(c));
        Ok(self.part(match self.name {
            "lstrip" => self.text.trim_start_matches(matches),
            "rstrip" => self.text.trim_end_matches(matches),
            _ => self.text.trim_matches(matches),
        }))
    }

    fn edge(&self) -> Result<V<'a>> {
        let candidates = match self.first()? {
            V::Tuple(items) => items.to_vec(),
            only => vec![only],
        };
        let (_, text) = self.range()?;
        for candidate in candidates {
            let candidate = candidate.expect_str("the argument")?;
            let found = if self.name == "startswith" { text.starts_with(candidate) } else { text.ends_with(candidate) };
            if found {
                return Ok(V::Bool(true));
            }
        }
        Ok(V::Bool(false))
    }

    fn split(&self) -> Result<V<'a>> {
        let limit = self.second.map_or(Ok(-1), |limit| limit.expect_int("maxsplit"))?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX - 1);
        let separator = match self.first.filter(|first| !first.is_none()) {
            Some(separator) => Some(separator.expect_str("the separator")?),
            None => None,
        };
        let mut parts: Vec<&str> = match (separator, self.name) {
            (Some(""), _) => return Err(Error::value("the separator is empty")),
            (Some(separator), "split") => self.text.splitn(limit + 1, separator).collect(),
            (Some(separator), _) => self.text.rsplitn(limit + 1, separator).collect(),
            (None, name) => return self.split_words(limit, name == "split"),
        };
        if self.name == "rsplit" {
            parts.reverse();
        }
        self.cx.arena.reserve(parts.len() * 24)?;
        list_of(self.cx, &parts.into_iter().map(|part| self.part(part)).collect::<Vec<_>>())
    }

    fn split_words(&self, limit: usize, from_start: bool) -> Result<V<'a>> {
        let mut parts = Vec::new();
        let mut rest = self.text.trim();
        while !rest.is_empty() {
            let cut = if from_start { rest.find(char::is_whitespace) } else { rest.rfind(char::is_whitespace) };
            let Some(cut) = cut.filter(|_| parts.len() < limit) else {
                parts.push(rest);
                break;
            };
            if from_start {
                parts.push(&rest[..cut]);
                rest = rest[cut..].trim_start();
            } else {
                let width = rest[cut..].chars().next().map_or(1, char::len_utf8);
                parts.push(&rest[cut + width..]);
                rest = rest[..cut].trim_end();
            }
        }
        if !from_start {
            parts.reverse();
        }
        self.cx.arena.reserve(parts.len() * 24)?;
        list_of(self.cx, &parts.into_iter().map(|part| self.part(part)).collect::<Vec<_>>())
    }

    fn search(&self) -> Result<V<'a>> {
        let wanted = self.first_str()?;
        let (skipped, text) = self.range()?;
        if self.name == "count" {
            return Ok(V::Int(text.matches(wanted).count() as i64));
        }
        let found = if self.name.starts_with('r') { text.rfind(wanted) } else { text.find(wanted) };
        let index = found.map(|at| skipped + text[..at].chars().count() as i64);
        match index {
            None if self.name.ends_with("index") => Err(Error::value("the text does not contain the other")),
            index => Ok(V::Int(index.unwrap_or(-1))),
        }
    }

    /// The part of the text between the second and the third argument, and how many characters are before it.
    fn range(&self) -> Result<(i64, &'a str)> {
        if self.second.is_none() {
            return Ok((0, self.text));
        }
        let length = self.text.chars().count() as i64;
        let bound = |bound: Option<V<'a>>, default: i64| match bound.filter(|bound| !bound.is_none()) {
            Some(bound) => {
                let bound = bound.expect_int("a bound")?;
                Ok(if bound < 0 { bound.saturating_add(length) } else { bound }.clamp(0, length))
            }
            None => Ok(default),
        };
        let (start, stop) = (bound(self.second, 0)?, bound(self.third, length)?);
        let byte = |at: i64| self.text.char_indices().nth(at as usize).map_or(self.text.len(), |(byte, _)| byte);
        Ok((start, if start < stop { &self.text[byte(start)..byte(stop)] } else { "" }))
    }

    fn pad(&self) -> Result<V<'a>> {
        let width = usize::try_from(self.first()?.expect_int("the width")?).unwrap_or(0);
        let fill = match self.second {
            Some(fill) => {
                let mut chars = fill.expect_str("the fill")?.chars();
                let (first, None) = (chars.next(), chars.next()) else {
                    return Err(Error::type_("the fill is one character"));
                };
                first.unwrap_or(' ')
            }
            None => ' ',
        };
        if self.name == "center" {
            return centered(self.cx, self.text, self.safe, width, fill);
        }
        let missing = width.saturating_sub(self.text.chars().count());
        let mut out = Text::new(self.cx.arena);
        let signed = self.name == "zfill" && self.text.starts_with(['+', '-']);
        match self.name {
            "ljust" => {
                out.push_str(self.text)?;
                out.repeat(fill, missing)?;
            }
            "zfill" => {
                let (sign, digits) = self.text.split_at(usize::from(signed));
                out.push_str(sign)?;
                out.repeat('0', missing)?;
                out.push_str(digits)?;
            }
            _ => {
                out.repeat(fill, missing)?;
                out.push_str(self.text)?;
            }
        }
        out.finish(self.cx.arena, self.safe)
    }

    fn partition(&self) -> Result<V<'a>> {
        let separator = self.first_str()?;
        let empty = self.part("");
        let parts =
            if self.name == "partition" { self.text.split_once(separator) } else { self.text.rsplit_once(separator) };
        let parts = match parts {
            Some((head, tail)) => [self.part(head), self.part(separator), self.part(tail)],
            None if self.name == "partition" => [self.part(self.text), empty, empty],
            None => [empty, empty, self.part(self.text)],
        };
        Ok(V::Tuple(self.cx.arena.values(&parts)?))
    }

    fn lines(&self) -> Result<V<'a>> {
        let keep = self.first.is_some_and(V::is_true);
        let lines = split_lines(self.text).map(|(line, end)| if keep { end } else { line });
        let lines: Vec<V<'a>> = lines.map(|line| self.part(line)).collect();
        self.cx.arena.reserve(lines.len() * 24)?;
        list_of(self.cx, &lines)
    }

    fn expand_tabs(&self) -> Result<V<'a>> {
        let size = self.first.map_or(Ok(8), |size| size.expect_int("the size"))?;
        let size = usize::try_from(size).unwrap_or(0);
        let mut out = Text::new(self.cx.arena);
        let mut column = 0;
        for c in self.text.chars() {
            match c {
                '\t' => {
                    let blanks = size.saturating_sub(column % size.max(1));
                    out.repeat(' ', blanks)?;
                    column += blanks;
                }
                c => {
                    out.push(c)?;
                    column = if c == '\n' { 0 } else { column + 1 };
                }
            }
        }
        out.finish(self.cx.arena, self.safe)
    }
}
