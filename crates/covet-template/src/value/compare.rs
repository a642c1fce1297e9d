//! Equality, order and membership.

use std::cmp::Ordering;

use super::{Arena, Object, V};
use crate::error::{Error, Result};
use crate::syntax::ast::Compare;

/// Containers are compared to this depth.
const MAX_DEPTH: usize = 60;

/// Whether two values are equal; numbers compare by their value, whatever their type.
pub(crate) fn equal<'a>(arena: &'a Arena, left: V<'a>, right: V<'a>) -> Result<bool> {
    equal_to_depth(arena, left, right, 0)
}

fn equal_to_depth<'a>(arena: &'a Arena, left: V<'a>, right: V<'a>, depth: usize) -> Result<bool> {
    if depth > MAX_DEPTH {
        return Err(Error::value("the values nest too deep to be compared"));
    }
    let (left, right) = (left.gathered(arena)?, right.gathered(arena)?);
    Ok(match (left, right) {
        (V::Str(a) | V::Safe(a), V::Str(b) | V::Safe(b)) => {
            if a.len() == b.len() {
                arena.spend(a.len() / 64)?;
            }
            a == b
        }
        (V::None, V::None) => true,
        (V::Undefined(_), V::Undefined(_)) if !arena.is_strict() => true,
        (V::Int(a), V::Int(b)) => a == b,
        (V::Tuple(_), V::Tuple(_) | V::Object(Object::Group(_))) | (V::Object(Object::Group(_)), V::Tuple(_)) => {
            equal_items(arena, items(left), items(right), depth)?
        }
        (V::List(_), V::List(_)) => equal_items(arena, items(left), items(right), depth)?,
        (V::Dict(a), V::Dict(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (key, value) in a.iter() {
                arena.spend(1)?;
                match b.get(arena, key)? {
                    Some(other) if equal_to_depth(arena, value, other, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (V::Range(a), V::Range(b)) => a == b,
        (V::Object(a), V::Object(b)) => std::ptr::eq(a, b),
        (V::Undefined(name), _) | (_, V::Undefined(name)) if arena.is_strict() => return Err(Error::undefined(name)),
        (a, b) => match (a.as_wide(), b.as_wide(), a.as_float(), b.as_float()) {
            (Some(a), Some(b), ..) => a == b,
            (_, _, Some(a), Some(b)) => a == b,
            _ => false,
        },
    })
}

fn items<'a>(value: V<'a>) -> Items<'a> {
    match value {
        V::List(list) => Items::List(list.items()),
        V::Tuple(items) => Items::Tuple(items),
        V::Object(Object::Group(pair)) => Items::Tuple(pair),
        _ => Items::Tuple(&[]),
    }
}

enum Items<'a> {
    List(&'a [std::cell::Cell<V<'a>>]),
    Tuple(&'a [V<'a>]),
}

impl<'a> Items<'a> {
    fn len(&self) -> usize {
        match self {
            Items::List(cells) => cells.len(),
            Items::Tuple(items) => items.len(),
        }
    }

    fn at(&self, index: usize) -> V<'a> {
        match self {
            Items::List(cells) => cells[index].get(),
            Items::Tuple(items) => items[index],
        }
    }
}

