//! The orders of a list, as columns.

use std::borrow::Cow;

use covet_db::{Direction, Ident, IntoParam, Param, Sql, sql};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::validation::Input;

/// The orders in which a list can be had: an enum whose variants are the values of the parameter `sort`. Nothing else can be
/// sorted by, and the document lists them.
///
/// ```
/// use covet::{Column, Key, Keyset};
///
/// # struct Book { id: i64, title: String, price: i64 }
/// /// The order of the books.
/// #[covet::model(input)]
/// #[derive(Default)]
/// #[serde(rename_all = "snake_case")]
/// enum Order {
///     /// As they came into the shop.
///     #[default]
///     Id,
///     /// By title.
///     Title,
///     /// By price, the dearest first.
///     #[serde(rename = "-price")]
///     Dearest,
/// }
///
/// impl Keyset for Order {
///     type Item = Book;
///
///     fn columns(&self) -> Vec<Column> {
///         match self {
///             Order::Id => vec![Column::ascending("id")],
///             Order::Title => vec![Column::ascending("title"), Column::ascending("id")],
///             Order::Dearest => vec![Column::descending("price"), Column::descending("id")],
///         }
///     }
///
///     fn key(&self, book: &Book) -> Key {
///         match self {
///             Order::Id => book.id.into(),
///             Order::Title => (book.title.as_str(), book.id).into(),
///             Order::Dearest => (book.price, book.id).into(),
///         }
///     }
/// }
/// ```
pub trait Keyset: Input + Default {
    /// What the list is of, as it is read from the database.
    type Item;

    /// The columns of this order. Together they must tell every item from every other, which is why the last one is mostly
    /// the primary key, and none of them may be NULL. An index over them makes every page fast.
    fn columns(&self) -> Vec<Column>;

    /// What an item has in these columns.
    fn key(&self, item: &Self::Item) -> Key;
}

/// A column and its direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(super) table: Option<Cow<'static, str>>,
    pub(super) name: Cow<'static, str>,
    pub(super) direction: Direction,
}

impl Column {
    /// A column, the smallest value first.
    pub fn ascending(name: impl Into<Cow<'static, str>>) -> Self {
        Column { table: None, name: name.into(), direction: Direction::Ascending }
    }

    /// A column, the greatest value first.
    pub fn descending(name: impl Into<Cow<'static, str>>) -> Self {
        Column { table: None, name: name.into(), direction: Direction::Descending }
    }

    /// The same column, as one of this table or alias, where a statement has several.
    pub fn of(mut self, table: impl Into<Cow<'static, str>>) -> Self {
        self.table = Some(table.into());
        self
    }

    /// The name in SQL. One that cannot be a name is no column of any table, which the database says.
    pub(super) fn sql(&self) -> Sql<'_> {
        let ident = |name: &'static str| Ident::new(name);
        let unnamed = || ident("?").map_or_else(|_| sql!("NULL"), |name| sql!("{..name}"));
        let Ok(name) = Ident::new(self.name.as_ref()) else { return unnamed() };
        match self.table.as_deref().map(Ident::new) {
            None => sql!("{..name}"),
            Some(Ok(table)) => sql!("{..table}.{..name}"),
            Some(Err(_)) => unnamed(),
        }
    }
}

/// What one item has in the columns of an order: values, as many as there are columns. Made from a value or a tuple of up to
/// four.
#[derive(Debug, Clone, PartialEq)]
pub struct Key(pub(super) Vec<KeyValue>);

/// One value of a [`Key`]. It is never NULL.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum KeyValue {
    /// An integer.
    Int(i64),
    /// A text.
    Text(String),
    /// An exact decimal.
    Decimal(Decimal),
    /// An identifier.
    Uuid(Uuid),
    /// A date.
    Date(Date),
    /// An instant.
    Timestamp(Timestamp),
}

impl KeyValue {
    /// As a text: a letter for the kind, and the value.
    pub(super) fn encode(&self) -> String {
        match self {
            KeyValue::Int(value) => format!("i{value}"),
            KeyValue::Text(value) => format!("t{value}"),
            KeyValue::Decimal(value) => format!("n{value}"),
            KeyValue::Uuid(value) => format!("u{value}"),
            KeyValue::Date(value) => format!("d{value}"),
            KeyValue::Timestamp(value) => format!("s{value}"),
        }
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let value = text.get(1..)?;
        Some(match text.as_bytes().first()? {
            b'i' => KeyValue::Int(value.parse().ok()?),
            b't' => KeyValue::Text(value.to_owned()),
            b'n' => KeyValue::Decimal(value.parse().ok()?),
            b'u' => KeyValue::Uuid(value.parse().ok()?),
            b'd' => KeyValue::Date(value.parse().ok()?),
            b's' => KeyValue::Timestamp(value.parse().ok()?),
            _ => return None,
        })
    }
}

