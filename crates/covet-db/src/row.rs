//! Rows: a batch of them shares two buffers, and a column is decoded when it is asked for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use serde_json::{Map, Value as JsonValue};
use uuid::Uuid;

use crate::{Decode, Error, ErrorKind, Result, ValueRef};

/// The names of a result's columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns(Box<[Box<str>]>);

impl Columns {
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether these are the names.
    #[cfg(feature = "mysql")]
    pub(crate) fn are<'a>(&self, names: impl ExactSizeIterator<Item = &'a [u8]>) -> bool {
        self.len() == names.len() && self.0.iter().zip(names).all(|(known, name)| known.as_bytes() == name)
    }
}

/// A cell without its text or bytes, which stand in the batch's buffer.
#[derive(Clone, Copy, Debug)]
enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text {
        start: u32,
        length: u32,
    },
    Bytes {
        start: u32,
        length: u32,
    },
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    /// In microseconds of Unix time, which is smaller than the instant itself.
    Timestamp(i64),
    /// 16 bytes.
    Uuid {
        start: u32,
    },
    /// 16 bytes.
    Decimal {
        start: u32,
    },
}

/// How much a batch holds, for the next one to begin with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room {
    cells: usize,
    bytes: usize,
}

/// Some rows of one result.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    columns: Arc<Columns>,
    cells: Vec<Cell>,
    bytes: Vec<u8>,
}

impl Batch {
    pub(crate) fn new(columns: Arc<Columns>) -> Self {
        Self::with_room(columns, Room::default())
    }

    /// One that need not grow for as much as another held.
    pub(crate) fn with_room(columns: Arc<Columns>, room: Room) -> Self {
        let cells = Vec::with_capacity(room.cells.max(columns.len()));
        Self { cells, columns, bytes: Vec::with_capacity(room.bytes) }
    }

    pub(crate) fn room(&self) -> Room {
        Room { cells: self.cells.len(), bytes: self.bytes.len() }
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len().checked_div(self.columns.len()).unwrap_or(0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// How much memory the batch holds, about.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.cells.len() * size_of::<Cell>()
    }

    /// Adds the next cell of the row that is being filled.
    ///
    /// A batch ends long before its buffer has 4 GiB, and no cell of a database is that big.
    pub(crate) fn push(&mut self, value: ValueRef<'_>) -> Result<()> {
        let cell = match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Bool(value) => Cell::Bool(value),
            ValueRef::Int(value) => Cell::Int(value),
            ValueRef::UInt(value) => Cell::UInt(value),
            ValueRef::Float(value) => Cell::Float(value),
            ValueRef::Text(text) => return self.push_text(text.as_bytes()),
            ValueRef::Bytes(bytes) => {
                let (start, length) = self.append(bytes)?;
                Cell::Bytes { start, length }
            }
            ValueRef::Date(value) => Cell::Date(value),
            ValueRef::Time(value) => Cell::Time(value),
            ValueRef::DateTime(value) => Cell::DateTime(value),
            ValueRef::Timestamp(value) if value.subsec_nanosecond() % 1000 == 0 => {
                Cell::Timestamp(value.as_microsecond())
            }
            ValueRef::Timestamp(value) => return self.push_text(value.to_string().as_bytes()),
            ValueRef::Uuid(value) => Cell::Uuid { start: self.append(value.as_bytes())?.0 },
            ValueRef::Decimal(value) => Cell::Decimal { start: self.append(&value.serialize())?.0 },
        };
        self.cells.push(cell);
        Ok(())
    }

    /// Adds a cell of text that is checked to be UTF-8 when it is read.
    pub(crate) fn push_text(&mut self, text: &[u8]) -> Result<()> {
        let (start, length) = self.append(text)?;
        self.cells.push(Cell::Text { start, length });
        Ok(())
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) -> Result<(u32, u32)> {
        let (Ok(start), Ok(length)) = (u32::try_from(self.bytes.len()), u32::try_from(bytes.len())) else {
            return Err(Error::new(ErrorKind::Limit, "a batch of rows is larger than 4 GiB"));
        };
        self.bytes.extend_from_slice(bytes);
        Ok((start, length))
    }

