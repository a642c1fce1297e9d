//! Methods of data. Each is listed here by its type and its name; there is no other way to a method.

use super::functions::list_of;
use super::{Args, Cx, text_methods};
use crate::error::{Error, Result};
use crate::value::{Cursor, Dict, List, Object, V, equal};

const DICT: [&str; 11] =
    ["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];
const LIST: [&str; 11] =
    ["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];

pub(crate) fn has_method(receiver: V<'_>, name: &str) -> bool {
    match receiver {
        V::Str(_) | V::Safe(_) => text_methods::has(name),
        V::Dict(_) => DICT.contains(&name),
        V::List(_) => LIST.contains(&name),
        V::Tuple(_) | V::Range(_) => matches!(name, "count" | "index"),
        V::Float(_) => name == "is_integer",
        V::Int(_) => name == "bit_length",
        V::Object(Object::Cycler(_)) => matches!(name, "next" | "reset"),
        V::Object(Object::Loop(_)) => matches!(name, "cycle" | "changed"),
        _ => false,
    }
}

pub(crate) fn method<'a>(cx: &Cx<'a>, receiver: V<'a>, name: &str, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    match receiver {
        V::Str(_) | V::Safe(_) => text_methods::call(cx, receiver, name, arguments),
        V::Dict(dict) => dict_method(cx, dict, name, arguments),
        V::List(list) => list_method(cx, list, name, arguments),
        V::Tuple(_) | V::Range(_) => sequence_method(cx, receiver, name, arguments),
        V::Float(number) => Ok(V::Bool(number.fract() == 0.0)),
        V::Int(number) => Ok(V::Int(i64::from(64 - number.unsigned_abs().leading_zeros()))),
        V::Object(object) => object_method(cx, object, name, arguments),
        _ => Err(Error::type_(format!("{} has no method `{name}`", receiver.type_name()))),
    }
}

fn object_method<'a>(cx: &Cx<'a>, object: &'a Object<'a>, name: &str, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    match (object, name) {
        (Object::Cycler(cycler), "next") => {
            let at = cycler.at.get();
            cycler.at.set((at + 1) % cycler.items.len().max(1));
            Ok(cycler.items.get(at).copied().unwrap_or(V::None))
        }
        (Object::Cycler(cycler), _) => {
            cycler.at.set(0);
            Ok(V::None)
        }
        (Object::Loop(state), "cycle") => {
            let items = arguments.positional;
            let at = state.index.get().checked_rem(items.len());
            at.map(|at| items[at]).ok_or_else(|| Error::type_("`cycle` takes at least one item"))
        }
        (Object::Loop(state), _) => {
            let now = cx.arena.values(arguments.positional)?;
            let same = match state.changed.get() {
                Some(before) => equal(cx.arena, V::Tuple(before), V::Tuple(now))?,
                None => false,
            };
            state.changed.set(Some(now));
            Ok(V::Bool(!same))
        }
        _ => Err(Error::type_(format!("{} has no method `{name}`", object.type_name()))),
    }
}

fn dict_method<'a>(cx: &Cx<'a>, dict: &'a Dict<'a>, name: &str, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let arena = cx.arena;
    if name == "update" {
        if let [other] = arguments.positional {
            update(cx, dict, *other)?;
        }
        for (name, value) in arguments.keywords.iter().zip(arguments.values) {
            dict.insert(arena, V::Str(arena.str(name)?), *value)?;
        }
        return Ok(V::None);
    }
    // Python takes these arguments by their places only.
    let [first, second] = arguments.bind(["", ""])?;
    arena.spend(dict.len() / 8)?;
    let key = || first.ok_or_else(|| Error::type_(format!("`{name}` takes a key")));
    match name {
        "get" => Ok(dict.get(arena, key()?)?.unwrap_or(second.unwrap_or(V::None))),
        "keys" => list_of(cx, &dict.iter().map(|(key, _)| key).collect::<Vec<_>>()),
        "values" => list_of(cx, &dict.iter().map(|(_, value)| value).collect::<Vec<_>>()),
        "items" => super::lists::items(cx, V::Dict(dict), &Args::of(&[])),
        "copy" => Ok(V::Dict(Dict::with_entries(arena, &dict.iter().collect::<Vec<_>>())?)),
        "clear" => {
            dict.clear();
            Ok(V::None)
        }
        "fromkeys" => {
            let made = Dict::new(arena)?;
            for key in Cursor::new(arena, key()?)?.collect(arena)? {
                made.insert(arena, key, second.unwrap_or(V::None))?;
            }
            Ok(V::Dict(made))
        }
        "setdefault" => match dict.get(arena, key()?)? {
            Some(value) => Ok(value),
            None => {
                let value = second.unwrap_or(V::None);
                dict.insert(arena, key()?, value)?;
                Ok(value)
            }
        },
        "pop" => {
            let removed = dict.remove(arena, key()?)?.or(second);
            removed.ok_or_else(|| Error::value("the dict has no such key"))
        }
        _ => {
            let last = dict.iter().last().ok_or_else(|| Error::value("the dict is empty"))?;
            dict.remove(arena, last.0)?;
            Ok(V::Tuple(arena.values(&[last.0, last.1])?))
        }
    }
}

