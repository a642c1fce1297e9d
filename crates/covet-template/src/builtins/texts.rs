//! Filters of texts.

use super::args::Argument;
use super::{Args, Cx};
use crate::error::{Error, Result};
use crate::escape;
use crate::value::{Text, V, format_percent, split_lines};

pub(super) fn upper<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let (text, safe) = paid(cx, value)?;
    cx.like(safe, &text.to_uppercase())
}

pub(super) fn lower<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let (text, safe) = paid(cx, value)?;
    cx.like(safe, &text.to_lowercase())
}

/// The text of a value, whose length is paid for before it is walked over.
fn paid<'a>(cx: &Cx<'a>, value: V<'a>) -> Result<(&'a str, bool)> {
    let (text, safe) = cx.text(value)?;
    cx.arena.spend(text.len() / 8)?;
    if text.len() > cx.arena.largest() {
        return Err(Error::budget("memory"));
    }
    Ok((text, safe))
}

pub(super) fn capitalize<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let (text, safe) = paid(cx, value)?;
    cx.like(safe, &capitalized(text))
}

pub(super) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase())
        .unwrap_or_default()
}

/// Words begin after white space, hyphens and opening brackets, as Jinja2 has it.
pub(super) fn title<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let (text, safe) = paid(cx, value)?;
    let mut titled = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins {
            titled.extend(c.to_uppercase())
        } else {
            titled.extend(c.to_lowercase())
        }
        begins = c.is_whitespace() || matches!(c, '-' | '(' | '{' | '[' | '<');
    }
    cx.like(safe, &titled)
}

pub(super) fn trim<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [chars] = arguments.bind(["chars"])?;
    let (text, safe) = paid(cx, value)?;
    let trimmed = match chars.filter(|chars| !chars.is_none()) {
        Some(chars) => {
            let chars = chars.expect_str("chars")?;
            cx.arena.spend(text.len() * chars.len() / 64)?;
            text.trim_matches(|c| chars.contains(c))
        }
        None => text.trim(),
    };
    Ok(if safe { V::Safe(trimmed) } else { V::Str(trimmed) })
}

pub(super) fn string<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let (text, safe) = cx.text(value)?;
    Ok(if safe { V::Safe(text) } else { V::Str(text) })
}

pub(super) fn center<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [width] = arguments.bind(["width"])?;
    let width = usize::try_from(width.int_or("width", 80)?).unwrap_or(0);
    let (text, safe) = paid(cx, value)?;
    centered(cx, text, safe, width, ' ')
}

pub(super) fn centered<'a>(cx: &Cx<'a>, text: &str, safe: bool, width: usize, fill: char) -> Result<V<'a>> {
    let missing = width.saturating_sub(text.chars().count());
    // Python puts the odd blank on the left where the width is odd, and on the right otherwise.
    let left = missing / 2 + (missing & width & 1);
    let mut padded = Text::new(cx.arena);
    padded.repeat(fill, left)?;
    padded.push_str(text)?;
    padded.repeat(fill, missing - left)?;
    padded.finish(cx.arena, safe)
}

pub(super) fn format<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    if !arguments.positional.is_empty() && !arguments.keywords.is_empty() {
        return Err(Error::type_("a format takes positional or keyword arguments, not both"));
    }
    let operand = if arguments.keywords.is_empty() {
        V::Tuple(cx.arena.values(arguments.positional)?)
    } else {
        super::functions::dict(cx, arguments)?
    };
    let (text, safe) = cx.text(value)?;
    format_percent(cx.arena, if safe { V::Safe(text) } else { V::Str(text) }, operand)
}

pub(super) fn replace<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [old, new, count] = arguments.bind(["old", "new", "count"])?;
    let (old, new) = (old.required("old")?, new.required("new")?);
    let count = count.filter(|count| !count.is_none()).int_or("count", -1)?;
    let has_markup = [value, old, new].iter().any(|value| matches!(value, V::Safe(_)));
    let (text, was_safe) = paid(cx, value)?;
    let (old, new) = (cx.text(old)?, cx.text(new)?);
    if !cx.escapes || !has_markup {
        return replaced(cx, text, old.0, new.0, count, was_safe && cx.escapes);
    }
    // Where one of the texts is HTML, the others become HTML first.
    let html = |(text, safe): (&'a str, bool)| -> Result<&'a str> {
        if safe {
            return Ok(text);
        }
        let mut escaped = Text::new(cx.arena);
        escape::push(text, &mut escaped)?;
        cx.arena.str(escaped.as_str())
    };
    replaced(cx, html((text, was_safe))?, html(old)?, html(new)?, count, true)
}

pub(super) fn replaced<'a>(cx: &Cx<'a>, text: &str, old: &str, new: &str, count: i64, safe: bool) -> Result<V<'a>> {
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    let mut out = Text::new(cx.arena);
    let mut end = 0;
    for (at, found) in text.match_indices(old).take(limit) {
        cx.arena.spend(1)?;
        out.push_str(&text[end..at])?;
        out.push_str(new)?;
        end = at + found.len();
    }
    out.push_str(&text[end..])?;
    out.finish(cx.arena, safe)
}

