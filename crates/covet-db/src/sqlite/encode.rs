//! How values are stored: decimals and UUIDs as TEXT, instants as RFC 3339 in UTC.

use rusqlite::types::Value;

use crate::{Error, ErrorKind, Param, Result};

/// Copies the values, because a call that is dropped leaves its thread still reading them.
pub(super) fn encode_all<'a>(params: impl IntoIterator<Item = Param<'a>>) -> Result<Vec<Value>> {
    params.into_iter().enumerate().map(|(index, param)| encode(index, param)).collect()
}

fn encode(index: usize, param: Param<'_>) -> Result<Value> {
    Ok(match param {
        Param::Null => Value::Null,
        Param::Bool(value) => Value::Integer(value.into()),
        Param::Int(value) => Value::Integer(value),
        Param::Float(value) if value.is_nan() => {
            return Err(unfit(index, "a NaN, which SQLite stores as NULL"));
        }
        Param::Float(value) => Value::Real(value),
        Param::Text(text) | Param::Json(text) => Value::Text(text.into_owned()),
        Param::Bytes(bytes) => Value::Blob(bytes.into_owned()),
        Param::Uuid(value) => Value::Text(value.to_string()),
        Param::Decimal(value) => Value::Text(value.to_string()),
        Param::Date(value) => Value::Text(value.to_string()),
        Param::Time(value) => Value::Text(value.to_string()),
        Param::DateTime(value) => Value::Text(value.to_string()),
        Param::Timestamp(value) => Value::Text(value.to_string()),
        Param::UInt(_) => {
            return Err(unfit(index, "an integer above 9223372036854775807, the largest of SQLite"));
        }
        Param::Array(_) => return Err(unfit(index, "a list, which SQLite has no type for")),
        Param::Invalid(reason) => return Err(unfit(index, &reason)),
    })
}

fn unfit(index: usize, reason: &str) -> Error {
    Error::new(ErrorKind::Encode, format!("value {} cannot be bound: {reason}", index + 1))
}
