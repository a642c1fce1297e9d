//! From the values of a rendering to values that outlive it.

use super::{Arena, Cursor, Object, Safe, V, Value, Vouched};
use crate::error::{Error, Result};

const MAX_DEPTH: usize = 60;

/// Copies a value out of the arena.
pub(crate) fn to_owned_value<'a>(arena: &'a Arena, value: V<'a>) -> Result<Value> {
    copy(arena, value, 0)
}

fn copy<'a>(arena: &'a Arena, value: V<'a>, depth: usize) -> Result<Value> {
    if depth > MAX_DEPTH {
        return Err(Error::value("the value nests too deep"));
    }
    Ok(match value {
        V::Unset | V::Shared(_) | V::Undefined(_) => Value::Undefined,
        V::None => Value::None,
        V::Bool(value) => Value::Bool(value),
        V::Int(number) => Value::Int(number),
        V::Big(number) => Value::BigInt(*number),
        V::Float(number) => Value::Float(number),
        V::Str(text) => {
            arena.reserve(text.len())?;
            Value::String(text.to_owned())
        }
        V::Safe(text) => {
            arena.reserve(text.len())?;
            Value::Safe(Safe::new(text))
        }
        V::Dict(dict) | V::Object(&Object::Namespace(dict)) => {
            arena.reserve(dict.len() * size_of::<(Value, Value)>())?;
            let entries =
                dict.iter().map(|(key, value)| Ok((copy(arena, key, depth + 1)?, copy(arena, value, depth + 1)?)));
            Value::Map(entries.collect::<Result<_>>()?)
        }
        V::Object(Object::Vouched(kind, text)) => {
            arena.reserve(text.len())?;
            Value::Vouched(Vouched { kind: *kind, text: (*text).to_owned() })
        }
        V::Record(_) | V::Seq(_) => return copy(arena, value.gathered(arena)?, depth),
        V::Object(object) if !matches!(object, Object::Group(_)) => {
            return Err(Error::type_(format!("{} cannot leave the template", object.type_name())));
        }
        value => {
            let items = Cursor::new(arena, value)?.collect(arena)?;
            arena.reserve(items.len() * size_of::<Value>())?;
            Value::List(items.into_iter().map(|item| copy(arena, item, depth + 1)).collect::<Result<_>>()?)
        }
    })
}