    fn value(&self, row: usize, column: usize) -> ValueRef<'_> {
        let slice = |start: u32, length: u32| {
            let start = start as usize;
            self.bytes.get(start..start + length as usize).unwrap_or_default()
        };
        match self.cells.get(row * self.columns.len() + column) {
            None | Some(Cell::Null) => ValueRef::Null,
            Some(Cell::Bool(value)) => ValueRef::Bool(*value),
            Some(Cell::Int(value)) => ValueRef::Int(*value),
            Some(Cell::UInt(value)) => ValueRef::UInt(*value),
            Some(Cell::Float(value)) => ValueRef::Float(*value),
            Some(Cell::Text { start, length }) => {
                let bytes = slice(*start, *length);
                std::str::from_utf8(bytes).map_or(ValueRef::Bytes(bytes), ValueRef::Text)
            }
            Some(Cell::Bytes { start, length }) => ValueRef::Bytes(slice(*start, *length)),
            Some(Cell::Date(value)) => ValueRef::Date(*value),
            Some(Cell::Time(value)) => ValueRef::Time(*value),
            Some(Cell::DateTime(value)) => ValueRef::DateTime(*value),
            Some(Cell::Timestamp(microseconds)) => {
                Timestamp::from_microsecond(*microseconds).map_or(ValueRef::Null, ValueRef::Timestamp)
            }
            Some(Cell::Uuid { start }) => Uuid::from_slice(slice(*start, 16)).map_or(ValueRef::Null, ValueRef::Uuid),
            Some(Cell::Decimal { start }) => slice(*start, 16)
                .try_into()
                .map_or(ValueRef::Null, |bytes| ValueRef::Decimal(Decimal::deserialize(bytes))),
        }
    }
}

/// One row of a result.
///
/// ```
/// # use covet_db::{Db, Row};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
/// # let db = Db::connect("sqlite::memory:").await?;
/// let row: Row = db.fetch_one("SELECT 1 AS id, 'Dune' AS title").await?;
/// assert_eq!(row.get::<i64>(0)?, 1);
/// assert_eq!(row.get::<String>("title")?, "Dune");
/// assert_eq!(serde_json::Value::Object(row.to_map()).to_string(), r#"{"id":1,"title":"Dune"}"#);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Row {
    batch: Arc<Batch>,
    index: usize,
}

impl Row {
    /// Every row of a batch in order, without a clone for each.
    pub(crate) fn visit(batch: Batch, mut visitor: impl FnMut(&Self) -> Result<()>) -> Result<()> {
        let mut row = Self { batch: Arc::new(batch), index: 0 };
        for index in 0..row.batch.len() {
            row.index = index;
            visitor(&row)?;
        }
        Ok(())
    }

    pub(crate) fn first(batch: Batch) -> Option<Self> {
        (!batch.is_empty()).then(|| Self { batch: Arc::new(batch), index: 0 })
    }

    /// The row behind this one, if its batch has one.
    pub(crate) fn next(mut self) -> Option<Self> {
        self.index += 1;
        (self.index < self.batch.len()).then_some(self)
    }

    /// The column of this name or at this place, counted from 0.
    ///
    /// ```
    /// # use covet_db::{Db, Row};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let row: Row = db.fetch_one("SELECT NULL AS price").await?;
    /// assert_eq!(row.get::<Option<i64>>("price")?, None);
    /// let error = row.get::<i64>("price").unwrap_err();
    /// assert_eq!(error.to_string(), "column `price` cannot be read: it is NULL, and `i64` is not an `Option`");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when there is no such column, or when its value is not a `T`.
    pub fn get<T: Decode>(&self, column: impl ColumnIndex) -> Result<T> {
        let Some(index) = column.find(self) else {
            return Err(self.missing(&column.describe()));
        };
        T::decode(self.batch.value(self.index, index)).map_err(|error| self.undecodable(index, &error))
    }

