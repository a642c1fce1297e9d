//! Values on their way from the database.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;
use uuid::Uuid;

use crate::{Error, Result};

/// A value in a row, borrowed from the buffer in which the database sent it.
///
/// ```
/// use covet_db::{Decode, ValueRef};
/// assert_eq!(i64::decode(ValueRef::Int(7))?, 7);
/// # Ok::<(), covet_db::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// NULL.
    Null,
    /// A truth value, of a database that has a type for it.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above the signed range, of a database that has such.
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Bytes, also text that is not UTF-8.
    Bytes(&'a [u8]),
    /// A date, of a database that has a type for it, as all that follow.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A date and time without a zone.
    DateTime(DateTime),
    /// An instant.
    Timestamp(Timestamp),
    /// A UUID.
    Uuid(Uuid),
    /// A decimal; one with more digits than [`Decimal`] has is text.
    Decimal(Decimal),
}

impl ValueRef<'_> {
    /// The value's type, as errors call it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::UInt(_) => "an integer",
            Self::Float(_) => "a floating-point number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time of day",
            Self::DateTime(_) => "a date and time",
            Self::Timestamp(_) => "an instant",
            Self::Uuid(_) => "a UUID",
            Self::Decimal(_) => "a decimal",
        }
    }

    /// The text of a value that is text in databases without a type for it.
    pub(crate) fn to_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.to_owned()),
            Self::Date(value) => Some(value.to_string()),
            Self::Time(value) => Some(value.to_string()),
            Self::DateTime(value) => Some(value.to_string()),
            Self::Timestamp(value) => Some(value.to_string()),
            Self::Uuid(value) => Some(value.to_string()),
            Self::Decimal(value) => Some(value.to_string()),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::UInt(_) | Self::Float(_) | Self::Bytes(_) => None,
        }
    }
}

impl fmt::Debug for ValueRef<'_> {
    /// Names the type alone: values do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}

/// A type that a column can be read as.
///
/// ```
/// use covet_db::{Decode, Error, ValueRef};
///
/// struct Isbn(String);
///
/// impl Decode for Isbn {
///     fn decode(value: ValueRef<'_>) -> Result<Self, Error> {
///         let text = String::decode(value)?;
///         if text.len() == 13 { Ok(Self(text)) } else { Err(Error::decode("an ISBN has 13 digits")) }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a column cannot be read as `{Self}`",
    note = "implement `covet_db::Decode` for it, or derive `covet_db::FromRow` where it stands for a whole row"
)]
pub trait Decode: Sized {
    /// Makes the value.
    ///
    /// # Errors
    /// An [`Error::decode`] that says why the value is not of this type; whoever reads the row adds the column's name.
    fn decode(value: ValueRef<'_>) -> Result<Self>;
}

/// JSON in a column, read into and written from a type of yours.
///
/// ```
/// # use covet_db::{sql, Db, Json};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// let tags = Json(vec!["sf", "classic"]);
/// let Json(read) = db.fetch_value::<Json<Vec<String>>>(sql!("SELECT {tags}")).await?;
/// assert_eq!(read, ["sf", "classic"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

/// The error for a value of another type.
fn mismatch<T>(value: ValueRef<'_>) -> Error {
    let wanted = short_type_name::<T>();
    match value {
        ValueRef::Null => Error::decode(format!("it is NULL, and `{wanted}` is not an `Option`")),
        other => Error::decode(format!("it is {}, not `{wanted}`", other.type_name())),
    }
}

/// The name of a type without the paths of its parts.
pub(crate) fn short_type_name<T>() -> String {
    let mut name = String::new();
    for part in std::any::type_name::<T>().split_inclusive(['<', '>', ',', ' ', '(', ')', '&']) {
        name.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    name
}

impl Decode for bool {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Bool(value) => Ok(value),
            ValueRef::Int(0) => Ok(false),
            ValueRef::Int(1) => Ok(true),
            ValueRef::Int(_) | ValueRef::UInt(_) => {
                Err(Error::decode("it is an integer other than 0 and 1, not `bool`"))
            }
            other => Err(mismatch::<Self>(other)),
        }
    }
}

/// For integers: a value out of range is an error, never cut off.
macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Decode for $type {
            fn decode(value: ValueRef<'_>) -> Result<Self> {
                let unfit = || Error::decode(concat!("its integer does not fit `", stringify!($type), "`"));
                match value {
                    ValueRef::Int(value) => Self::try_from(value).map_err(|_| unfit()),
                    ValueRef::UInt(value) => Self::try_from(value).map_err(|_| unfit()),
                    // A sum of integers is a decimal in databases where it could be too large for any integer.
                    ValueRef::Decimal(value) if value.is_integer() => {
                        i128::try_from(value).ok().and_then(|value| Self::try_from(value).ok()).ok_or_else(unfit)
                    }
                    other => Err(mismatch::<Self>(other)),
                }
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 u8 u16 u32 u64 isize usize);

impl Decode for f64 {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Float(value) => Ok(value),
            // Databases give whole numbers of a floating-point column as integers; only exact ones are taken.
            ValueRef::Int(value) if value.unsigned_abs() <= 1 << Self::MANTISSA_DIGITS => Ok(value as Self),
            ValueRef::Int(_) | ValueRef::UInt(_) => Err(Error::decode("its integer has no exact `f64`")),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl Decode for f32 {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        let wide = f64::decode(value).map_err(|_| mismatch::<Self>(value))?;
        let narrow = wide as Self;
        if narrow.is_infinite() && wide.is_finite() {
            return Err(Error::decode("its number does not fit `f32`"));
        }
        Ok(narrow)
    }
}

impl Decode for String {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Text(text) => Ok(text.to_owned()),
            other => other.to_text().ok_or_else(|| mismatch::<Self>(other)),
        }
    }
}