pub(super) fn indent<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [width, first, blank] = arguments.bind(["width", "first", "blank"])?;
    let (text, safe) = paid(cx, value)?;
    let spaces = match width {
        Some(V::Str(text) | V::Safe(text)) => text.to_owned(),
        width => {
            let width = usize::try_from(width.int_or("width", 4)?).unwrap_or(0);
            let mut spaces = Text::new(cx.arena);
            spaces.repeat(' ', width)?;
            spaces.into_string()
        }
    };
    let (first, blank) = (first.truth_or(false), blank.truth_or(false));
    if let V::Undefined(name) = value {
        return Err(Error::undefined(name));
    }
    let mut out = Text::new(cx.arena);
    // A line end at the end has an empty line behind it.
    let ends = text.is_empty() || split_lines(text).last().is_some_and(|(line, end)| line.len() < end.len());
    let lines = split_lines(text).map(|(line, _)| line).chain(ends.then_some(""));
    for (index, line) in lines.enumerate() {
        if index > 0 {
            out.push_str("\n")?;
        }
        if (index > 0 || first) && (blank || !line.is_empty() || (index == 0 && first)) {
            out.push_str(&spaces)?;
        }
        out.push_str(line)?;
    }
    out.finish(cx.arena, safe)
}

pub(super) fn truncate<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [length, killwords, end, leeway] = arguments.bind(["length", "killwords", "end", "leeway"])?;
    let length = usize::try_from(length.int_or("length", 255)?).unwrap_or(0);
    let leeway = leeway.filter(|leeway| !leeway.is_none()).int_or("leeway", 5)?;
    let end = end.str_or("end", "...")?;
    if value.as_str().is_none() && !value.is_undefined() {
        return Err(value.mismatch("what is truncated", "a string"));
    }
    let (text, safe) = paid(cx, value)?;
    let count = text.chars().count();
    let end_length = end.chars().count();
    if length < end_length {
        return Err(Error::value(format!("the length must be at least {end_length}")));
    }
    if count <= length.saturating_add(usize::try_from(leeway).unwrap_or(0)) {
        return Ok(if safe { V::Safe(text) } else { V::Str(text) });
    }
    let cut: String = text.chars().take(length - end_length).collect();
    let kept = if killwords.truth_or(false) { &*cut } else { cut.rsplit_once(' ').map_or(&*cut, |(words, _)| words) };
    let mut out = Text::new(cx.arena);
    out.push_str(kept)?;
    out.push_str(end)?;
    out.finish(cx.arena, safe)
}

pub(super) fn wordcount<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let (text, _) = paid(cx, value)?;
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    Ok(V::Int(words.count() as i64))
}

pub(super) fn wordwrap<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let names = ["width", "break_long_words", "wrapstring", "break_on_hyphens"];
    let [width, break_long, wrap, hyphens] = arguments.bind(names)?;
    let width = usize::try_from(width.int_or("width", 79)?).unwrap_or(0).max(1);
    let wrap = match wrap.filter(|wrap| !wrap.is_none()) {
        Some(wrap) => wrap.expect_str("wrapstring")?,
        None => "\n",
    };
    if let V::Undefined(name) = value {
        return Err(Error::undefined(name));
    }
    let (text, safe) = paid(cx, value)?;
    let mut out = Text::new(cx.arena);
    for (index, (paragraph, _)) in split_lines(text).enumerate() {
        if index > 0 {
            out.push_str(wrap)?;
        }
        wrap_line(paragraph, width, (break_long.truth_or(true), hyphens.truth_or(true)), wrap, &mut out)?;
    }
    out.finish(cx.arena, safe)
}

fn wrap_line(line: &str, width: usize, (break_long, hyphens): (bool, bool), wrap: &str, out: &mut Text) -> Result<()> {
    let mut column = 0;
    let mut first = true;
    let mut pending_blank = "";
    for chunk in chunks(line, hyphens) {
        if chunk.trim().is_empty() {
            pending_blank = chunk;
            continue;
        }
        let mut rest = chunk;
        let blank = std::mem::take(&mut pending_blank);
        let blank_length = blank.chars().count();
        let length = rest.chars().count();
        if column + blank_length + length <= width {
            if column > 0 || first {
                out.push_str(blank)?;
                column += blank_length;
            }
        } else if break_long && length > width {
            let space = width.saturating_sub(column + blank_length);
            if column > 0 && space > 0 {
                out.push_str(blank)?;
                let (head, tail) = split_at_char(rest, space);
                out.push_str(head)?;
                rest = tail;
            }
            if column > 0 {
                out.push_str(wrap)?;
            }
            while rest.chars().count() > width {
                let (head, tail) = split_at_char(rest, width);
                out.push_str(head)?;
                out.push_str(wrap)?;
                rest = tail;
            }
            column = 0;
        } else if column > 0 {
            out.push_str(wrap)?;
            column = 0;
        }
        first = false;
        out.push_str(rest)?;
        column += rest.chars().count();
    }
    Ok(())
}

fn split_at_char(text: &str, count: usize) -> (&str, &str) {
    text.split_at(text.char_indices().nth(count).map_or(text.len(), |(at, _)| at))
}

/// Divides a line into words and the white space between them; words may also end after a hyphen between letters.
fn chunks(line: &str, hyphens: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut previous: Option<char> = None;
    let mut after_hyphen = false;
    for (at, c) in line.char_indices() {
        let turns = previous.is_some_and(|previous| previous.is_whitespace() != c.is_whitespace());
        if turns || (after_hyphen && c.is_alphabetic()) {
            parts.push(&line[start..at]);
            start = at;
        }
        after_hyphen = hyphens && c == '-' && at > start && previous.is_some_and(char::is_alphanumeric);
        previous = Some(c);
    }
    if start < line.len() {
        parts.push(&line[start..]);
    }
    parts
}
