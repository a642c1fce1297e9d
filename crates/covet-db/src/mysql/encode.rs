//! Values on their way to the server.
//!
//! The server is told no more than text, integer or floating-point number, and converts a text to the type of its place.
//! Times go as text, which loses no digit that the server would keep.

use mysql_async::Value;

use crate::{Error, ErrorKind, Param, Result};

/// The values of a statement. They are copied, because a call that is given up still runs to its end.
pub(super) fn encode_all<'a>(params: impl IntoIterator<Item = Param<'a>>) -> Result<Vec<Value>> {
    params.into_iter().enumerate().map(|(index, param)| encode(param).map_err(|reason| unfit(index, &reason))).collect()
}

fn encode(param: Param<'_>) -> Result<Value, String> {
    Ok(match param {
        Param::Null => Value::NULL,
        Param::Bool(value) => Value::Int(value.into()),
        Param::Int(value) => Value::Int(value),
        Param::UInt(value) => Value::UInt(value),
        Param::Float(value) if value.is_nan() => {
            return Err("the number is not a number, which MySQL cannot store".into());
        }
        Param::Float(value) => Value::Double(value),
        Param::Text(text) | Param::Json(text) => Value::Bytes(text.into_owned().into_bytes()),
        Param::Bytes(bytes) => Value::Bytes(bytes.into_owned()),
        Param::Invalid(reason) => return Err(reason.into_owned()),
        Param::Array(_) => return Err("MySQL has no arrays".into()),
        other => Value::Bytes(text(&other).into_bytes()),
    })
}

/// The text of a value whose type MySQL is not told.
pub(super) fn text(param: &Param<'_>) -> String {
    match param {
        Param::Uuid(value) => value.to_string(),
        Param::Decimal(value) => value.to_string(),
        Param::Date(value) => value.to_string(),
        Param::Time(value) => value.to_string(),
        Param::DateTime(value) => format!("{} {}", value.date(), value.time()),
        // The session's zone is UTC.
        Param::Timestamp(value) => text(&Param::DateTime(jiff::tz::Offset::UTC.to_datetime(*value))),
        _ => String::new(),
    }
}

pub(super) fn unfit(index: usize, reason: &str) -> Error {
    Error::new(ErrorKind::Encode, format!("value {} cannot be sent: {reason}", index + 1))
}
