//! Data that templates read where it lies, without a copy and without serde.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::rc::Rc;
use std::sync::Arc;

use serde::Serialize;

use super::{Arena, Dict, List, Object, Safe, V, Value, Vouched};
use crate::error::{Error, Result};

/// A struct whose fields are variables or attributes. `#[derive(Context)]` writes it, and [`Data`] with it.
///
/// ```
/// use covet_template::{Context, Data, Datum, Engine, Error, Memory};
///
/// struct Book<'b> {
///     title: &'b str,
///     pages: u32,
/// }
///
/// impl Context for Book<'_> {
///     fn names(&self) -> &'static [&'static str] {
///         &["title", "pages"]
///     }
///
///     fn field<'a>(&'a self, index: usize, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
///         match index {
///             0 => self.title.read(memory),
///             _ => self.pages.read(memory),
///         }
///     }
/// }
///
/// let mut engine = Engine::new();
/// engine.add("book.html", "<h1>{{ title }}</h1> {{ pages }} pages")?;
/// let page = engine.template("book.html")?.render(&Book { title: "Emma", pages: 474 })?;
/// assert_eq!(page, "<h1>Emma</h1> 474 pages");
/// # Ok::<(), covet_template::Error>(())
/// ```
pub trait Context {
    /// The names of the fields: the same list for every value of the type.
    fn names(&self) -> &'static [&'static str];

    /// The value of the field whose name has this index.
    ///
    /// # Errors
    /// The field cannot be read, or there is no memory left for it.
    fn field<'a>(&'a self, index: usize, memory: Memory<'a>) -> Result<Datum<'a>, Error>;
}

/// A type whose values templates can read.
pub trait Data {
    /// Reads the value, borrowed from what it lies in as far as that goes.
    ///
    /// # Errors
    /// The value cannot be read, or there is no memory left for it.
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error>;
}

/// Several values in a row.
pub(crate) trait Sequence {
    fn count(&self) -> usize;
    fn at<'a>(&'a self, index: usize, memory: Memory<'a>) -> Result<V<'a>>;
}

/// A value while a template reads it.
#[derive(Clone, Copy, Debug)]
pub struct Datum<'a>(pub(crate) V<'a>);

impl<'a> Datum<'a> {
    /// A struct that is read field by field.
    pub fn record(record: &'a dyn Context) -> Self {
        Self(V::Record(record))
    }
}

/// The memory of one rendering, for values that cannot be borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'a>(pub(crate) &'a Arena);

impl<'a> Memory<'a> {
    /// The text that a value displays.
    ///
    /// # Errors
    /// There is no memory left for it.
    pub fn display(self, value: &dyn fmt::Display) -> Result<Datum<'a>, Error> {
        Ok(Datum(V::Str(self.0.str(&value.to_string())?)))
    }

    /// What a value serializes to.
    ///
    /// # Errors
    /// The value cannot be serialized, or there is no memory left for it.
    pub fn serialize<T: Serialize + ?Sized>(self, value: &T) -> Result<Datum<'a>, Error> {
        super::serialize(self.0, value).map(Datum)
    }
}

impl fmt::Debug for dyn Context + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.names()).finish()
    }
}

impl fmt::Debug for dyn Sequence + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sequence({})", self.count())
    }
}

