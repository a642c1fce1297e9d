//! Functions that are there without an import, and those of the evaluator of expressions.

use std::cell::Cell;

use super::args::Argument;
use super::{Args, Cx, Function};
use crate::error::{Error, Result};
use crate::value::{Cursor, Cycler, Dict, Joiner, List, Object, Range, V, order};

/// No range is longer than this.
const MAX_RANGE: u64 = 100_000;

/// All functions by their names.
pub(crate) const FUNCTIONS: &[(&str, Function)] = &[
    ("abs", |cx, arguments| super::numbers::abs(cx, only(arguments)?, &Args::of(&[]))),
    ("bool", |_, arguments| Ok(V::Bool(arguments.positional.first().is_some_and(|value| value.is_true())))),
    ("cycler", cycler),
    ("dict", dict),
    ("float", float),
    ("int", int),
    ("joiner", joiner),
    ("len", |cx, arguments| super::lists::length(cx, only(arguments)?, &Args::of(&[]))),
    ("lipsum", lipsum),
    ("max", |cx, arguments| extreme(cx, arguments, std::cmp::Ordering::Greater)),
    ("min", |cx, arguments| extreme(cx, arguments, std::cmp::Ordering::Less)),
    ("namespace", namespace),
    ("range", range),
    ("round", round),
    ("str", |cx, arguments| super::texts::string(cx, only(arguments)?, &Args::of(&[]))),
    ("sum", sum),
];

pub(crate) fn function_named(name: &str) -> Option<usize> {
    FUNCTIONS.binary_search_by(|(found, _)| (*found).cmp(name)).ok()
}

pub(crate) fn function_at(index: usize) -> Function {
    FUNCTIONS[index].1
}

fn only<'a>(arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [value] = arguments.bind(["value"])?;
    value.required("value")
}

fn range<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    if !arguments.keywords.is_empty() {
        return Err(Error::type_("`range` takes no arguments by name"));
    }
    let bound = |value: &V<'a>| value.expect_int("a bound of a range");
    let (start, stop, step) = match arguments.positional {
        [stop] => (0, bound(stop)?, 1),
        [start, stop] => (bound(start)?, bound(stop)?, 1),
        [start, stop, step] => (bound(start)?, bound(stop)?, bound(step)?),
        _ => return Err(Error::type_("`range` takes one to three integers")),
    };
    if step == 0 {
        return Err(Error::value("the step of a range cannot be zero"));
    }
    let distance = if step > 0 { i128::from(stop) - i128::from(start) } else { i128::from(start) - i128::from(stop) };
    let length = u64::try_from(distance.max(0)).unwrap_or(u64::MAX).div_ceil(step.unsigned_abs());
    if length > MAX_RANGE {
        return Err(Error::budget(&format!("{MAX_RANGE} items in a range")));
    }
    Ok(V::Range(cx.arena.alloc(Range { start, stop, step, length: length as u32 })?))
}

pub(super) fn dict<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let dict = Dict::new(cx.arena)?;
    match arguments.positional {
        [] => {}
        [first] => super::methods::update(cx, dict, *first)?,
        _ => return Err(Error::type_("`dict` takes one positional argument")),
    }
    for (name, value) in arguments.keywords.iter().zip(arguments.values) {
        dict.insert(cx.arena, V::Str(cx.arena.str(name)?), *value)?;
    }
    Ok(V::Dict(dict))
}

fn namespace<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let V::Dict(entries) = dict(cx, arguments)? else { return Ok(V::None) };
    Ok(V::Object(cx.arena.alloc(Object::Namespace(entries))?))
}

fn cycler<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    if arguments.positional.is_empty() {
        return Err(Error::type_("`cycler` takes at least one item"));
    }
    let items = cx.arena.values(arguments.positional)?;
    Ok(V::Object(cx.arena.alloc(Object::Cycler(Cycler { items, at: Cell::new(0) }))?))
}

fn joiner<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [separator] = arguments.bind(["sep"])?;
    let separator = separator.unwrap_or(V::Str(", "));
    Ok(V::Object(cx.arena.alloc(Object::Joiner(Joiner { separator, used: Cell::new(false) }))?))
}

/// The same words every time: a page of nonsense need not be a surprise.
fn lipsum<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [count, html, _, _] = arguments.bind(["n", "html", "min", "max"])?;
    let count = usize::try_from(count.int_or("n", 5)?).unwrap_or(0);
    let paragraph = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut \
                     labore et dolore magna aliqua.";
    if count.saturating_mul(paragraph.len() + 8) > cx.arena.largest() {
        return Err(Error::budget("memory"));
    }
    let html = html.truth_or(true);
    let one = if html { format!("<p>{paragraph}</p>") } else { paragraph.to_owned() };
    cx.like(html, &vec![one; count].join(if html { "\n" } else { "\n\n" }))
}

fn int<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let value = only(arguments)?;
    let missing = Args::of(&[V::None]);
    match super::numbers::int(cx, value, &missing)? {
        number @ (V::Int(_) | V::Big(_)) => Ok(number),
        _ => Err(value.mismatch("what becomes an integer", "a number or its text")),
    }
}

fn float<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let value = only(arguments)?;
    let missing = Args::of(&[V::None]);
    match super::numbers::float(cx, value, &missing)? {
        V::Float(number) => Ok(V::Float(number)),
        _ => Err(value.mismatch("what becomes a float", "a number or its text")),
    }
}

/// Without a number of digits it answers an integer, as Python's function does.
fn round<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [value, digits] = arguments.bind(["number", "ndigits"])?;
    let value = value.required("number")?;
    match (value, digits.filter(|digits| !digits.is_none())) {
        (V::Float(number), None) => {
            let rounded = number.round_ties_even();
            if rounded.abs() < 9e18 {
                Ok(V::Int(rounded as i64))
            } else {
                Err(Error::value("the number leaves 64 bits"))
            }
        }
        (value, digits) => {
            let digits: Vec<V<'a>> = digits.into_iter().collect();
            super::numbers::round(cx, value, &Args::of(&digits))
        }
    }
}

fn sum<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [values, start] = arguments.bind(["values", "start"])?;
    let none = [V::None, start.unwrap_or(V::Int(0))];
    super::numbers::sum(cx, values.required("values")?, &Args::of(&none))
}

fn extreme<'a>(cx: &Cx<'a>, arguments: &Args<'_, 'a>, wanted: std::cmp::Ordering) -> Result<V<'a>> {
    let items = match arguments.positional {
        [] => return Err(Error::type_("at least one value is needed")),
        [only] => Cursor::new(cx.arena, *only)?.collect(cx.arena)?,
        several => several.to_vec(),
    };
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else { return Err(Error::value("the sequence is empty")) };
    for item in items {
        cx.arena.spend(1)?;
        if order(cx.arena, item, best)? == wanted {
            best = item;
        }
    }
    Ok(best)
}

/// A list of items.
pub(super) fn list_of<'a>(cx: &Cx<'a>, items: &[V<'a>]) -> Result<V<'a>> {
    Ok(V::List(List::new(cx.arena, items)?))
}
