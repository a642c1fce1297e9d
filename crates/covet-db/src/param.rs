//! Values on their way to the database.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value as JsonValue;
use uuid::Uuid;

use crate::Json;

/// One value as it is bound to a statement. What borrows, borrows from the caller, so that binding copies nothing.
///
/// ```
/// use covet_db::{IntoParam, Param};
/// let title = String::from("Dune");
/// assert!(matches!((&title).into_param(), Param::Text(text) if text == "Dune"));
/// assert!(matches!((&None::<i64>).into_param(), Param::Null));
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Param<'a> {
    /// NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An integer above the signed range; databases without unsigned integers refuse it.
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
    /// A UUID.
    Uuid(Uuid),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A calendar date.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A date and time without a zone.
    DateTime(DateTime),
    /// An instant.
    Timestamp(Timestamp),
    /// JSON, as text.
    Json(Cow<'a, str>),
    /// A list of values of one kind, for an array of PostgreSQL; other databases refuse it.
    Array(Vec<Param<'a>>),
    /// A value that cannot be sent, and why. The call that binds it fails.
    Invalid(Cow<'static, str>),
}

impl std::fmt::Debug for Param<'_> {
    /// Names the type alone: values do not belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool(_)",
            Self::Int(_) => "Int(_)",
            Self::UInt(_) => "UInt(_)",
            Self::Float(_) => "Float(_)",
            Self::Text(_) => "Text(_)",
            Self::Bytes(_) => "Bytes(_)",
            Self::Uuid(_) => "Uuid(_)",
            Self::Decimal(_) => "Decimal(_)",
            Self::Date(_) => "Date(_)",
            Self::Time(_) => "Time(_)",
            Self::DateTime(_) => "DateTime(_)",
            Self::Timestamp(_) => "Timestamp(_)",
            Self::Json(_) => "Json(_)",
            Self::Array(_) => "Array(_)",
            Self::Invalid(_) => "Invalid(_)",
        })
    }
}

impl Param<'_> {
    /// The same value with everything that it borrowed copied.
    ///
    /// ```
    /// use covet_db::Param;
    /// let owned: Param<'static> = Param::Text("Dune".into()).into_owned();
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Param<'static> {
        match self {
            Self::Text(text) => Param::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Param::Bytes(Cow::Owned(bytes.into_owned())),
            Self::Json(text) => Param::Json(Cow::Owned(text.into_owned())),
            Self::Array(values) => Param::Array(values.into_iter().map(Param::into_owned).collect()),
            Self::Null => Param::Null,
            Self::Bool(value) => Param::Bool(value),
            Self::Int(value) => Param::Int(value),
            Self::UInt(value) => Param::UInt(value),
            Self::Float(value) => Param::Float(value),
            Self::Uuid(value) => Param::Uuid(value),
            Self::Decimal(value) => Param::Decimal(value),
            Self::Date(value) => Param::Date(value),
            Self::Time(value) => Param::Time(value),
            Self::DateTime(value) => Param::DateTime(value),
            Self::Timestamp(value) => Param::Timestamp(value),
            Self::Invalid(reason) => Param::Invalid(reason),
        }
    }
}

/// A type whose values can be bound in `sql!`.
///
/// It is implemented for references, so that `{name}` in `sql!` takes nothing away from the caller, and so that a
/// reference to a reference lends for as long as the inner one. Implement it for a reference to your own type:
///
/// ```
/// use covet_db::{sql, IntoParam, Param};
///
/// struct BookId(i64);
///
/// impl<'a> IntoParam<'a> for &'a BookId {
///     fn into_param(self) -> Param<'a> {
///         (&self.0).into_param()
///     }
/// }
///
/// let id = BookId(7);
/// let query = sql!("SELECT title FROM books WHERE id = {id}");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be bound as a SQL value",
    label = "not a value that a database knows",
    note = "implement `covet_db::IntoParam` for a reference to the type, bind a field of it, or write `{{*value}}` for an extractor",
    note = "a list is written `x IN ({{list*}})`, a part of a statement `{{..part}}`"
)]
pub trait IntoParam<'a> {
    /// The value to bind.
    fn into_param(self) -> Param<'a>;
}

impl<'a> IntoParam<'a> for Param<'a> {
    fn into_param(self) -> Param<'a> {
        self
    }
}

impl<'a> IntoParam<'a> for &Param<'a> {
    fn into_param(self) -> Param<'a> {
        self.clone()
    }
}

/// For types that are copied into their [`Param`].
macro_rules! copied {
    ($($type:ty => |$value:ident| $param:expr;)*) => {$(
        impl<'a> IntoParam<'a> for &$type {
            fn into_param(self) -> Param<'a> {
                let $value = *self;
                $param
            }
        }

        impl<'a> IntoParam<'a> for $type {
            fn into_param(self) -> Param<'a> {
                let $value = self;
                $param
            }
        }
    )*};
}