impl<'a> IntoParam<'a> for &'a KeyValue {
    fn into_param(self) -> Param<'a> {
        match self {
            KeyValue::Int(value) => value.into_param(),
            KeyValue::Text(value) => value.as_str().into_param(),
            KeyValue::Decimal(value) => (*value).into_param(),
            KeyValue::Uuid(value) => (*value).into_param(),
            KeyValue::Date(value) => (*value).into_param(),
            KeyValue::Timestamp(value) => (*value).into_param(),
        }
    }
}

macro_rules! values {
    ($($ty:ty => |$value:ident| $expression:expr;)*) => {
        $(
            impl From<$ty> for KeyValue {
                fn from($value: $ty) -> Self {
                    $expression
                }
            }

            impl From<$ty> for Key {
                fn from(value: $ty) -> Self {
                    Key(vec![value.into()])
                }
            }
        )*
    };
}

values! {
    i64 => |value| KeyValue::Int(value);
    i32 => |value| KeyValue::Int(value.into());
    i16 => |value| KeyValue::Int(value.into());
    u32 => |value| KeyValue::Int(value.into());
    &str => |value| KeyValue::Text(value.to_owned());
    String => |value| KeyValue::Text(value);
    Decimal => |value| KeyValue::Decimal(value);
    Uuid => |value| KeyValue::Uuid(value);
    Date => |value| KeyValue::Date(value);
    Timestamp => |value| KeyValue::Timestamp(value);
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),+))+) => {
        $(
            impl<$($name: Into<KeyValue>),+> From<($($name,)+)> for Key {
                fn from(values: ($($name,)+)) -> Self {
                    Key(vec![$(values.$index.into()),+])
                }
            }
        )+
    };
}

tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}

/// The condition for the items behind a key, in these directions.
pub(super) fn behind<'a>(columns: &'a [Column], directions: &[Direction], key: &'a [KeyValue]) -> Sql<'a> {
    let names: Vec<Sql<'a>> = columns.iter().map(Column::sql).collect();
    let values: Vec<Sql<'a>> = key.iter().map(|value| sql!("{value}")).collect();
    if directions.iter().all(|direction| *direction == directions[0]) {
        let (names, values) = (Sql::join(names, ", "), Sql::join(values, ", "));
        return match directions[0] {
            Direction::Ascending => sql!("({..names}) > ({..values})"),
            Direction::Descending => sql!("({..names}) < ({..values})"),
        };
    }
    // Rows compare in one direction alone: equal in the columns before, and behind in this one.
    let alternatives = (0..names.len()).map(|at| {
        let mut parts: Vec<Sql<'a>> = (0..at)
            .map(|before| {
                let (name, value) = (&names[before], &values[before]);
                sql!("{..name} = {..value}")
            })
            .collect();
        let (name, value) = (&names[at], &values[at]);
        parts.push(match directions[at] {
            Direction::Ascending => sql!("{..name} > {..value}"),
            Direction::Descending => sql!("{..name} < {..value}"),
        });
        let all = Sql::join(parts, " AND ");
        sql!("({..all})")
    });
    let any = Sql::join(alternatives.collect::<Vec<_>>(), " OR ");
    sql!("({..any})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_they_were() {
        for value in [
            KeyValue::Int(-7),
            KeyValue::Text(String::new()),
            KeyValue::Text("i7 \u{1f4d6}".into()),
            KeyValue::Decimal("12.50".parse().unwrap()),
            KeyValue::Uuid(Uuid::nil()),
            KeyValue::Date("2026-01-31".parse().unwrap()),
            KeyValue::Timestamp("2026-01-31T12:00:00.123456Z".parse().unwrap()),
        ] {
            assert_eq!(KeyValue::decode(&value.encode()), Some(value));
        }
        for wrong in ["", "i", "ix", "x1", "\u{e4}1"] {
            assert_eq!(KeyValue::decode(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn rows_are_compared_in_one_direction_and_columns_in_two() {
        use Direction::{Ascending, Descending};
        let columns = [Column::descending("price").of("b"), Column::ascending("id")];
        let key = [KeyValue::Int(999), KeyValue::Int(7)];
        let text = |directions: &[Direction]| behind(&columns, directions, &key).text();
        assert_eq!(text(&[Descending, Descending]), "(\"b\".\"price\", \"id\") < (?, ?)");
        assert_eq!(text(&[Ascending, Ascending]), "(\"b\".\"price\", \"id\") > (?, ?)");
        assert_eq!(text(&[Descending, Ascending]), "((\"b\".\"price\" < ?) OR (\"b\".\"price\" = ? AND \"id\" > ?))");
    }
}