/// Takes over the entries of a dict, or of a list of pairs.
pub(super) fn update<'a>(cx: &Cx<'a>, dict: &'a Dict<'a>, other: V<'a>) -> Result<()> {
    if let V::Dict(other) | V::Object(&Object::Namespace(other)) = other {
        return other.iter().try_for_each(|(key, value)| dict.insert(cx.arena, key, value));
    }
    for pair in Cursor::new(cx.arena, other)?.collect(cx.arena)? {
        let parts = Cursor::new(cx.arena, pair)?.collect(cx.arena)?;
        let [key, value] = parts.as_slice() else { return Err(Error::value("expected pairs of keys and values")) };
        dict.insert(cx.arena, *key, *value)?;
    }
    Ok(())
}

fn list_method<'a>(cx: &Cx<'a>, list: &'a List<'a>, name: &str, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let arena = cx.arena;
    if name == "sort" {
        let V::List(sorted) = super::group::sort_method(cx, list, arguments)? else { return Ok(V::None) };
        for (cell, item) in list.items().iter().zip(sorted.iter()) {
            cell.set(item);
        }
        return Ok(V::None);
    }
    let [first, second] = arguments.bind(["", ""])?;
    let argument = || first.ok_or_else(|| Error::type_(format!("`{name}` takes an argument")));
    match name {
        "append" => list.insert(arena, list.len(), argument()?)?,
        "extend" => {
            for item in Cursor::new(arena, argument()?)?.collect(arena)? {
                list.insert(arena, list.len(), item)?;
            }
        }
        "insert" => {
            let at = index(argument()?, list.len())?;
            let item = second.ok_or_else(|| Error::type_("`insert` takes an index and an item"))?;
            list.insert(arena, at.min(list.len()), item)?;
        }
        "pop" => {
            let at = first.unwrap_or(V::Int(-1));
            return list.remove(arena, index(at, list.len())?);
        }
        "clear" => list.clear(),
        "reverse" => {
            let items: Vec<V<'a>> = list.iter().collect();
            arena.spend(items.len())?;
            for (cell, item) in list.items().iter().zip(items.into_iter().rev()) {
                cell.set(item);
            }
        }
        "copy" => return list_of(cx, &list.iter().collect::<Vec<_>>()),
        "remove" => {
            let at = position(cx, V::List(list), argument()?)?;
            list.remove(arena, at.ok_or_else(|| Error::value("the list has no such item"))?)?;
        }
        _ => return sequence_method(cx, V::List(list), name, arguments),
    }
    Ok(V::None)
}

fn index(at: V<'_>, length: usize) -> Result<usize> {
    let at = at.expect_int("an index")?;
    let at = if at < 0 { at.saturating_add(length as i64) } else { at };
    Ok(usize::try_from(at).unwrap_or(0))
}

fn position<'a>(cx: &Cx<'a>, sequence: V<'a>, item: V<'a>) -> Result<Option<usize>> {
    for (at, found) in Cursor::new(cx.arena, sequence)?.collect(cx.arena)?.into_iter().enumerate() {
        if equal(cx.arena, found, item)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn sequence_method<'a>(cx: &Cx<'a>, sequence: V<'a>, name: &str, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [item] = arguments.bind(["value"])?;
    let item = item.ok_or_else(|| Error::type_(format!("`{name}` takes an argument")))?;
    if name == "index" {
        let at = position(cx, sequence, item)?;
        return at.map(|at| V::Int(at as i64)).ok_or_else(|| Error::value("there is no such item"));
    }
    let mut count = 0;
    for found in Cursor::new(cx.arena, sequence)?.collect(cx.arena)? {
        count += i64::from(equal(cx.arena, found, item)?);
    }
    Ok(V::Int(count))
}
