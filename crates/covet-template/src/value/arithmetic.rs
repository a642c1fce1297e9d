//! Operators on numbers, texts and lists.

use super::{Arena, List, Text, V, format_percent, print};
use crate::error::{Error, Result};
use crate::escape;
use crate::syntax::ast::Binary;

/// Applies an arithmetic operator with Python's meaning. Integers that leave 128 bits are an error.
#[inline]
pub(crate) fn binary<'a>(arena: &'a Arena, operator: Binary, left: V<'a>, right: V<'a>) -> Result<V<'a>> {
    if let (V::Int(a), V::Int(b)) = (left, right) {
        let result = match operator {
            Binary::Add => a.checked_add(b),
            Binary::Sub => a.checked_sub(b),
            Binary::Mul => a.checked_mul(b),
            // The quotient and the remainder of numbers that are not negative are those of the processor.
            Binary::FloorDiv if a >= 0 && b > 0 => Some(a / b),
            Binary::Rem if a >= 0 && b > 0 => Some(a % b),
            _ => None,
        };
        if let Some(result) = result {
            return Ok(V::Int(result));
        }
    }
    binary_slow(arena, operator, left, right)
}

fn binary_slow<'a>(arena: &'a Arena, operator: Binary, left: V<'a>, right: V<'a>) -> Result<V<'a>> {
    if let (Some(a), Some(b)) = (left.as_wide(), right.as_wide()) {
        return integers(arena, operator, a, b);
    }
    if let (Some(a), Some(b)) = (left.as_float(), right.as_float()) {
        return floats(operator, a, b);
    }
    let (left, right) = (left.gathered(arena)?, right.gathered(arena)?);
    match (operator, left, right) {
        (Binary::Add, V::Str(_) | V::Safe(_), V::Str(_) | V::Safe(_)) => add_texts(arena, left, right),
        (Binary::Add, V::List(a), V::List(b)) => {
            arena.spend(a.len() + b.len())?;
            arena.reserve((a.len() + b.len()) * size_of::<V<'a>>())?;
            let items: Vec<V<'a>> = a.iter().chain(b.iter()).collect();
            Ok(V::List(List::new(arena, &items)?))
        }
        (Binary::Add, V::Tuple(a), V::Tuple(b)) => Ok(V::Tuple(arena.values(&[a, b].concat())?)),
        (Binary::Mul, _, _) if left.as_int().is_some() => repeat(arena, operator, right, left),
        (Binary::Mul, _, _) if right.as_int().is_some() => repeat(arena, operator, left, right),
        (Binary::Rem, V::Str(_) | V::Safe(_), _) => format_percent(arena, left, right),
        _ => Err(unsupported(operator, left, right)),
    }
}

fn overflow() -> Error {
    Error::value("the integer leaves 128 bits")
}

fn zero_division() -> Error {
    Error::value("division by zero")
}

fn unsupported(operator: Binary, left: V<'_>, right: V<'_>) -> Error {
    if let V::Undefined(name) = left {
        return Error::undefined(name);
    }
    if let V::Undefined(name) = right {
        return Error::undefined(name);
    }
    let sign = match operator {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
        Binary::FloorDiv => "//",
        Binary::Rem => "%",
        Binary::Pow => "**",
    };
    Error::type_(format!("`{sign}` does not take {} and {}", left.type_name(), right.type_name()))
}

/// Python's integers, up to 128 bits.
fn integers<'a>(arena: &'a Arena, operator: Binary, a: i128, b: i128) -> Result<V<'a>> {
    let result = match operator {
        Binary::Add => a.checked_add(b),
        Binary::Sub => a.checked_sub(b),
        Binary::Mul => a.checked_mul(b),
        Binary::Div | Binary::FloorDiv | Binary::Rem if b == 0 => return Err(zero_division()),
        Binary::Div => return Ok(V::Float(a as f64 / b as f64)),
        Binary::FloorDiv => a.checked_div(b).map(|quotient| {
            let is_inexact = a.wrapping_rem(b) != 0;
            if is_inexact && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
        }),
        Binary::Rem => {
            let remainder = a.wrapping_rem(b);
            Some(if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder })
        }
        Binary::Pow if b < 0 && a == 0 => return Err(zero_division()),
        Binary::Pow if b < 0 => return Ok(V::Float((a as f64).powf(b as f64))),
        Binary::Pow => match (a, u32::try_from(b)) {
            (0 | 1, Err(_)) => Some(a),
            (-1, Err(_)) => Some(if b % 2 == 0 { 1 } else { -1 }),
            (_, Err(_)) => None,
            (_, Ok(exponent)) => a.checked_pow(exponent),
        },
    };
    V::integer(arena, result.ok_or_else(overflow)?)
}

