//! Filters that choose items, attributes and defaults.

use super::args::Argument;
use super::{Args, Cx};
use crate::compile::Callee;
use crate::error::{Error, Result};
use crate::policy::Undefined;
use crate::value::{Cursor, List, Object, V, item};

pub(super) fn default<'a>(_: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [default, boolean] = arguments.bind(["default_value", "boolean"])?;
    let replaced = value.is_undefined() || (boolean.truth_or(false) && !value.is_true());
    Ok(if replaced { default.unwrap_or(V::Str("")) } else { value })
}

/// An attribute: a field of a struct, a method, or what the engine's own objects have. An entry of a map is none.
pub(super) fn attr<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [name] = arguments.bind(["name"])?;
    let name = name.required("name")?.expect_str("name")?;
    let found = match value {
        V::Undefined(_) if cx.engine.undefined() == Undefined::Chainable => return Ok(value),
        V::Undefined(undefined) => return Err(Error::undefined(undefined)),
        V::Dict(dict) if !dict.is_record() => None,
        V::Object(object) => crate::vm::object_attribute(cx.arena, object, name)?,
        value => step(cx, value, V::Str(name))?,
    };
    match found {
        Some(found) => Ok(found),
        None if cx.engine.policy().allows_methods() && super::has_method(value, name) => {
            Ok(V::Object(cx.arena.alloc(Object::Method(value, name))?))
        }
        None => Ok(V::Undefined(name)),
    }
}

fn step<'a>(cx: &Cx<'a>, of: V<'a>, key: V<'a>) -> Result<Option<V<'a>>> {
    match (of, key.as_str()) {
        (V::Object(Object::Group(pair)), Some("grouper")) => Ok(Some(pair[0])),
        (V::Object(Object::Group(pair)), Some("list")) => Ok(Some(pair[1])),
        _ => item(cx.arena, of, key),
    }
}

/// Follows a path such as `author.name` or `0.title`; what is not there is undefined.
pub(super) fn path<'a>(cx: &Cx<'a>, value: V<'a>, path: V<'a>) -> Result<V<'a>> {
    let Some(text) = path.as_str() else {
        return Ok(step(cx, value, path)?.unwrap_or(V::Undefined("item")));
    };
    let mut found = value;
    for part in text.split('.') {
        if let V::Undefined(name) = found {
            if cx.engine.undefined() == Undefined::Chainable {
                return Ok(found);
            }
            return Err(Error::undefined(name));
        }
        let key = part.parse().map_or(V::Str(part), V::Int);
        found = match step(cx, found, key)? {
            Some(found) => found,
            // A number may be the key of a dict as a text.
            None => step(cx, found, V::Str(part))?.unwrap_or(V::Undefined(part)),
        };
    }
    Ok(found)
}

pub(super) fn map<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    if !value.is_true() {
        return Ok(V::List(List::new(cx.arena, &[])?));
    }
    let items = Cursor::new(cx.arena, value)?.collect(cx.arena)?;
    let mut mapped = Vec::with_capacity(items.len());
    if let Some(attribute) = arguments.keyword("attribute").filter(|_| arguments.positional.is_empty()) {
        let default = arguments.keyword("default");
        for item in items {
            let found = match path(cx, item, attribute) {
                Err(_) if default.is_some() => V::Undefined("attribute"),
                found => found?,
            };
            mapped.push(if found.is_undefined() { default.unwrap_or(found) } else { found });
        }
        return Ok(V::List(List::new(cx.arena, &mapped)?));
    }
    let Some((name, rest)) = arguments.positional.split_first() else {
        return Err(Error::type_("`map` takes the name of a filter, or `attribute`"));
    };
    let callee = cx.engine.find_filter(name.expect_str("the name of a filter")?)?;
    let rest = Args { positional: rest, ..*arguments };
    for item in items {
        mapped.push(apply(cx, &callee, item, &rest)?);
    }
    Ok(V::List(List::new(cx.arena, &mapped)?))
}

fn apply<'a>(cx: &Cx<'a>, callee: &Callee, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    cx.arena.spend(1)?;
    match callee {
        Callee::Filter(filter) => filter(cx, value, arguments),
        Callee::Test(test) => test(cx, value, arguments).map(V::Bool),
        Callee::Custom(custom) => crate::vm::call_custom(cx, custom, Some(value), arguments),
        Callee::Value => Ok(value),
    }
}

pub(super) fn select<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    chosen(cx, value, arguments, true)
}

pub(super) fn reject<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    chosen(cx, value, arguments, false)
}

fn chosen<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>, wanted: bool) -> Result<V<'a>> {
    keep(cx, value, arguments, wanted, None)
}

pub(super) fn selectattr<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    chosen_by_attribute(cx, value, arguments, true)
}

pub(super) fn rejectattr<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    chosen_by_attribute(cx, value, arguments, false)
}

fn chosen_by_attribute<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>, wanted: bool) -> Result<V<'a>> {
    let Some((attribute, rest)) = arguments.positional.split_first() else {
        return Err(Error::type_("the name of an attribute is missing"));
    };
    keep(cx, value, &Args { positional: rest, ..*arguments }, wanted, Some(*attribute))
}

/// Keeps the items for which a test says what is wanted; without a test it is whether they are true.
fn keep<'a>(
    cx: &Cx<'a>,
    value: V<'a>,
    arguments: &Args<'_, 'a>,
    wanted: bool,
    attribute: Option<V<'a>>,
) -> Result<V<'a>> {
    if !value.is_true() {
        return Ok(V::List(List::new(cx.arena, &[])?));
    }
    let (callee, rest) = match arguments.positional.split_first() {
        Some((name, rest)) => (Some(cx.engine.find_test(name.expect_str("the name of a test")?)?), rest),
        None => (None, arguments.positional),
    };
    let rest = Args { positional: rest, ..*arguments };
    let mut kept = Vec::new();
    for item in Cursor::new(cx.arena, value)?.collect(cx.arena)? {
        let tested = match attribute {
            Some(attribute) => path(cx, item, attribute)?,
            None => item,
        };
        let answer = match &callee {
            Some(callee) => apply(cx, callee, tested, &rest)?,
            None => tested,
        };
        if let V::Undefined(name) = answer
            && cx.arena.is_strict()
        {
            return Err(Error::undefined(name));
        }
        if answer.is_true() == wanted {
            kept.push(item);
        }
    }
    Ok(V::List(List::new(cx.arena, &kept)?))
}
