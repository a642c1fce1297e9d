//! Numbers of any type, brought to one form for comparison.

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde_json::Value;

/// A number to compare with, or to be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Number {
    /// A whole number.
    Integer(i128),
    /// A floating-point number.
    Float(f64),
    /// A decimal number.
    Decimal(Decimal),
}

impl Number {
    /// Reads a number in JSON's notation; beyond 128 bits it is read as a float.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(integer) = text.parse() {
            return Some(Self::Integer(integer));
        }
        text.parse().ok().map(Self::Float)
    }

    #[inline]
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(right)),
            (Self::Decimal(left), Self::Decimal(right)) => Some(left.cmp(right)),
            (Self::Decimal(left), Self::Integer(right)) => Some(compare_decimal(left, *right)),
            (Self::Integer(left), Self::Decimal(right)) => Some(compare_decimal(right, *left).reverse()),
            (left, right) => left.to_f64().partial_cmp(&right.to_f64()),
        }
    }

    /// Whether this is a multiple of a step that is not zero.
    pub(crate) fn is_multiple_of(&self, step: &Self) -> bool {
        match (self, step) {
            (Self::Integer(value), Self::Integer(step)) => value.checked_rem(*step) == Some(0),
            (Self::Decimal(value), step) => {
                step.to_decimal().and_then(|step| value.checked_rem(step)).is_some_and(|rest| rest.is_zero())
            }
            (value, step) => is_float_multiple(value.to_f64(), step.to_f64()),
        }
    }

    fn to_f64(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "a float is compared with the nearest float")]
            Self::Integer(integer) => integer as f64,
            Self::Float(float) => float,
            Self::Decimal(decimal) => decimal.to_f64().unwrap_or(f64::NAN),
        }
    }

    fn to_decimal(self) -> Option<Decimal> {
        match self {
            Self::Integer(integer) => Decimal::from_i128(integer),
            Self::Float(float) => Decimal::from_f64(float),
            Self::Decimal(decimal) => Some(decimal),
        }
    }
}

/// An integer that no decimal can hold is beyond all of them.
fn compare_decimal(left: &Decimal, right: i128) -> Ordering {
    match Decimal::from_i128(right) {
        Some(right) => left.cmp(&right),
        None if right > 0 => Ordering::Less,
        None => Ordering::Greater,
    }
}

/// Floats have no exact tenths, so a quotient that is whole up to rounding counts as whole.
fn is_float_multiple(value: f64, step: f64) -> bool {
    let quotient = value / step;
    (quotient - quotient.round()).abs() <= f64::EPSILON * 4.0 * quotient.abs().max(1.0)
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(f),
            Self::Float(float) => float.fmt(f),
            Self::Decimal(decimal) => decimal.fmt(f),
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Integer(integer) => match (i64::try_from(integer), u64::try_from(integer)) {
                (Ok(integer), _) => integer.into(),
                (_, Ok(integer)) => integer.into(),
                _ => number.to_f64().into(),
            },
            _ => number.to_f64().into(),
        }
    }
}

/// A value that is a number, or none at all.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number",
    note = "`range` and `multiple_of` apply to numbers; for text there is `length`, for lists `items`"
)]
pub trait Numeric {
    /// The number; nothing where an `Option` is empty.
    fn number(&self) -> Option<Number>;
}

macro_rules! integers {
    ($($type:ty),+) => {
        $(impl Numeric for $type {
            #[inline]
            fn number(&self) -> Option<Number> {
                Some(Number::Integer(i128::from(*self)))
            }
        })+
    };
}

integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64);

macro_rules! sizes {
    ($($type:ty),+) => {
        $(impl Numeric for $type {
            #[inline]
            fn number(&self) -> Option<Number> {
                Some(Number::Integer(*self as i128))
            }
        })+
    };
}

sizes!(isize, usize);

impl Numeric for u128 {
    #[inline]
    fn number(&self) -> Option<Number> {
        #[expect(clippy::cast_precision_loss, reason = "beyond 127 bits a float is as near as a bound can be written")]
        let far = *self as f64;
        Some(i128::try_from(*self).map_or(Number::Float(far), Number::Integer))
    }
}

impl Numeric for f32 {
    #[inline]
    fn number(&self) -> Option<Number> {
        Some(Number::Float(f64::from(*self)))
    }
}

impl Numeric for f64 {
    #[inline]
    fn number(&self) -> Option<Number> {
        Some(Number::Float(*self))
    }
}

impl Numeric for Decimal {
    #[inline]
    fn number(&self) -> Option<Number> {
        Some(Number::Decimal(*self))
    }
}

impl<T: Numeric> Numeric for Option<T> {
    #[inline]
    fn number(&self) -> Option<Number> {
        self.as_ref().and_then(Numeric::number)
    }
}
