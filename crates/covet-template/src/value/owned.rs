//! Values outside of a rendering: what functions of the application take and answer, and what `eval` answers.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::Vouched;
use crate::error::{Error, Result};

/// A value that owns its parts.
///
/// ```
/// use covet_template::Value;
///
/// let value = covet_template::eval("[1, 2.5, 'three']", &())?;
/// let Value::List(items) = value else { unreachable!() };
/// assert_eq!(items[2], Value::from("three"));
/// # Ok::<(), covet_template::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// What is not there.
    Undefined,
    /// `none`.
    #[default]
    None,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer that leaves 64 bits.
    BigInt(i128),
    /// A floating-point number.
    Float(f64),
    /// A text.
    String(String),
    /// A text that is HTML.
    Safe(Safe),
    /// A text that is vouched for.
    Vouched(Vouched),
    /// A list or a tuple.
    List(Vec<Value>),
    /// A dict, in its order.
    Map(Vec<(Value, Value)>),
}

/// The name by which the serializer of contexts knows [`Safe`].
pub(super) const SAFE: &str = "$covet_template::Safe";

/// A text that is HTML already, and is not escaped again where HTML stands. In an attribute, a script or an address
/// it is a text like every other.
///
/// ```
/// use covet_template::{Engine, Safe};
///
/// let mut engine = Engine::new();
/// engine.add("page.html", "<p>{{ body }}</p><p title=\"{{ body }}\">")?;
/// let page = engine.render("page.html", &std::collections::BTreeMap::from([("body", Safe::new("<b>"))]))?;
/// assert_eq!(page, "<p><b></p><p title=\"&lt;b&gt;\">");
/// # Ok::<(), covet_template::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Safe(String);

impl Safe {
    /// Vouches for a text: that it is HTML whose every part was written or escaped on purpose.
    pub fn new(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Safe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(SAFE, &self.0)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Undefined => serializer.serialize_unit_struct(UNDEFINED),
            Value::None => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::BigInt(number) => serializer.serialize_i128(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::String(text) => serializer.serialize_str(text),
            Value::Safe(safe) => safe.serialize(serializer),
            Value::Vouched(vouched) => vouched.serialize(serializer),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Value::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// The name by which the serializer of contexts knows [`Value::Undefined`].
pub(super) const UNDEFINED: &str = "$covet_template::Undefined";

/// A Rust type that an argument of a template's call can become.
pub trait FromValue: Sized {
    /// Whether this is the type of the arguments that are given by name.
    #[doc(hidden)]
    const IS_KEYWORDS: bool = false;

    /// Converts an argument; one that was not given is [`Value::Undefined`].
    ///
    /// # Errors
    /// The value is of another type, or there is none.
    fn from_value(value: Value) -> Result<Self, Error>;
}

/// A Rust type that a function may answer to a template.
pub trait IntoValue {
    /// Converts the answer.
    ///
    /// # Errors
    /// The function failed.
    fn into_value(self) -> Result<Value, Error>;
}

fn mismatch(value: &Value, expected: &str) -> Error {
    let found = match value {
        Value::Undefined => return Error::type_(format!("{expected} is missing")),
        Value::None => "none",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::BigInt(_) => "an integer",
        Value::Float(_) => "a float",
        Value::String(_) | Value::Safe(_) | Value::Vouched(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "a dict",
    };
    Error::type_(format!("expected {expected}, found {found}"))
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, Error> {
        Ok(value)
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::String(text) | Value::Safe(Safe(text)) | Value::Vouched(Vouched { text, .. }) => Ok(text),
            value => Err(mismatch(&value, "a string")),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::Bool(value) => Ok(value),
            value => Err(mismatch(&value, "a boolean")),
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::Float(number) => Ok(number),
            Value::Int(number) => Ok(number as f64),
            Value::BigInt(number) => Ok(number as f64),
            value => Err(mismatch(&value, "a number")),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::Undefined | Value::None => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::List(items) => items.into_iter().map(T::from_value).collect(),
            value => Err(mismatch(&value, "a list")),
        }
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl FromValue for $type {
            fn from_value(value: Value) -> Result<Self, Error> {
                match value {
                    Value::Int(number) => {
                        <$type>::try_from(number).map_err(|_| Error::value(format!("{number} is out of range")))
                    }
                    Value::BigInt(number) => {
                        <$type>::try_from(number).map_err(|_| Error::value(format!("{number} is out of range")))
                    }
                    value => Err(mismatch(&value, "an integer")),
                }
            }
        }

        impl From<$type> for Value {
            fn from(number: $type) -> Self {
                i64::try_from(number).map_or_else(|_| Value::BigInt(number as i128), Value::Int)
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

macro_rules! variants {
    ($($type:ty => $variant:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                $variant(value.into())
            }
        }
    )*};
}

variants! {
    bool => Value::Bool;
    f64 => Value::Float;
    f32 => Value::Float;
    String => Value::String;
    &str => Value::String;
    Safe => Value::Safe;
    Vouched => Value::Vouched;
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Value::None
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::None, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> IntoValue for T {
    fn into_value(self) -> Result<Value, Error> {
        Ok(self.into())
    }
}

impl<T: Into<Value>, E: Into<Box<dyn std::error::Error + Send + Sync>>> IntoValue for Result<T, E> {
    fn into_value(self) -> Result<Value, Error> {
        self.map(Into::into).map_err(|error| {
            let error = match error.into().downcast::<Error>() {
                Ok(own) => return *own,
                Err(other) => other,
            };
            Error::new(crate::ErrorKind::Function, error.to_string()).with_source(error)
        })
    }
}
