//! Tests, which stand behind `is`.

use super::args::Argument;
use super::{Args, Cx, Test};
use crate::error::{Error, Result};
use crate::syntax::ast::Compare;
use crate::value::{Object, V, compare};

/// All tests by their names.
pub(crate) const TESTS: &[(&str, Test)] = &[
    ("!=", |cx, value, arguments| compared(cx, value, arguments, Compare::NotEqual)),
    ("<", |cx, value, arguments| compared(cx, value, arguments, Compare::Less)),
    ("<=", |cx, value, arguments| compared(cx, value, arguments, Compare::LessEqual)),
    ("==", |cx, value, arguments| compared(cx, value, arguments, Compare::Equal)),
    (">", |cx, value, arguments| compared(cx, value, arguments, Compare::Greater)),
    (">=", |cx, value, arguments| compared(cx, value, arguments, Compare::GreaterEqual)),
    ("boolean", |_, value, _| Ok(matches!(value, V::Bool(_)))),
    ("callable", |_, value, _| Ok(is_callable(value))),
    ("defined", |_, value, _| Ok(!value.is_undefined())),
    ("divisibleby", divisibleby),
    ("eq", |cx, value, arguments| compared(cx, value, arguments, Compare::Equal)),
    ("equalto", |cx, value, arguments| compared(cx, value, arguments, Compare::Equal)),
    ("escaped", |_, value, _| Ok(matches!(value, V::Safe(_)))),
    ("even", |_, value, _| parity(value, 0)),
    ("false", |_, value, _| Ok(matches!(value, V::Bool(false)))),
    ("filter", |cx, value, _| Ok(cx.engine.find_filter(value.expect_str("the name of a filter")?).is_ok())),
    ("float", |_, value, _| Ok(matches!(value, V::Float(_)))),
    ("ge", |cx, value, arguments| compared(cx, value, arguments, Compare::GreaterEqual)),
    ("greaterthan", |cx, value, arguments| compared(cx, value, arguments, Compare::Greater)),
    ("gt", |cx, value, arguments| compared(cx, value, arguments, Compare::Greater)),
    ("in", |cx, value, arguments| compared(cx, value, arguments, Compare::In)),
    ("integer", |_, value, _| Ok(matches!(value, V::Int(_) | V::Big(_)))),
    ("iterable", |cx, value, _| match value {
        V::Undefined(name) if cx.arena.is_strict() => Err(Error::undefined(name)),
        value => Ok(is_iterable(value)),
    }),
    ("le", |cx, value, arguments| compared(cx, value, arguments, Compare::LessEqual)),
    ("lessthan", |cx, value, arguments| compared(cx, value, arguments, Compare::Less)),
    ("lower", |cx, value, _| cased(cx, value, char::is_lowercase, char::is_uppercase)),
    ("lt", |cx, value, arguments| compared(cx, value, arguments, Compare::Less)),
    ("mapping", |_, value, _| Ok(matches!(value, V::Dict(_)))),
    ("ne", |cx, value, arguments| compared(cx, value, arguments, Compare::NotEqual)),
    ("none", |_, value, _| Ok(value.is_none())),
    ("number", |_, value, _| Ok(value.as_float().is_some())),
    ("odd", |_, value, _| parity(value, 1)),
    ("sameas", sameas),
    ("sequence", |_, value, _| Ok(is_sequence(value))),
    ("string", |_, value, _| Ok(value.as_str().is_some())),
    ("test", |cx, value, _| Ok(cx.engine.find_test(value.expect_str("the name of a test")?).is_ok())),
    ("true", |_, value, _| Ok(matches!(value, V::Bool(true)))),
    ("undefined", |_, value, _| Ok(value.is_undefined())),
    ("upper", |cx, value, _| cased(cx, value, char::is_uppercase, char::is_lowercase)),
];

pub(crate) fn test_named(name: &str) -> Option<Test> {
    TESTS.binary_search_by(|(found, _)| (*found).cmp(name)).ok().map(|at| TESTS[at].1)
}

fn compared<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>, operator: Compare) -> Result<bool> {
    let [other] = arguments.bind(["other"])?;
    compare(cx.arena, operator, value, other.required("other")?)
}

fn parity(value: V<'_>, remainder: i64) -> Result<bool> {
    match value {
        V::Float(number) => Ok(number.rem_euclid(2.0) == remainder as f64),
        value => {
            let number = value.as_wide().ok_or_else(|| value.mismatch("what is odd or even", "an integer"))?;
            Ok(number.rem_euclid(2) == i128::from(remainder))
        }
    }
}

fn divisibleby<'a>(_: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<bool> {
    let [divisor] = arguments.bind(["num"])?;
    let divisor = divisor.required("num")?;
    if let (Some(number), Some(divisor @ 1..)) = (value.as_wide(), divisor.as_wide()) {
        return Ok(number % divisor == 0);
    }
    match (value.as_float(), divisor.as_float()) {
        (Some(_), Some(0.0)) => Err(Error::value("division by zero")),
        (Some(number), Some(divisor)) => Ok(number % divisor == 0.0),
        _ => Err(value.mismatch("what is divided", "a number")),
    }
}

fn cased<'a>(cx: &Cx<'a>, value: V<'a>, wanted: fn(char) -> bool, other: fn(char) -> bool) -> Result<bool> {
    let (text, _) = cx.text(value)?;
    cx.arena.spend(text.len() / 16)?;
    Ok(text.chars().any(wanted) && !text.chars().any(other))
}

fn sameas<'a>(cx: &Cx<'a>, value: V<'a>, arguments: &Args<'_, 'a>) -> Result<bool> {
    let [other] = arguments.bind(["other"])?;
    Ok(match (value, other.required("other")?) {
        (V::Undefined(_), _) | (_, V::Undefined(_)) => false,
        (V::List(a), V::List(b)) => std::ptr::eq(a, b),
        (V::Dict(a), V::Dict(b)) => std::ptr::eq(a, b),
        (V::Object(a), V::Object(b)) => std::ptr::eq(a, b),
        (a, b) if std::mem::discriminant(&a) == std::mem::discriminant(&b) => compare(cx.arena, Compare::Equal, a, b)?,
        _ => false,
    })
}

fn is_callable(value: V<'_>) -> bool {
    match value {
        V::Undefined(_) => true,
        V::Object(Object::Loop(state)) => state.recursive.is_some(),
        V::Object(object) => matches!(
            object,
            Object::Macro(_) | Object::Method(..) | Object::Function(_) | Object::Custom(_) | Object::Joiner(_)
        ),
        _ => false,
    }
}

fn is_sequence(value: V<'_>) -> bool {
    matches!(value, V::Str(_) | V::Safe(_) | V::List(_) | V::Tuple(_) | V::Dict(_) | V::Range(_) | V::Undefined(_))
        || matches!(value, V::Object(Object::Group(_)))
}

fn is_iterable(value: V<'_>) -> bool {
    is_sequence(value) || matches!(value, V::Object(Object::Loop(_)))
}