    /// The number of columns.
    ///
    /// ```
    /// # use covet_db::{Db, Row};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// assert_eq!(db.fetch_one::<Row>("SELECT 1, 2").await?.len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.columns.len()
    }

    /// Whether the row has no columns.
    ///
    /// ```
    /// # use covet_db::{Db, Row};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// assert!(!db.fetch_one::<Row>("SELECT 1").await?.is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the columns in order.
    ///
    /// ```
    /// # use covet_db::{Db, Row};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let row: Row = db.fetch_one("SELECT 1 AS a, 2 AS b").await?;
    /// assert!(row.columns().eq(["a", "b"]));
    /// # Ok(()) }
    /// ```
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.batch.columns.0.iter().map(AsRef::as_ref)
    }

    /// The value at a place, still in the database's own type.
    ///
    /// ```
    /// # use covet_db::{Db, Row, ValueRef};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let row: Row = db.fetch_one("SELECT 'Dune'").await?;
    /// assert!(row.value(0) == Some(ValueRef::Text("Dune")));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn value(&self, index: usize) -> Option<ValueRef<'_>> {
        (index < self.len()).then(|| self.batch.value(self.index, index))
    }

    /// The row as a JSON object. Bytes become hexadecimal text, and numbers that JSON lacks become null; of two columns
    /// with one name the last stays.
    ///
    /// ```
    /// # use covet_db::{Db, Row};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// let map = db.fetch_one::<Row>("SELECT x'0aff' AS raw").await?.to_map();
    /// assert_eq!(map["raw"], "0aff");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn to_map(&self) -> Map<String, JsonValue> {
        let values = (0..self.len()).map(|index| match self.batch.value(self.index, index) {
            ValueRef::Bool(value) => value.into(),
            ValueRef::Int(value) => value.into(),
            ValueRef::UInt(value) => value.into(),
            ValueRef::Float(value) => value.into(),
            ValueRef::Text(text) => text.into(),
            ValueRef::Bytes(bytes) => hexadecimal(bytes).into(),
            other => other.to_text().into(),
        });
        self.columns().map(str::to_owned).zip(values).collect()
    }

    fn missing(&self, column: &str) -> Error {
        let names: Vec<_> = self.columns().map(|name| format!("`{name}`")).collect();
        Error::decode(format!("there is no column {column} among {}", names.join(", ")))
    }

    fn undecodable(&self, index: usize, error: &Error) -> Error {
        let name: Cow<'_, str> = self.columns().nth(index).map_or_else(|| index.to_string().into(), Into::into);
        Error::decode(format!("column `{name}` cannot be read: {error}"))
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

impl fmt::Debug for Row {
    /// Shows the columns' names, never their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Row").field(&self.batch.columns.0).finish()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
    impl Sealed for super::Field {}
}

/// How a column is named: by place or by name.
///
/// ```
/// fn id_of(row: &covet_db::Row) -> covet_db::Result<i64> {
///     row.get("id").or_else(|_| row.get(0))
/// }
/// ```
pub trait ColumnIndex: sealed::Sealed {
    /// The place of the column in this row.
    #[doc(hidden)]
    fn find(&self, row: &Row) -> Option<usize>;

    /// What an error calls the column.
    #[doc(hidden)]
    fn describe(&self) -> String;
}

impl ColumnIndex for usize {
    fn find(&self, row: &Row) -> Option<usize> {
        (*self < row.len()).then_some(*self)
    }

    fn describe(&self) -> String {
        format!("number {self}")
    }
}

impl ColumnIndex for &str {
    fn find(&self, row: &Row) -> Option<usize> {
        row.columns().position(|name| name == *self)
    }

    fn describe(&self) -> String {
        format!("`{self}`")
    }
}

/// A field of a derived row: its name, and the place where it stands when the columns come in the fields' order, which
/// saves the search.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Field(pub usize, pub &'static str);

impl ColumnIndex for Field {
    fn find(&self, row: &Row) -> Option<usize> {
        let Self(place, name) = *self;
        match row.batch.columns.0.get(place) {
            Some(column) if **column == *name => Some(place),
            _ => ColumnIndex::find(&name, row),
        }
    }

    fn describe(&self) -> String {
        ColumnIndex::describe(&self.1)
    }
}