impl<'a> V<'a> {
    /// Borrowed structs and sequences as dicts and lists of what is still borrowed; everything else as it is.
    #[inline]
    pub(crate) fn gathered(self, arena: &'a Arena) -> Result<V<'a>> {
        match self {
            V::Record(_) | V::Seq(_) => self.gather(arena),
            value => Ok(value),
        }
    }

    fn gather(self, arena: &'a Arena) -> Result<V<'a>> {
        match self {
            V::Record(record) => {
                let names = record.names();
                let dict = Dict::with_room(arena, names.len(), true)?;
                for (index, name) in names.iter().enumerate() {
                    dict.push(arena, V::Str(name), record.field(index, Memory(arena))?.0)?;
                }
                Ok(V::Dict(dict))
            }
            V::Seq(sequence) => {
                let count = sequence.count();
                arena.spend(count)?;
                let list = List::with_room(arena, count)?;
                for index in 0..count {
                    list.push(arena, sequence.at(index, Memory(arena))?)?;
                }
                Ok(V::List(list))
            }
            value => Ok(value),
        }
    }
}

macro_rules! read {
    ($($type:ty => |$value:ident| $datum:expr;)*) => {$(
        impl Data for $type {
            #[inline]
            fn read<'a>(&'a self, _: Memory<'a>) -> Result<Datum<'a>, Error> {
                let $value = self;
                Ok(Datum($datum))
            }
        }
    )*};
}

read! {
    bool => |value| V::Bool(*value);
    i8 => |value| V::Int((*value).into());
    i16 => |value| V::Int((*value).into());
    i32 => |value| V::Int((*value).into());
    i64 => |value| V::Int(*value);
    u8 => |value| V::Int((*value).into());
    u16 => |value| V::Int((*value).into());
    u32 => |value| V::Int((*value).into());
    f32 => |value| V::Float((*value).into());
    f64 => |value| V::Float(*value);
    () => |_value| V::None;
    str => |value| V::Str(value);
    String => |value| V::Str(value);
    Cow<'_, str> => |value| V::Str(value);
    Safe => |value| V::Safe(value.as_str());
}

macro_rules! wide {
    ($($type:ty)*) => {$(
        impl Data for $type {
            fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
                match i128::try_from(*self) {
                    Ok(number) => V::integer(memory.0, number).map(Datum),
                    Err(_) => Ok(Datum(V::Float(*self as f64))),
                }
            }
        }
    )*};
}

wide!(u64 usize isize i128 u128);

impl Data for Vouched {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        Ok(Datum(V::Object(memory.0.alloc(Object::Vouched(self.kind, &self.text))?)))
    }
}

impl Data for char {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        Ok(Datum(V::Str(memory.0.str(self.encode_utf8(&mut [0; 4]))?)))
    }
}

macro_rules! pointers {
    ($($type:ty)*) => {$(
        impl<T: Data + ?Sized> Data for $type {
            fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
                (**self).read(memory)
            }
        }
    )*};
}

pointers!(&T Box<T> Rc<T> Arc<T>);

impl<T: Data> Data for Option<T> {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        match self {
            Some(value) => value.read(memory),
            None => Ok(Datum(V::None)),
        }
    }
}

impl<T: Data> Sequence for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn at<'a>(&'a self, index: usize, memory: Memory<'a>) -> Result<V<'a>> {
        self.get(index).map_or(Ok(V::None), |item| Ok(item.read(memory)?.0))
    }
}

impl<T: Data> Sequence for &[T] {
    fn count(&self) -> usize {
        self.len()
    }

    fn at<'a>(&'a self, index: usize, memory: Memory<'a>) -> Result<V<'a>> {
        self.get(index).map_or(Ok(V::None), |item| Ok(item.read(memory)?.0))
    }
}

impl<T: Data> Data for Vec<T> {
    fn read<'a>(&'a self, _: Memory<'a>) -> Result<Datum<'a>, Error> {
        Ok(Datum(V::Seq(self)))
    }
}

impl<T: Data> Data for [T] {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        Ok(Datum(V::Seq(memory.0.alloc(self)?)))
    }
}

impl<T: Data, const N: usize> Data for [T; N] {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        self.as_slice().read(memory)
    }
}

fn entries<'a, K: AsRef<str> + 'a, T: Data + 'a>(
    entries: impl ExactSizeIterator<Item = (&'a K, &'a T)>,
    memory: Memory<'a>,
) -> Result<Datum<'a>> {
    let dict = Dict::with_room(memory.0, entries.len(), false)?;
    for (key, value) in entries {
        memory.0.spend(1)?;
        dict.push(memory.0, V::Str(key.as_ref()), value.read(memory)?.0)?;
    }
    Ok(Datum(V::Dict(dict)))
}

impl<K: AsRef<str>, T: Data> Data for BTreeMap<K, T> {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        entries(self.iter(), memory)
    }
}

impl<K: AsRef<str>, T: Data, S: BuildHasher> Data for HashMap<K, T, S> {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        entries(self.iter(), memory)
    }
}

impl Data for Value {
    fn read<'a>(&'a self, memory: Memory<'a>) -> Result<Datum<'a>, Error> {
        Ok(Datum(match self {
            Value::None => V::None,
            Value::Bool(value) => V::Bool(*value),
            Value::Int(number) => V::Int(*number),
            Value::BigInt(number) => V::integer(memory.0, *number)?,
            Value::Float(number) => V::Float(*number),
            Value::String(text) => V::Str(text),
            Value::Safe(text) => V::Safe(text.as_str()),
            Value::List(items) => return items.read(memory),
            value => return memory.serialize(value),
        }))
    }
}
