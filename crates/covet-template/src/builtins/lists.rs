//! Filters of sequences.

use super::args::Argument;
use super::{Args, Cx};
use crate::error::{Error, Result};
use crate::escape;
use crate::value::{Cursor, List, Object, Text, V, print};

pub(super) fn length<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    if let Some(text) = value.as_str() {
        cx.arena.spend(text.len() / 16)?;
    }
    let length = value.len().ok_or_else(|| value.mismatch("what has a length", "a container"))?;
    Ok(V::Int(length as i64))
}

pub(super) fn first<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    Ok(Cursor::new(cx.arena, value)?.next().unwrap_or(V::Undefined("first item")))
}

pub(super) fn last<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    Ok(match value {
        V::Str(_) | V::Safe(_) | V::Dict(_) => Cursor::new(cx.arena, value)?.collect(cx.arena)?.last().copied(),
        V::Undefined(_) => None,
        value => {
            let length = value.len().ok_or_else(|| value.mismatch("what has a last item", "a sequence"))? as i64;
            crate::value::item(cx.arena, value, V::Int(length - 1))?
        }
    }
    .unwrap_or(V::Undefined("last item")))
}

pub(super) fn list<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let items = Cursor::new(cx.arena, value)?.collect(cx.arena)?;
    Ok(V::List(List::new(cx.arena, &items)?))
}

pub(super) fn items<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    match value {
        V::Dict(dict) => {
            let mut pairs = Vec::with_capacity(dict.len());
            for (key, value) in dict.iter() {
                pairs.push(V::Tuple(cx.arena.values(&[key, value])?));
            }
            Ok(V::List(List::new(cx.arena, &pairs)?))
        }
        V::Undefined(_) => Ok(V::List(List::new(cx.arena, &[])?)),
        value => Err(value.mismatch("what has items", "a dict")),
    }
}

pub(super) fn reverse<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    if let Some(text) = value.as_str() {
        cx.arena.spend(text.len() / 8)?;
        let mut out = Text::new(cx.arena);
        text.chars().rev().try_for_each(|c| out.push(c))?;
        return out.finish(cx.arena, matches!(value, V::Safe(_)));
    }
    let mut items = Cursor::new(cx.arena, value)?.collect(cx.arena)?;
    items.reverse();
    Ok(V::List(List::new(cx.arena, &items)?))
}

pub(super) fn join<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [separator, attribute] = arguments.bind(["d", "attribute"])?;
    let separator = separator.unwrap_or(V::Str(""));
    let mut items = Cursor::new(cx.arena, value)?.collect(cx.arena)?;
    if let Some(attribute) = attribute.filter(|attribute| !attribute.is_none()) {
        for item in &mut items {
            *item = super::choose::path(cx, *item, attribute)?;
        }
    }
    let safe = cx.escapes && items.iter().chain([&separator]).any(|item| matches!(item, V::Safe(_)));
    let mut out = Text::new(cx.arena);
    let mut scratch = Text::new(cx.arena);
    let mut write = |item: V<'a>| match item {
        V::Safe(text) => out.push_str(text),
        V::Str(text) if !safe => out.push_str(text),
        item if !safe => print(cx.arena, item, &mut out),
        item => {
            scratch.clear();
            print(cx.arena, item, &mut scratch)?;
            escape::push(scratch.as_str(), &mut out)
        }
    };
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            write(separator)?;
        }
        write(*item)?;
    }
    out.finish(cx.arena, safe)
}

pub(super) fn batch<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [count, fill] = arguments.bind(["linecount", "fill_with"])?;
    let count = count.required("linecount")?.expect_int("linecount")?;
    let items = Cursor::new(cx.arena, value)?.collect(cx.arena)?;
    let mut rows = Vec::new();
    // Without a length that can be reached all items stand in one row, after an empty one where the length is none.
    if count == 0 && !items.is_empty() {
        rows.push(V::List(List::new(cx.arena, &[])?));
    }
    let count = usize::try_from(count).unwrap_or(0);
    let count = if count == 0 { items.len().max(1) } else { count };
    for chunk in items.chunks(count) {
        let mut row = chunk.to_vec();
        if let Some(fill) = fill.filter(|fill| !fill.is_none()) {
            cx.arena.reserve((count - row.len()).saturating_mul(size_of::<V<'a>>()))?;
            row.resize(count, fill);
        }
        rows.push(V::List(List::new(cx.arena, &row)?));
    }
    Ok(V::List(List::new(cx.arena, &rows)?))
}

pub(super) fn slice<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [count, fill] = arguments.bind(["slices", "fill_with"])?;
    let count = usize::try_from(count.required("slices")?.expect_int("slices")?).unwrap_or(0);
    if count == 0 {
        return Err(Error::value("there must be at least one slice"));
    }
    cx.arena.reserve(count.saturating_mul(size_of::<V<'a>>()))?;
    let items = Cursor::new(cx.arena, value)?.collect(cx.arena)?;
    let (each, longer) = (items.len() / count, items.len() % count);
    let mut columns = Vec::new();
    let mut start = 0;
    for index in 0..count {
        let end = start + each + usize::from(index < longer);
        let mut column = items[start..end].to_vec();
        if let Some(fill) = fill.filter(|fill| !fill.is_none() && index >= longer) {
            column.push(fill);
        }
        columns.push(V::List(List::new(cx.arena, &column)?));
        start = end;
    }
    Ok(V::List(List::new(cx.arena, &columns)?))
}

/// An item by chance; the chance is that of the hasher of the standard library, which is not meant for secrets.
pub(super) fn random<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    let items = Cursor::new(cx.arena, value)?.collect(cx.arena)?;
    if items.is_empty() {
        return Ok(V::Undefined("random item"));
    }
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), items.len());
    Ok(items[(seed % items.len() as u64) as usize])
}

/// A pair that also has names, for `groupby`.
pub(super) fn group<'a>(cx: &Cx<'a>, key: V<'a>, items: &[V<'a>]) -> Result<V<'a>> {
    let list = V::List(List::new(cx.arena, items)?);
    Ok(V::Object(cx.arena.alloc(Object::Group([key, list]))?))
}
