//! The values that a template works with while it renders.
//!
//! A value is `Copy` and borrows everything from the arena of its rendering, so that variables, arguments and loop
//! items move without counting references, and so that one limit in the arena bounds the memory of all of them.

mod arena;
mod arithmetic;
mod borrowed;
mod compare;
mod convert;
mod dict;
mod format;
mod iterate;
mod lines;
mod list;
mod object;
mod owned;
mod print;
mod serialize;
mod slice;
mod text;
mod vouched;

pub(crate) use arena::Arena;
pub(crate) use arithmetic::{binary, concat, negative};
pub(crate) use borrowed::Sequence;
pub use borrowed::{Context, Data, Datum, Memory};
pub(crate) use compare::{compare, equal, order};
pub(crate) use convert::to_owned_value;
pub(crate) use dict::Dict;
pub(crate) use format::{Fields, format_fields, format_percent};
pub(crate) use iterate::Cursor;
pub(crate) use lines::split_lines;
pub(crate) use list::List;
pub(crate) use object::{Cycler, Joiner, LoopState, MacroValue, Module, Object, Range, RecursiveLoop};
pub use owned::{FromValue, IntoValue, Safe, Value};
pub(crate) use print::{print, print_float, repr};
pub(crate) use serialize::serialize;
pub(crate) use slice::{item, slice};
pub(crate) use text::Text;
pub(crate) use vouched::Kind;
pub use vouched::Vouched;

use std::cell::Cell;

use crate::error::{Error, Result};

/// A value. Its tag takes a whole word, so that values are copied in words, which is measurably faster.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum V<'a> {
    /// A variable that was not assigned yet, or an argument that was not given; templates never see it.
    Unset,
    /// A variable that a macro shares with the code around it; templates never see it.
    Shared(&'a Cell<V<'a>>),
    /// Nothing, and the name of what was not there.
    Undefined(&'a str),
    None,
    Bool(bool),
    Int(i64),
    /// An integer that leaves 64 bits.
    Big(&'a i128),
    Float(f64),
    Str(&'a str),
    /// Text that is HTML already.
    Safe(&'a str),
    List(&'a List<'a>),
    Tuple(&'a [V<'a>]),
    Dict(&'a Dict<'a>),
    Range(&'a Range),
    Object(&'a Object<'a>),
    /// A struct of the application.
    Record(&'a dyn Context),
    /// Several values of the application.
    Seq(&'a dyn Sequence),
}

impl<'a> V<'a> {
    pub(crate) fn as_str(self) -> Option<&'a str> {
        match self {
            V::Str(text) | V::Safe(text) => Some(text),
            V::Object(Object::Vouched(_, text)) => Some(text),
            _ => None,
        }
    }

    /// The value behind a shared variable.
    #[inline]
    pub(crate) fn unshared(self) -> V<'a> {
        match self {
            V::Shared(cell) => cell.get(),
            value => value,
        }
    }

    pub(crate) fn is_undefined(self) -> bool {
        matches!(self, V::Undefined(_) | V::Unset)
    }

    pub(crate) fn is_none(self) -> bool {
        matches!(self, V::None)
    }

    pub(crate) fn as_int(self) -> Option<i64> {
        match self {
            V::Int(number) => Some(number),
            V::Bool(value) => Some(i64::from(value)),
            _ => None,
        }
    }

    /// An integer of any size.
    pub(crate) fn as_wide(self) -> Option<i128> {
        match self {
            V::Big(number) => Some(*number),
            value => value.as_int().map(i128::from),
        }
    }

    /// An integer in the smallest form that holds it.
    pub(crate) fn integer(arena: &'a Arena, number: i128) -> Result<V<'a>> {
        match i64::try_from(number) {
            Ok(small) => Ok(V::Int(small)),
            Err(_) => Ok(V::Big(arena.alloc(number)?)),
        }
    }

    pub(crate) fn as_float(self) -> Option<f64> {
        match self {
            V::Float(number) => Some(number),
            V::Big(number) => Some(*number as f64),
            value => value.as_int().map(|number| number as f64),
        }
    }

    /// Whether Python would take the value for true.
    pub(crate) fn is_true(self) -> bool {
        match self {
            V::Unset | V::Shared(_) | V::Undefined(_) | V::None => false,
            V::Bool(value) => value,
            V::Int(number) => number != 0,
            V::Big(_) => true,
            V::Float(number) => number != 0.0,
            V::Str(text) | V::Safe(text) => !text.is_empty(),
            V::List(list) => list.len() > 0,
            V::Tuple(items) => !items.is_empty(),
            V::Dict(dict) => dict.len() > 0,
            V::Range(range) => range.len() > 0,
            V::Object(_) | V::Record(_) => true,
            V::Seq(sequence) => sequence.count() > 0,
        }
    }

    /// The length, of what has one.
    pub(crate) fn len(self) -> Option<usize> {
        Some(match self {
            V::Str(text) | V::Safe(text) => text.chars().count(),
            V::List(list) => list.len(),
            V::Tuple(items) => items.len(),
            V::Dict(dict) => dict.len(),
            V::Range(range) => range.len(),
            V::Undefined(_) => 0,
            V::Record(record) => record.names().len(),
            V::Seq(sequence) => sequence.count(),
            V::Object(Object::Group(_)) => 2,
            V::Object(Object::Vouched(_, text)) => text.chars().count(),
            V::Object(Object::Loop(state)) => state.length,
            _ => return None,
        })
    }

    /// What Python calls the type, for messages.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            V::Unset | V::Shared(_) | V::Undefined(_) => "undefined",
            V::None => "none",
            V::Bool(_) => "a boolean",
            V::Int(_) | V::Big(_) => "an integer",
            V::Float(_) => "a float",
            V::Str(_) | V::Safe(_) => "a string",
            V::List(_) | V::Seq(_) => "a list",
            V::Tuple(_) => "a tuple",
            V::Dict(_) | V::Record(_) => "a dict",
            V::Range(_) => "a range",
            V::Object(object) => object.type_name(),
        }
    }

    /// The text of a value that has to be one.
    pub(crate) fn expect_str(self, what: &str) -> Result<&'a str> {
        self.as_str().ok_or_else(|| self.mismatch(what, "a string"))
    }

    pub(crate) fn expect_int(self, what: &str) -> Result<i64> {
        self.as_int().ok_or_else(|| self.mismatch(what, "an integer"))
    }

    /// The error for a value of the wrong type; what is undefined says so.
    pub(crate) fn mismatch(self, what: &str, expected: &str) -> Error {
        match self {
            V::Undefined(name) => Error::undefined(name),
            value => Error::type_(format!("{what} must be {expected}, not {}", value.type_name())),
        }
    }
}
