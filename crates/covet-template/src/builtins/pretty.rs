//! The filter `pprint`, which divides what is wide into lines as Python's `pprint` does.

use super::{Args, Cx};
use crate::error::{Error, Result};
use crate::value::{Object, Text, V, order, repr, split_lines};

const WIDTH: usize = 80;
/// Containers are divided to this depth.
const MAX_DEPTH: usize = 60;

pub(super) fn pprint<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let mut out = Text::new(cx.arena);
    // Dicts are printed in the order of their keys, on every level.
    let value = sorted(cx, value, 0)?;
    Pretty { cx, out: &mut out }.value(value, Place { indent: 0, allowance: 0, level: 0 })?;
    out.finish(cx.arena, false)
}

/// Where a value is written.
#[derive(Clone, Copy)]
struct Place {
    /// How far the line is indented.
    indent: usize,
    /// How much is going to follow on the last line.
    allowance: usize,
    level: usize,
}

struct Pretty<'p, 'a> {
    cx: &'p Cx<'a>,
    out: &'p mut Text,
}

impl<'a> Pretty<'_, 'a> {
    fn value(&mut self, value: V<'a>, place: Place) -> Result<()> {
        if place.level > MAX_DEPTH {
            return Err(Error::value("the value nests too deep to be printed"));
        }
        let plain = self.plain(value)?;
        if plain.chars().count() <= WIDTH.saturating_sub(place.indent + place.allowance) {
            return self.out.push_str(&plain);
        }
        let inside = Place { level: place.level + 1, ..place };
        match value {
            V::Str(text) => self.string(text, &plain, inside),
            V::List(list) => self.sequence(list.iter().collect(), ("[", "]"), inside),
            V::Tuple(items) => {
                let close = if items.len() == 1 { ",)" } else { ")" };
                self.sequence(items.to_vec(), ("(", close), inside)
            }
            V::Object(Object::Group(pair)) => self.sequence(pair.to_vec(), ("(", ")"), inside),
            V::Dict(dict) => self.dict(dict.iter().collect(), inside),
            _ => self.out.push_str(&plain),
        }
    }

    fn plain(&self, value: V<'a>) -> Result<String> {
        let mut text = Text::new(self.cx.arena);
        repr(self.cx.arena, value, &mut text)?;
        Ok(text.into_string())
    }

    fn line(&mut self, indent: usize) -> Result<()> {
        self.out.push_str("\n")?;
        self.out.repeat(' ', indent)
    }

    fn sequence(&mut self, items: Vec<V<'a>>, (open, close): (&str, &str), place: Place) -> Result<()> {
        self.out.push_str(open)?;
        let count = items.len();
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push_str(",")?;
                self.line(place.indent + 1)?;
            }
            let allowance = if index + 1 == count { place.allowance + close.len() } else { 1 };
            self.value(item, Place { indent: place.indent + 1, allowance, level: place.level })?;
        }
        self.out.push_str(close)
    }

    fn dict(&mut self, entries: Vec<(V<'a>, V<'a>)>, place: Place) -> Result<()> {
        self.out.push_str("{")?;
        let count = entries.len();
        for (index, (key, value)) in entries.into_iter().enumerate() {
            if index > 0 {
                self.out.push_str(",")?;
                self.line(place.indent + 1)?;
            }
            let key = self.plain(key)?;
            self.out.push_str(&key)?;
            self.out.push_str(": ")?;
            let indent = place.indent + 1 + key.chars().count() + 2;
            let allowance = if index + 1 == count { place.allowance + 1 } else { 1 };
            self.value(value, Place { indent, allowance, level: place.level })?;
        }
        self.out.push_str("}")
    }

    /// A text is divided at its line ends and between its words.
    fn string(&mut self, text: &'a str, plain: &str, place: Place) -> Result<()> {
        let is_outermost = place.level == 1;
        let indent = place.indent + usize::from(is_outermost);
        let allowance = place.allowance + usize::from(is_outermost);
        let chunks = self.chunks(text, WIDTH.saturating_sub(indent), allowance)?;
        if chunks.len() < 2 {
            return self.out.push_str(plain);
        }
        if is_outermost {
            self.out.push_str("(")?;
        }
        for (index, chunk) in chunks.iter().enumerate() {
            if index > 0 {
                self.line(indent)?;
            }
            self.out.push_str(chunk)?;
        }
        if is_outermost { self.out.push_str(")") } else { Ok(()) }
    }

    fn chunks(&self, text: &'a str, width: usize, allowance: usize) -> Result<Vec<String>> {
        let arena = self.cx.arena;
        let mut chunks = Vec::new();
        let lines: Vec<&'a str> = split_lines(text).map(|(_, line)| line).collect();
        for (index, line) in lines.iter().enumerate() {
            let is_last_line = index + 1 == lines.len();
            let whole = self.plain(V::Str(line))?;
            if whole.chars().count() <= width.saturating_sub(if is_last_line { allowance } else { 0 }) {
                chunks.push(whole);
                continue;
            }
            let parts = words(line);
            let mut start = 0;
            let mut end = 0;
            for (at, part) in parts.iter().enumerate() {
                let is_last = is_last_line && at + 1 == parts.len();
                let candidate = self.plain(V::Str(&line[start..end + part.len()]))?;
                arena.spend(1 + candidate.len() / 16)?;
                if candidate.chars().count() > width.saturating_sub(if is_last { allowance } else { 0 }) {
                    if end > start {
                        chunks.push(self.plain(V::Str(&line[start..end]))?);
                    }
                    start = end;
                }
                end += part.len();
            }
            if end > start {
                chunks.push(self.plain(V::Str(&line[start..end]))?);
            }
        }
        Ok(chunks)
    }
}

/// The words of a line, each with the white space behind it.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let blank = rest[word..].find(|c: char| !c.is_whitespace()).unwrap_or(rest.len() - word);
        words.push(&rest[..word + blank]);
        rest = &rest[word + blank..];
    }
    words
}

fn sorted<'a>(cx: &Cx<'a>, value: V<'a>, depth: usize) -> Result<V<'a>> {
    if depth > MAX_DEPTH {
        return Err(Error::value("the value nests too deep to be printed"));
    }
    cx.arena.spend(1)?;
    Ok(match value {
        V::Dict(dict) => {
            let mut entries: Vec<(V<'a>, V<'a>)> = Vec::with_capacity(dict.len());
            for (key, value) in dict.iter() {
                entries.push((key, sorted(cx, value, depth + 1)?));
            }
            // Keys that have no order keep the one they have.
            entries
                .sort_by(|(left, _), (right, _)| order(cx.arena, *left, *right).unwrap_or(std::cmp::Ordering::Equal));
            V::Dict(crate::value::Dict::with_entries(cx.arena, &entries)?)
        }
        V::List(list) => {
            let items = list.iter().map(|item| sorted(cx, item, depth + 1)).collect::<Result<Vec<_>>>()?;
            super::functions::list_of(cx, &items)?
        }
        V::Tuple(items) => {
            let items = items.iter().map(|item| sorted(cx, *item, depth + 1)).collect::<Result<Vec<_>>>()?;
            V::Tuple(cx.arena.values(&items)?)
        }
        value => value,
    })
}