copied! {
    bool => |value| Param::Bool(value);
    i8 => |value| Param::Int(value.into());
    i16 => |value| Param::Int(value.into());
    i32 => |value| Param::Int(value.into());
    i64 => |value| Param::Int(value);
    u8 => |value| Param::Int(value.into());
    u16 => |value| Param::Int(value.into());
    u32 => |value| Param::Int(value.into());
    u64 => |value| i64::try_from(value).map_or(Param::UInt(value), Param::Int);
    usize => |value| (value as u64).into_param();
    isize => |value| Param::Int(value as i64);
    f32 => |value| Param::Float(value.into());
    f64 => |value| Param::Float(value);
    Uuid => |value| Param::Uuid(value);
    Decimal => |value| Param::Decimal(value);
    Date => |value| Param::Date(value);
    Time => |value| Param::Time(value);
    DateTime => |value| Param::DateTime(value);
    Timestamp => |value| Param::Timestamp(value);
}

impl<'a> IntoParam<'a> for &'a str {
    fn into_param(self) -> Param<'a> {
        Param::Text(Cow::Borrowed(self))
    }
}

impl<'a> IntoParam<'a> for &'a String {
    fn into_param(self) -> Param<'a> {
        Param::Text(Cow::Borrowed(self))
    }
}

impl<'a> IntoParam<'a> for String {
    fn into_param(self) -> Param<'a> {
        Param::Text(Cow::Owned(self))
    }
}

impl<'a> IntoParam<'a> for &'a [u8] {
    fn into_param(self) -> Param<'a> {
        Param::Bytes(Cow::Borrowed(self))
    }
}

impl<'a, const N: usize> IntoParam<'a> for &'a [u8; N] {
    fn into_param(self) -> Param<'a> {
        Param::Bytes(Cow::Borrowed(self))
    }
}

impl<'a> IntoParam<'a> for &'a Vec<u8> {
    fn into_param(self) -> Param<'a> {
        Param::Bytes(Cow::Borrowed(self))
    }
}

impl<'a> IntoParam<'a> for Vec<u8> {
    fn into_param(self) -> Param<'a> {
        Param::Bytes(Cow::Owned(self))
    }
}

impl<'a> IntoParam<'a> for &JsonValue {
    fn into_param(self) -> Param<'a> {
        Param::Json(Cow::Owned(self.to_string()))
    }
}

impl<'a> IntoParam<'a> for JsonValue {
    fn into_param(self) -> Param<'a> {
        (&self).into_param()
    }
}

impl<'a, T: Serialize> IntoParam<'a> for &Json<T> {
    fn into_param(self) -> Param<'a> {
        match serde_json::to_string(&self.0) {
            Ok(text) => Param::Json(Cow::Owned(text)),
            Err(error) => Param::Invalid(Cow::Owned(format!("a value is not JSON: {error}"))),
        }
    }
}

impl<'a, T: Serialize> IntoParam<'a> for Json<T> {
    fn into_param(self) -> Param<'a> {
        (&self).into_param()
    }
}

impl<'a> IntoParam<'a> for &'a Cow<'_, str> {
    fn into_param(self) -> Param<'a> {
        Param::Text(Cow::Borrowed(self))
    }
}

impl<'a> IntoParam<'a> for &'a Cow<'_, [u8]> {
    fn into_param(self) -> Param<'a> {
        Param::Bytes(Cow::Borrowed(self))
    }
}

impl<'a, 'r, T: ?Sized> IntoParam<'a> for &&'r T
where
    &'r T: IntoParam<'a>,
{
    fn into_param(self) -> Param<'a> {
        (*self).into_param()
    }
}

impl<'a, 'r, T: ?Sized> IntoParam<'a> for &'r &mut T
where
    &'r T: IntoParam<'a>,
{
    fn into_param(self) -> Param<'a> {
        (**self).into_param()
    }
}

/// For pointers that lend what they own.
macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<'a, 'r, T: ?Sized> IntoParam<'a> for &'r $pointer<T>
        where
            &'r T: IntoParam<'a>,
        {
            fn into_param(self) -> Param<'a> {
                (**self).into_param()
            }
        }
    )*};
}

pointers!(Box Arc Rc);

impl<'a, 'r, T> IntoParam<'a> for &'r Option<T>
where
    &'r T: IntoParam<'a>,
{
    fn into_param(self) -> Param<'a> {
        self.as_ref().map_or(Param::Null, IntoParam::into_param)
    }
}

impl<'a, T: IntoParam<'a>> IntoParam<'a> for Option<T> {
    fn into_param(self) -> Param<'a> {
        self.map_or(Param::Null, IntoParam::into_param)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_to_a_reference_lends_as_long_as_the_inner_one() {
        fn outlives<'a>(text: &'a str) -> Param<'a> {
            let short = &text;
            short.into_param()
        }
        assert_eq!(outlives("x"), Param::Text("x".into()));
    }

    #[test]
    fn big_unsigned_integers_keep_their_value() {
        assert_eq!((&u64::MAX).into_param(), Param::UInt(u64::MAX));
        assert_eq!((&7_u64).into_param(), Param::Int(7));
    }

    #[test]
    fn debug_hides_the_value() {
        assert_eq!(format!("{:?}", "secret".into_param()), "Text(_)");
    }
}