fn equal_items<'a>(arena: &'a Arena, a: Items<'a>, b: Items<'a>, depth: usize) -> Result<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for index in 0..a.len() {
        arena.spend(1)?;
        if !equal_to_depth(arena, a.at(index), b.at(index), depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two values that have one.
pub(crate) fn order<'a>(arena: &'a Arena, left: V<'a>, right: V<'a>) -> Result<Ordering> {
    order_to_depth(arena, left, right, 0)
}

fn order_to_depth<'a>(arena: &'a Arena, left: V<'a>, right: V<'a>, depth: usize) -> Result<Ordering> {
    if depth > MAX_DEPTH {
        return Err(Error::value("the values nest too deep to be compared"));
    }
    let (left, right) = (left.gathered(arena)?, right.gathered(arena)?);
    match (left, right) {
        (V::Int(a), V::Int(b)) => Ok(a.cmp(&b)),
        (V::Str(a) | V::Safe(a), V::Str(b) | V::Safe(b)) => {
            arena.spend(a.len().min(b.len()) / 64)?;
            Ok(a.cmp(b))
        }
        (V::List(_), V::List(_)) | (V::Tuple(_), V::Tuple(_)) => order_items(arena, &items(left), &items(right), depth),
        (V::Object(Object::Group(_)), V::Object(Object::Group(_))) => {
            order_items(arena, &items(left), &items(right), depth)
        }
        (V::Undefined(name), _) | (_, V::Undefined(name)) => Err(Error::undefined(name)),
        (a, b) => match (a.as_wide(), b.as_wide(), a.as_float(), b.as_float()) {
            (Some(a), Some(b), ..) => Ok(a.cmp(&b)),
            (_, _, Some(a), Some(b)) => Ok(a.partial_cmp(&b).unwrap_or(Ordering::Greater)),
            _ => Err(Error::type_(format!("{} and {} have no order", a.type_name(), b.type_name()))),
        },
    }
}

fn order_items<'a>(arena: &'a Arena, a: &Items<'a>, b: &Items<'a>, depth: usize) -> Result<Ordering> {
    for index in 0..a.len().min(b.len()) {
        arena.spend(1)?;
        if !equal_to_depth(arena, a.at(index), b.at(index), depth + 1)? {
            return order_to_depth(arena, a.at(index), b.at(index), depth + 1);
        }
    }
    Ok(a.len().cmp(&b.len()))
}

/// Whether a container holds an item, or a text another text.
pub(crate) fn contains<'a>(arena: &'a Arena, container: V<'a>, item: V<'a>) -> Result<bool> {
    match container.gathered(arena)? {
        V::Str(text) | V::Safe(text) => {
            let part = item.expect_str("what is looked for in a string")?;
            arena.spend(text.len() / 16)?;
            Ok(text.contains(part))
        }
        V::Dict(dict) => Ok(dict.get(arena, item)?.is_some()),
        container @ (V::List(_) | V::Tuple(_) | V::Object(Object::Group(_))) => {
            let items = items(container);
            for index in 0..items.len() {
                arena.spend(1)?;
                if equal(arena, items.at(index), item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        V::Range(range) => Ok(match item.as_float() {
            Some(number) if number.fract() == 0.0 => {
                let offset = (number as i64).wrapping_sub(range.start);
                let step = range.step;
                offset % step == 0 && offset / step >= 0 && ((offset / step) as usize) < range.len()
            }
            _ => false,
        }),
        V::Undefined(_) => Ok(false),
        value => Err(Error::type_(format!("{} contains nothing", value.type_name()))),
    }
}

/// One link of a comparison.
#[inline]
pub(crate) fn compare<'a>(arena: &'a Arena, operator: Compare, left: V<'a>, right: V<'a>) -> Result<bool> {
    if let (V::Int(left), V::Int(right)) = (left, right) {
        match operator {
            Compare::Equal => return Ok(left == right),
            Compare::NotEqual => return Ok(left != right),
            Compare::Less => return Ok(left < right),
            Compare::LessEqual => return Ok(left <= right),
            Compare::Greater => return Ok(left > right),
            Compare::GreaterEqual => return Ok(left >= right),
            Compare::In | Compare::NotIn => {}
        }
    }
    compare_slow(arena, operator, left, right)
}

fn compare_slow<'a>(arena: &'a Arena, operator: Compare, left: V<'a>, right: V<'a>) -> Result<bool> {
    Ok(match operator {
        Compare::Equal => equal(arena, left, right)?,
        Compare::NotEqual => !equal(arena, left, right)?,
        Compare::In => contains(arena, right, left)?,
        Compare::NotIn => !contains(arena, right, left)?,
        _ if is_nan(left) || is_nan(right) => false,
        Compare::Less => order(arena, left, right)?.is_lt(),
        Compare::LessEqual => order(arena, left, right)?.is_le(),
        Compare::Greater => order(arena, left, right)?.is_gt(),
        Compare::GreaterEqual => order(arena, left, right)?.is_ge(),
    })
}

fn is_nan(value: V<'_>) -> bool {
    matches!(value, V::Float(number) if number.is_nan())
}
