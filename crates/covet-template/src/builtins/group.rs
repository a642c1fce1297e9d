//! Filters that order and group.

use std::cmp::Ordering;

use super::args::Argument;
use super::{Args, Cx};
use crate::error::{Error, Result};
use crate::value::{Cursor, List, V, equal, order};

/// What items are compared by: one or several paths, or the items themselves; texts in lower case unless asked not to.
struct Keys<'c, 'a> {
    cx: &'c Cx<'a>,
    paths: Vec<V<'a>>,
    case_sensitive: bool,
}

impl<'c, 'a> Keys<'c, 'a> {
    /// Keys by one path.
    fn new(cx: &'c Cx<'a>, attribute: Option<V<'a>>, case_sensitive: Option<V<'a>>) -> Result<Self> {
        Self::by_paths(cx, attribute, case_sensitive, false)
    }

    /// Keys by one path or, where there may be several, by those with commas between them.
    fn by_paths(
        cx: &'c Cx<'a>,
        attribute: Option<V<'a>>,
        case_sensitive: Option<V<'a>>,
        several: bool,
    ) -> Result<Self> {
        let paths = match attribute.filter(|attribute| !attribute.is_none()) {
            Some(V::Str(text) | V::Safe(text)) if several => text.split(',').map(V::Str).collect(),
            Some(path) => vec![path],
            None => Vec::new(),
        };
        Ok(Self { cx, paths, case_sensitive: case_sensitive.truth_or(false) })
    }

    fn key(&self, item: V<'a>, default: Option<V<'a>>) -> Result<V<'a>> {
        if self.paths.is_empty() {
            return self.folded(item);
        }
        let mut parts = Vec::with_capacity(self.paths.len());
        for path in &self.paths {
            let found = super::choose::path(self.cx, item, *path)?;
            let found = if found.is_undefined() { default.unwrap_or(found) } else { found };
            parts.push(self.folded(found)?);
        }
        match parts.as_slice() {
            [only] => Ok(*only),
            parts => Ok(V::Tuple(self.cx.arena.values(parts)?)),
        }
    }

    fn folded(&self, value: V<'a>) -> Result<V<'a>> {
        match value.as_str().filter(|_| !self.case_sensitive) {
            Some(text) if text.chars().any(char::is_uppercase) => {
                self.cx.arena.spend(text.len() / 8)?;
                Ok(V::Str(self.cx.arena.str(&text.to_lowercase())?))
            }
            _ => Ok(value),
        }
    }
}

/// Sorts by keys. A comparison that fails makes the whole sorting fail, after it has ended.
fn sorted<'a>(cx: &Cx<'a>, items: &mut [(V<'a>, V<'a>)], reverse: bool) -> Result<()> {
    let mut failed = None;
    items.sort_by(|(left, _), (right, _)| {
        if left.is_undefined() && right.is_undefined() && !cx.arena.is_strict() {
            return Ordering::Equal;
        }
        let compared = cx.arena.spend(1).and_then(|()| order(cx.arena, *left, *right));
        let ordering = compared.unwrap_or_else(|error| {
            failed.get_or_insert(error);
            Ordering::Equal
        });
        if reverse { ordering.reverse() } else { ordering }
    });
    failed.map_or(Ok(()), Err)
}

fn keyed<'a>(keys: &Keys<'_, 'a>, value: V<'a>, default: Option<V<'a>>) -> Result<Vec<(V<'a>, V<'a>)>> {
    let items = Cursor::new(keys.cx.arena, value)?.collect(keys.cx.arena)?;
    items.into_iter().map(|item| Ok((keys.key(item, default)?, item))).collect()
}

fn list<'a>(cx: &Cx<'a>, items: impl IntoIterator<Item = V<'a>>) -> Result<V<'a>> {
    let items: Vec<V<'a>> = items.into_iter().collect();
    Ok(V::List(List::new(cx.arena, &items)?))
}

pub(super) fn sort<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [reverse, case_sensitive, attribute] = arguments.bind(["reverse", "case_sensitive", "attribute"])?;
    let keys = Keys::by_paths(cx, attribute, case_sensitive, true)?;
    let mut items = keyed(&keys, value, None)?;
    sorted(cx, &mut items, reverse.truth_or(false))?;
    list(cx, items.into_iter().map(|(_, item)| item))
}

