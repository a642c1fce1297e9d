//! Indices and slices.

use super::{Arena, List, Memory, Object, Range, Text, V};
use crate::error::{Error, Result};

/// The item at an index or a key; nothing if there is none.
pub(crate) fn item<'a>(arena: &'a Arena, of: V<'a>, key: V<'a>) -> Result<Option<V<'a>>> {
    match of {
        V::Record(record) => {
            let at = key.as_str().and_then(|name| record.names().iter().position(|found| *found == name));
            at.map(|at| Ok(record.field(at, Memory(arena))?.0)).transpose()
        }
        V::Dict(dict) | V::Object(&Object::Namespace(dict)) => dict.get(arena, key),
        _ => match key.as_int() {
            Some(index) => at(arena, of, index),
            None => Ok(None),
        },
    }
}

fn at<'a>(arena: &'a Arena, of: V<'a>, index: i64) -> Result<Option<V<'a>>> {
    let position = |length: usize| {
        let index = if index < 0 { index.checked_add(length as i64)? } else { index };
        usize::try_from(index).ok().filter(|index| *index < length)
    };
    Ok(match of {
        V::List(list) => position(list.len()).and_then(|index| list.at(index)),
        V::Tuple(items) => position(items.len()).map(|index| items[index]),
        V::Object(Object::Group(pair)) => position(2).map(|index| pair[index]),
        V::Seq(sequence) => {
            return position(sequence.count()).map(|index| sequence.at(index, Memory(arena))).transpose();
        }
        V::Range(range) => position(range.len()).map(|index| V::Int(range.at(index))),
        V::Str(text) | V::Safe(text) => {
            arena.spend(text.len() / 16)?;
            let length = text.chars().count();
            let found = position(length).and_then(|index| text.char_indices().nth(index));
            found.map(|(start, c)| like(of, &text[start..start + c.len_utf8()]))
        }
        _ => None,
    })
}

fn like<'a>(of: V<'a>, text: &'a str) -> V<'a> {
    if matches!(of, V::Safe(_)) { V::Safe(text) } else { V::Str(text) }
}

/// A slice with Python's rules for what is missing, negative or too large.
pub(crate) fn slice<'a>(arena: &'a Arena, of: V<'a>, bounds: [V<'a>; 3]) -> Result<V<'a>> {
    let of = of.gathered(arena)?;
    let Some(length) = of.len().filter(|_| !matches!(of, V::Dict(_) | V::Object(Object::Loop(_)))) else {
        return Err(of.mismatch("what is sliced", "a sequence"));
    };
    let step = bound(bounds[2])?.unwrap_or(1);
    if step == 0 {
        return Err(Error::value("the step of a slice cannot be zero"));
    }
    let (start, stop) = limits(bound(bounds[0])?, bound(bounds[1])?, step, length as i64);
    let indices = Indices { next: start, stop, step };
    arena.spend(length)?;
    match of {
        V::Str(text) | V::Safe(text) if step == 1 => Ok(like(of, chars_between(text, start, stop))),
        V::Str(text) | V::Safe(text) => {
            arena.reserve(length * 4)?;
            let chars: Vec<char> = text.chars().collect();
            let mut sliced = Text::new(arena);
            for index in indices {
                sliced.push(chars[index])?;
            }
            sliced.finish(arena, matches!(of, V::Safe(_)))
        }
        V::Tuple(items) => {
            let sliced: Vec<V<'a>> = indices.map(|index| items[index]).collect();
            Ok(V::Tuple(arena.values(&sliced)?))
        }
        V::List(list) => {
            let sliced: Vec<V<'a>> = indices.filter_map(|index| list.at(index)).collect();
            Ok(V::List(List::new(arena, &sliced)?))
        }
        V::Range(range) => {
            let at = |index: i64| range.step.checked_mul(index).and_then(|distance| range.start.checked_add(distance));
            let too_large = || Error::value("the range is too large");
            let sliced = Range {
                start: at(start).ok_or_else(too_large)?,
                stop: at(stop).ok_or_else(too_large)?,
                step: range.step.checked_mul(step).ok_or_else(too_large)?,
                length: indices.count() as u32,
            };
            Ok(V::Range(arena.alloc(sliced)?))
        }
        of => Err(of.mismatch("what is sliced", "a sequence")),
    }
}

fn bound(value: V<'_>) -> Result<Option<i64>> {
    if value.is_none() { Ok(None) } else { value.expect_int("the bound of a slice").map(Some) }
}

fn limits(start: Option<i64>, stop: Option<i64>, step: i64, length: i64) -> (i64, i64) {
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clamp = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(length) } else { bound };
        bound.clamp(lowest, highest)
    };
    let (first, last) = if step > 0 { (lowest, highest) } else { (highest, lowest) };
    (start.map_or(first, clamp), stop.map_or(last, clamp))
}

struct Indices {
    next: i64,
    stop: i64,
    step: i64,
}

impl Iterator for Indices {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let inside = if self.step > 0 { self.next < self.stop } else { self.next > self.stop };
        if !inside {
            return None;
        }
        let index = self.next;
        self.next = self.next.saturating_add(self.step);
        usize::try_from(index).ok()
    }
}

fn chars_between(text: &str, start: i64, stop: i64) -> &str {
    let byte = |at: i64| text.char_indices().nth(at as usize).map_or(text.len(), |(byte, _)| byte);
    if start >= stop { "" } else { &text[byte(start)..byte(stop)] }
}