impl Decode for Box<str> {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Text(text) => Ok(text.into()),
            other => other.to_text().map(Into::into).ok_or_else(|| mismatch::<Self>(other)),
        }
    }
}

impl Decode for Vec<u8> {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Bytes(bytes) => Ok(bytes.to_owned()),
            // MySQL gives back as text what was bound as bytes and stored nowhere.
            ValueRef::Text(text) => Ok(text.as_bytes().to_owned()),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl Decode for Uuid {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Uuid(value) => Ok(value),
            ValueRef::Text(text) => Self::parse_str(text).map_err(|_| Error::decode("its text is not a UUID")),
            ValueRef::Bytes(bytes) => {
                Self::from_slice(bytes).map_err(|_| Error::decode("its bytes are not the 16 of a UUID"))
            }
            other => Err(mismatch::<Self>(other)),
        }
    }
}

impl Decode for Decimal {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Decimal(value) => Ok(value),
            ValueRef::Text(text) => {
                Self::from_str_exact(text).map_err(|_| Error::decode("its text is not a `Decimal`"))
            }
            ValueRef::Int(value) => Ok(Self::from(value)),
            ValueRef::UInt(value) => Ok(Self::from(value)),
            ValueRef::Float(_) => Err(Error::decode(
                "it is a floating-point number, which has no exact `Decimal`; store decimals as TEXT",
            )),
            other => Err(mismatch::<Self>(other)),
        }
    }
}

/// For types that are text in databases without a type for them.
macro_rules! parsed {
    ($($type:ident, $what:literal;)*) => {$(
        impl Decode for $type {
            fn decode(value: ValueRef<'_>) -> Result<Self> {
                let parse = |text: &str| {
                    text.parse().map_err(|_| match has_zero(text) {
                        true => Error::decode(ZERO),
                        false => Error::decode(concat!("its text is not ", $what)),
                    })
                };
                match value {
                    ValueRef::$type(value) => Ok(value),
                    ValueRef::Text(text) => parse(text),
                    other => parse(&other.to_text().ok_or_else(|| mismatch::<Self>(other))?),
                }
            }
        }
    )*};
}

parsed! {
    Date, "a date";
    Time, "a time of day";
    DateTime, "a date and time";
}

impl Decode for Timestamp {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Timestamp(value) => Ok(value),
            ValueRef::Text(text) => instant(text),
            other => instant(&other.to_text().ok_or_else(|| mismatch::<Self>(other))?),
        }
    }
}

const ZERO: &str = "its year, month or day is zero, which is no date; MySQL stores such in place of dates that were wrong, \
                    where its `sql_mode` is not strict";

/// Whether it is a date such as `0000-00-00`.
fn has_zero(text: &str) -> bool {
    let mut parts = text.get(..10).unwrap_or_default().split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    year.is_some_and(|year| year.len() == 4) && (month == Some("00") || day == Some("00"))
}

fn instant(text: &str) -> Result<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    // SQLite's CURRENT_TIMESTAMP is UTC without saying so.
    text.parse::<DateTime>()
        .ok()
        .filter(|_| !text.contains(['+', 'Z', 'z']))
        .and_then(|civil| jiff::tz::Offset::UTC.to_timestamp(civil).ok())
        .ok_or_else(|| Error::decode(if has_zero(text) { ZERO } else { "its text is not an instant" }))
}

impl Decode for JsonValue {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        Json::decode(value).map(|Json(value)| value)
    }
}

impl<T: serde::de::DeserializeOwned> Decode for Json<T> {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        let parsed = match value {
            ValueRef::Text(text) => serde_json::from_str(text),
            other => serde_json::from_str(&other.to_text().ok_or_else(|| mismatch::<Self>(other))?),
        };
        // The parser's own text may quote the value, so only its place is told.
        parsed.map(Json).map_err(|error| {
            Error::decode(format!(
                "its JSON is not `{}` (line {}, column {})",
                short_type_name::<T>(),
                error.line(),
                error.column()
            ))
        })
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Null => Ok(None),
            other => T::decode(other).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault<T: Decode>(value: ValueRef<'_>) -> String {
        match T::decode(value) {
            Ok(_) => panic!("decoded"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn nothing_is_cut_off() {
        assert_eq!(fault::<u8>(ValueRef::Int(256)), "its integer does not fit `u8`");
        assert_eq!(fault::<f64>(ValueRef::Int(i64::MAX)), "its integer has no exact `f64`");
        assert_eq!(fault::<f32>(ValueRef::Float(1e300)), "its number does not fit `f32`");
        assert_eq!(fault::<bool>(ValueRef::Int(2)), "it is an integer other than 0 and 1, not `bool`");
    }

    #[test]
    fn null_is_not_a_value() {
        assert_eq!(fault::<String>(ValueRef::Null), "it is NULL, and `String` is not an `Option`");
        assert_eq!(Option::<String>::decode(ValueRef::Null).unwrap(), None);
    }

    #[test]
    fn type_names_are_short() {
        assert_eq!(short_type_name::<Option<Vec<String>>>(), "Option<Vec<String>>");
        assert_eq!(fault::<Json<Vec<u8>>>(ValueRef::Int(1)), "it is an integer, not `Json<Vec<u8>>`");
    }

    #[test]
    fn sqlite_current_timestamp_is_an_instant() {
        let read = Timestamp::decode(ValueRef::Text("2026-11-23 10:00:00")).unwrap();
        assert_eq!(read.to_string(), "2026-11-23T10:00:00Z");
        assert!(Timestamp::decode(ValueRef::Text("secret")).is_err());
    }
}
