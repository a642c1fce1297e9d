//! Filters of numbers.

use super::args::Argument;
use super::{Args, Cx};
use crate::error::{Error, Result};
use crate::syntax::ast::Binary;
use crate::value::{Cursor, V, binary};

pub(super) fn abs<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [] = arguments.bind([])?;
    match value {
        V::Float(number) => Ok(V::Float(number.abs())),
        value => {
            let number = value.as_wide().ok_or_else(|| value.mismatch("what has an absolute value", "a number"))?;
            V::integer(cx.arena, number.checked_abs().ok_or_else(|| Error::value("the integer leaves 128 bits"))?)
        }
    }
}

pub(super) fn int<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [default, base] = arguments.bind(["default", "base"])?;
    let default = default.unwrap_or(V::Int(0));
    let base = u32::try_from(base.int_or("base", 10)?).unwrap_or(0);
    let parsed = match value {
        V::Undefined(name) => return Err(Error::undefined(name)),
        V::Float(number) => whole(number),
        V::Str(text) | V::Safe(text) => {
            // Python falls back to reading a float, also for a text such as `1e3`.
            parse_int(text, base).or_else(|| parse_float(text).and_then(whole))
        }
        value => value.as_wide(),
    };
    parsed.map_or(Ok(default), |number| V::integer(cx.arena, number))
}

/// The integer part of a number that has one.
fn whole(number: f64) -> Option<i128> {
    (number.abs() < 1.7e38).then(|| number.trunc() as i128)
}

fn parse_int(text: &str, base: u32) -> Option<i128> {
    let text = text.trim().replace('_', "");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    let prefix = digits.get(..2).unwrap_or_default().to_ascii_lowercase();
    let (base, digits) = match (prefix.as_str(), base) {
        ("0x", 16 | 0) => (16, &digits[2..]),
        ("0o", 8 | 0) => (8, &digits[2..]),
        ("0b", 2 | 0) => (2, &digits[2..]),
        (_, 0) => (10, digits),
        (_, base) => (base, digits),
    };
    if !(2..=36).contains(&base) || digits.starts_with(['+', '-']) {
        return None;
    }
    i128::from_str_radix(&format!("{sign}{digits}"), base).ok()
}

pub(super) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim().replace('_', "");
    text.parse().ok()
}

pub(super) fn float<'a>(_: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [default] = arguments.bind(["default"])?;
    let parsed = match value {
        V::Undefined(name) => return Err(Error::undefined(name)),
        V::Str(text) | V::Safe(text) => parse_float(text),
        value => value.as_float(),
    };
    Ok(parsed.map_or(default.unwrap_or(V::Float(0.0)), V::Float))
}

pub(super) fn round<'a>(_: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [precision, method] = arguments.bind(["precision", "method"])?;
    let precision = precision.int_or("precision", 0)?.clamp(-400, 400) as i32;
    let number = value.as_float().ok_or_else(|| value.mismatch("what is rounded", "a number"))?;
    let scale = 10_f64.powi(precision);
    let rounded = match method.str_or("method", "common")? {
        "common" if precision >= 0 && value.as_wide().is_some() => return Ok(value.as_int().map_or(value, V::Int)),
        "common" => round_half_even(number, precision),
        "ceil" => (number * scale).ceil() / scale,
        "floor" => (number * scale).floor() / scale,
        _ => return Err(Error::value("the method of rounding is `common`, `ceil` or `floor`")),
    };
    Ok(match value {
        V::Int(_) | V::Bool(_) if method.is_none() => V::Int(rounded as i64),
        _ => V::Float(rounded),
    })
}

/// Rounds to the nearest decimal, ties to even, by the exact value of the number as Python does.
fn round_half_even(number: f64, precision: i32) -> f64 {
    if !number.is_finite() {
        return number;
    }
    if precision >= 0 {
        return format!("{number:.*}", precision as usize).parse().unwrap_or(number);
    }
    let scale = 10_f64.powi(-precision);
    (number / scale).round_ties_even() * scale
}

pub(super) fn sum<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [attribute, start] = arguments.bind(["attribute", "start"])?;
    let mut total = start.unwrap_or(V::Int(0));
    for item in Cursor::new(cx.arena, value)?.collect(cx.arena)? {
        let item = match attribute.filter(|attribute| !attribute.is_none()) {
            Some(path) => super::choose::path(cx, item, path)?,
            None => item,
        };
        total = binary(cx.arena, Binary::Add, total, item)?;
    }
    Ok(total)
}

pub(super) fn filesizeformat<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<V<'a>> {
    let [is_binary] = arguments.bind(["binary"])?;
    let bytes = match value {
        V::Str(text) | V::Safe(text) => parse_float(text),
        value => value.as_float(),
    };
    let bytes = bytes.ok_or_else(|| value.mismatch("a size", "a number"))?;
    let is_binary = is_binary.truth_or(false);
    let base: f64 = if is_binary { 1024.0 } else { 1000.0 };
    if bytes == 1.0 {
        return Ok(V::Str("1 Byte"));
    }
    if bytes < base {
        return cx.like(false, &format!("{} Bytes", bytes.trunc()));
    }
    let units = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
    let mut size = bytes / base;
    let mut unit = 0;
    while size >= base && unit + 1 < units.len() {
        size /= base;
        unit += 1;
    }
    let prefix = if is_binary { format!("{}i", units[unit].to_uppercase()) } else { units[unit].to_owned() };
    cx.like(false, &format!("{size:.1} {prefix}B"))
}