/// The method of lists, which minds the case and knows no attributes.
pub(super) fn sort_method<'a>(cx: &Cx<'a>, value: &'a List<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let reverse = arguments.keyword("reverse");
    if !arguments.positional.is_empty() || arguments.keywords.len() > usize::from(reverse.is_some()) {
        return Err(Error::type_("`sort` takes no argument but `reverse`"));
    }
    let keys = Keys::new(cx, None, Some(V::Bool(true)))?;
    let mut items = keyed(&keys, V::List(value), None)?;
    sorted(cx, &mut items, reverse.truth_or(false))?;
    list(cx, items.into_iter().map(|(_, item)| item))
}

pub(super) fn dictsort<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [case_sensitive, by, reverse] = arguments.bind(["case_sensitive", "by", "reverse"])?;
    let by_key = match by.str_or("by", "key")? {
        "key" => true,
        "value" => false,
        _ => return Err(Error::value("a dict is sorted by `key` or by `value`")),
    };
    let V::Dict(dict) = value else { return Err(value.mismatch("what is sorted", "a dict")) };
    let keys = Keys::new(cx, None, case_sensitive)?;
    let mut items = Vec::with_capacity(dict.len());
    for (key, value) in dict.iter() {
        let pair = V::Tuple(cx.arena.values(&[key, value])?);
        items.push((keys.key(if by_key { key } else { value }, None)?, pair));
    }
    sorted(cx, &mut items, reverse.truth_or(false))?;
    list(cx, items.into_iter().map(|(_, pair)| pair))
}

pub(super) fn groupby<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [attribute, default, case_sensitive] = arguments.bind(["attribute", "default", "case_sensitive"])?;
    let attribute = attribute.required("attribute")?;
    let keys = Keys::new(cx, Some(attribute), case_sensitive)?;
    let exact = Keys::new(cx, Some(attribute), Some(V::Bool(true)))?;
    let mut items = keyed(&keys, value, default)?;
    if let Some((V::Undefined(name), _)) = items.iter().find(|(key, _)| key.is_undefined())
        && items.len() > 1
    {
        return Err(Error::undefined(name));
    }
    sorted(cx, &mut items, false)?;
    let mut groups = Vec::new();
    let mut rest = items.as_slice();
    while let Some((key, first)) = rest.first() {
        let mut length = 1;
        while let Some((next, _)) = rest.get(length)
            && equal(cx.arena, *key, *next)?
        {
            length += 1;
        }
        let members: Vec<V<'a>> = rest[..length].iter().map(|(_, item)| *item).collect();
        // The name of a group is what its first item has, as it is spelt there.
        groups.push(super::lists::group(cx, exact.key(*first, default)?, &members)?);
        rest = &rest[length..];
    }
    list(cx, groups)
}

pub(super) fn unique<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [case_sensitive, attribute] = arguments.bind(["case_sensitive", "attribute"])?;
    let keys = Keys::new(cx, attribute, case_sensitive)?;
    let seen = crate::value::Dict::new(cx.arena)?;
    let mut kept = Vec::new();
    for (key, item) in keyed(&keys, value, None)? {
        let before = seen.len();
        seen.insert(cx.arena, key, V::None)?;
        if seen.len() > before {
            kept.push(item);
        }
    }
    list(cx, kept)
}

pub(super) fn min<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    extreme(cx, value, arguments, Ordering::Less)
}

pub(super) fn max<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    extreme(cx, value, arguments, Ordering::Greater)
}

fn extreme<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>, wanted: Ordering) -> Result<V<'a>> {
    let [case_sensitive, attribute] = arguments.bind(["case_sensitive", "attribute"])?;
    let keys = Keys::new(cx, attribute, case_sensitive)?;
    let mut items = keyed(&keys, value, None)?.into_iter();
    let Some(mut best) = items.next() else { return Ok(V::Undefined("item of an empty sequence")) };
    for item in items {
        cx.arena.spend(1)?;
        if order(cx.arena, item.0, best.0)? == wanted {
            best = item;
        }
    }
    Ok(best.1)
}