fn floats<'a>(operator: Binary, a: f64, b: f64) -> Result<V<'a>> {
    if b == 0.0 && matches!(operator, Binary::Div | Binary::FloorDiv | Binary::Rem) {
        return Err(zero_division());
    }
    Ok(V::Float(match operator {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::FloorDiv => (a / b).floor(),
        Binary::Rem => {
            let remainder = a % b;
            if remainder == 0.0 {
                0.0_f64.copysign(b)
            } else if (remainder < 0.0) != (b < 0.0) {
                remainder + b
            } else {
                remainder
            }
        }
        Binary::Pow if a == 0.0 && b < 0.0 => return Err(zero_division()),
        Binary::Pow => a.powf(b),
    }))
}

fn add_texts<'a>(arena: &'a Arena, left: V<'a>, right: V<'a>) -> Result<V<'a>> {
    let safe = matches!(left, V::Safe(_)) || matches!(right, V::Safe(_));
    let mut text = Text::new(arena);
    for part in [left, right] {
        match part {
            V::Str(part) if safe => escape::push(part, &mut text)?,
            part => print(arena, part, &mut text)?,
        }
    }
    text.finish(arena, safe)
}

fn repeat<'a>(arena: &'a Arena, operator: Binary, what: V<'a>, count: V<'a>) -> Result<V<'a>> {
    let times = usize::try_from(count.as_int().unwrap_or(0)).unwrap_or(0);
    match what {
        V::Str(text) | V::Safe(text) => {
            if text.len().saturating_mul(times) > arena.largest() {
                return Err(Error::budget("memory"));
            }
            let repeated = arena.str(&text.repeat(times))?;
            Ok(if matches!(what, V::Safe(_)) { V::Safe(repeated) } else { V::Str(repeated) })
        }
        V::List(list) => {
            let items: Vec<V<'a>> = list.iter().collect();
            Ok(V::List(List::new(arena, &repeat_items(arena, &items, times)?)?))
        }
        V::Tuple(items) => Ok(V::Tuple(arena.values(&repeat_items(arena, items, times)?)?)),
        what => Err(unsupported(operator, what, count)),
    }
}

fn repeat_items<'a>(arena: &'a Arena, items: &[V<'a>], times: usize) -> Result<Vec<V<'a>>> {
    let bytes = items.len().saturating_mul(times).saturating_mul(size_of::<V<'a>>());
    arena.reserve(bytes)?;
    Ok(items.repeat(times))
}

pub(crate) fn negative<'a>(arena: &'a Arena, value: V<'a>) -> Result<V<'a>> {
    match value {
        V::Float(number) => Ok(V::Float(-number)),
        value => {
            let number = value.as_wide().ok_or_else(|| value.mismatch("what follows the sign", "a number"))?;
            V::integer(arena, number.checked_neg().ok_or_else(overflow)?)
        }
    }
}

/// The operator `~`: texts of all parts in a row, escaped where one of them is HTML already.
pub(crate) fn concat<'a>(arena: &'a Arena, parts: &[V<'a>], escapes: bool) -> Result<V<'a>> {
    let safe = escapes && parts.iter().any(|part| matches!(part, V::Safe(_)));
    let mut text = Text::new(arena);
    for part in parts {
        match part {
            V::Safe(part) => text.push_str(part)?,
            part if safe => {
                let mut plain = Text::new(arena);
                print(arena, *part, &mut plain)?;
                escape::push(plain.as_str(), &mut text)?;
            }
            part => print(arena, *part, &mut text)?,
        }
    }
    text.finish(arena, safe)
}
