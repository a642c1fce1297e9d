//! Whole rows: structs, tuples, single values.

use crate::arity::for_each_arity;
use crate::{Decode, Result, Row};

/// A type that a row can be read as; `#[derive(FromRow)]` implements it for structs with named fields.
///
/// Tuples take the columns in their order, [`Row`] takes all as they are. By hand it reads like this:
///
/// ```
/// use covet_db::{FromRow, Result, Row};
///
/// struct Point { x: f64, y: f64 }
///
/// impl FromRow for Point {
///     fn from_row(row: &Row) -> Result<Self> {
///         Ok(Self { x: row.get("x")?, y: row.get("y")? })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a row cannot be read as `{Self}`",
    note = "derive `FromRow` for it, use a tuple such as `(i64, String)`, or `fetch_value` for a single column"
)]
pub trait FromRow: Sized {
    /// Reads the row.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when a column is missing or its value is of another type.
    fn from_row(row: &Row) -> Result<Self>;
}

impl FromRow for Row {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(row.clone())
    }
}

/// For tuples of columns.
macro_rules! tuples {
    ($(($($name:ident $index:tt),+);)*) => {$(
        impl<$($name: Decode),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self> {
                Ok(($(row.get::<$name>($index)?,)+))
            }
        }
    )*};
}

for_each_arity!(tuples);
