//! Walking over what can be walked over.

use super::borrowed::{Memory, Sequence};
use super::{Arena, List, Object, Range, V};
use crate::error::{Error, Result};

/// A place in something that is iterated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cursor<'a> {
    List(&'a List<'a>, usize),
    Tuple(&'a [V<'a>]),
    Range(&'a Range, usize),
    Keys(&'a super::Dict<'a>, usize),
    Chars(&'a str),
    /// Borrowed values: the next one, and the end.
    Sequence(&'a dyn Sequence, usize, usize, &'a Arena),
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(arena: &'a Arena, value: V<'a>) -> Result<Self> {
        Ok(match value {
            V::List(list) => Cursor::List(list, 0),
            V::Tuple(items) => Cursor::Tuple(items),
            V::Range(range) => Cursor::Range(range, 0),
            V::Dict(dict) => Cursor::Keys(dict, 0),
            // The characters of HTML are not HTML each, as in Jinja2.
            V::Str(text) | V::Safe(text) => Cursor::Chars(text),
            V::Undefined(_) => Cursor::Tuple(&[]),
            V::Seq(sequence) => Cursor::Sequence(sequence, 0, sequence.count(), arena),
            V::Record(_) => return Self::new(arena, value.gathered(arena)?),
            V::Object(Object::Group(pair)) => Cursor::Tuple(pair),
            value => return Err(Error::type_(format!("{} cannot be iterated", value.type_name()))),
        })
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Option<V<'a>> {
        match self {
            Cursor::List(list, at) => {
                let item = list.at(*at)?;
                *at += 1;
                Some(item)
            }
            Cursor::Tuple(items) => {
                let (first, rest) = items.split_first()?;
                *items = rest;
                Some(*first)
            }
            Cursor::Range(range, at) => {
                if *at >= range.len() {
                    return None;
                }
                *at += 1;
                Some(V::Int(range.at(*at - 1)))
            }
            Cursor::Keys(dict, at) => {
                let entry = dict.entries().get(*at)?;
                *at += 1;
                Some(entry.get().0)
            }
            Cursor::Sequence(sequence, at, end, arena) => {
                if *at >= *end {
                    return None;
                }
                *at += 1;
                let item = sequence.at(*at - 1, Memory(arena));
                // The next operation of the rendering is going to fail with the error.
                Some(item.unwrap_or_else(|error| {
                    arena.fail(error);
                    V::None
                }))
            }
            Cursor::Chars(text) => {
                let first = text.chars().next()?;
                let (item, rest) = text.split_at(first.len_utf8());
                *text = rest;
                Some(V::Str(item))
            }
        }
    }

    /// How many items are still to come.
    pub(crate) fn remaining(&self) -> usize {
        match self {
            Cursor::List(list, at) => list.len().saturating_sub(*at),
            Cursor::Tuple(items) => items.len(),
            Cursor::Range(range, at) => range.len() - at,
            Cursor::Keys(dict, at) => dict.len().saturating_sub(*at),
            Cursor::Sequence(_, at, end, _) => end - at,
            Cursor::Chars(text) => text.chars().count(),
        }
    }

    /// All items that are still to come, paid for.
    pub(crate) fn collect(mut self, arena: &Arena) -> Result<Vec<V<'a>>> {
        let count = self.remaining();
        arena.spend(count)?;
        arena.reserve(count.saturating_mul(size_of::<V<'a>>()))?;
        let mut items = Vec::with_capacity(count);
        while let Some(item) = self.next() {
            items.push(item);
        }
        Ok(items)
    }
}
