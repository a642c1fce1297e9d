//! From anything that serializes into the arena, without a tree of allocations in between.

use std::fmt;

use serde::ser::{self, Serialize};

use super::owned::{SAFE, UNDEFINED};
use super::{Arena, Dict, Kind, List, Object, V};
use crate::error::{Error, ErrorKind, Result};

/// Data may nest to this depth.
const MAX_DEPTH: usize = 128;

/// Copies a serializable value into the arena.
pub(crate) fn serialize<'a, T: Serialize + ?Sized>(arena: &'a Arena, value: &T) -> Result<V<'a>> {
    value.serialize(Values { arena, depth: 0, safe: false, vouched: None }).map_err(|Failed(error)| error)
}

/// An error on its way through serde.
#[derive(Debug)]
pub(crate) struct Failed(Error);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Error::new(ErrorKind::Serialize, message.to_string()))
    }
}

#[derive(Clone, Copy)]
struct Values<'a> {
    arena: &'a Arena,
    depth: usize,
    safe: bool,
    vouched: Option<Kind>,
}

impl<'a> Values<'a> {
    fn inner(self) -> Result<Self, Failed> {
        if self.depth >= MAX_DEPTH {
            return Err(Failed(Error::new(ErrorKind::Serialize, "the data nests too deep")));
        }
        Ok(Self { depth: self.depth + 1, safe: false, vouched: None, ..self })
    }

    fn tagged(self, variant: &'static str, value: V<'a>) -> Result<V<'a>, Failed> {
        let key = V::Str(self.arena.str(variant)?);
        Ok(V::Dict(Dict::with_entries(self.arena, &[(key, value)])?))
    }
}

impl<'a> ser::Serializer for Values<'a> {
    type Ok = V<'a>;
    type Error = Failed;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Entries<'a>;
    type SerializeStructVariant = Entries<'a>;

    fn serialize_bool(self, value: bool) -> Result<V<'a>, Failed> {
        Ok(V::Bool(value))
    }

    fn serialize_i8(self, number: i8) -> Result<V<'a>, Failed> {
        Ok(V::Int(number.into()))
    }

    fn serialize_i16(self, number: i16) -> Result<V<'a>, Failed> {
        Ok(V::Int(number.into()))
    }

    fn serialize_i32(self, number: i32) -> Result<V<'a>, Failed> {
        Ok(V::Int(number.into()))
    }

    fn serialize_i64(self, number: i64) -> Result<V<'a>, Failed> {
        Ok(V::Int(number))
    }

    fn serialize_i128(self, number: i128) -> Result<V<'a>, Failed> {
        Ok(V::integer(self.arena, number)?)
    }

    fn serialize_u8(self, number: u8) -> Result<V<'a>, Failed> {
        Ok(V::Int(number.into()))
    }

    fn serialize_u16(self, number: u16) -> Result<V<'a>, Failed> {
        Ok(V::Int(number.into()))
    }

    fn serialize_u32(self, number: u32) -> Result<V<'a>, Failed> {
        Ok(V::Int(number.into()))
    }

    fn serialize_u64(self, number: u64) -> Result<V<'a>, Failed> {
        Ok(V::integer(self.arena, number.into())?)
    }

    fn serialize_u128(self, number: u128) -> Result<V<'a>, Failed> {
        match i128::try_from(number) {
            Ok(number) => Ok(V::integer(self.arena, number)?),
            Err(_) => Ok(V::Float(number as f64)),
        }
    }

    fn serialize_f32(self, number: f32) -> Result<V<'a>, Failed> {
        Ok(V::Float(number.into()))
    }

    fn serialize_f64(self, number: f64) -> Result<V<'a>, Failed> {
        Ok(V::Float(number))
    }

    fn serialize_char(self, c: char) -> Result<V<'a>, Failed> {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<V<'a>, Failed> {
        let copy = self.arena.str(text)?;
        if let Some(kind) = self.vouched {
            return Ok(V::Object(self.arena.alloc(Object::Vouched(kind, copy))?));
        }
        Ok(if self.safe { V::Safe(copy) } else { V::Str(copy) })
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<V<'a>, Failed> {
        let items: Vec<V<'a>> = bytes.iter().map(|byte| V::Int((*byte).into())).collect();
        Ok(V::List(List::new(self.arena, &items)?))
    }

    fn serialize_none(self) -> Result<V<'a>, Failed> {
        Ok(V::None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<V<'a>, Failed> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<V<'a>, Failed> {
        Ok(V::None)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<V<'a>, Failed> {
        Ok(if name == UNDEFINED { V::Undefined("value") } else { V::None })
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<V<'a>, Failed> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<V<'a>, Failed> {
        value.serialize(Self { safe: name == SAFE, vouched: Kind::named(name), ..self.inner()? })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<V<'a>, Failed> {
        let value = value.serialize(self.inner()?)?;
        self.tagged(variant, value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'a>, Failed> {
        let list = List::with_room(self.arena, length.unwrap_or(0).min(4096))?;
        Ok(Items { values: self.inner()?, list, variant: None })
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'a>, Failed> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items<'a>, Failed> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'a>, Failed> {
        Ok(Items { variant: Some(variant), ..self.serialize_seq(Some(length))? })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Entries<'a>, Failed> {
        let dict = Dict::with_room(self.arena, length.unwrap_or(0).min(4096), false)?;
        Ok(Entries { values: self.inner()?, dict, key: V::None, variant: None })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Entries<'a>, Failed> {
        let dict = Dict::with_room(self.arena, length, true)?;
        Ok(Entries { values: self.inner()?, dict, key: V::None, variant: None })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Entries<'a>, Failed> {
        Ok(Entries { variant: Some(variant), ..self.serialize_struct(variant, length)? })
    }
}

struct Items<'a> {
    values: Values<'a>,
    list: &'a List<'a>,
    variant: Option<&'static str>,
}

impl<'a> Items<'a> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        let item = value.serialize(self.values)?;
        Ok(self.list.push(self.values.arena, item)?)
    }

    fn finish(self) -> Result<V<'a>, Failed> {
        let list = V::List(self.list);
        match self.variant {
            Some(variant) => self.values.tagged(variant, list),
            None => Ok(list),
        }
    }
}

struct Entries<'a> {
    values: Values<'a>,
    dict: &'a Dict<'a>,
    key: V<'a>,
    variant: Option<&'static str>,
}

impl<'a> Entries<'a> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> {
        let value = value.serialize(self.values)?;
        // A name from the program's own text lives longer than every arena, so that it needs no copy.
        Ok(self.dict.push(self.values.arena, V::Str(name), value)?)
    }

    fn finish(self) -> Result<V<'a>, Failed> {
        let dict = V::Dict(self.dict);
        match self.variant {
            Some(variant) => self.values.tagged(variant, dict),
            None => Ok(dict),
        }
    }
}

impl<'a> ser::SerializeSeq for Items<'a> {
    type Ok = V<'a>;
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.push(value)
    }

    fn end(self) -> Result<V<'a>, Failed> {
        self.finish()
    }
}

impl<'a> ser::SerializeTuple for Items<'a> {
    type Ok = V<'a>;
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.push(value)
    }

    fn end(self) -> Result<V<'a>, Failed> {
        self.finish()
    }
}

impl<'a> ser::SerializeTupleStruct for Items<'a> {
    type Ok = V<'a>;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.push(value)
    }

    fn end(self) -> Result<V<'a>, Failed> {
        self.finish()
    }
}

impl<'a> ser::SerializeTupleVariant for Items<'a> {
    type Ok = V<'a>;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.push(value)
    }

    fn end(self) -> Result<V<'a>, Failed> {
        self.finish()
    }
}

impl<'a> ser::SerializeMap for Entries<'a> {
    type Ok = V<'a>;
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        self.key = key.serialize(self.values)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        let value = value.serialize(self.values)?;
        Ok(self.dict.push(self.values.arena, self.key, value)?)
    }

    fn end(self) -> Result<V<'a>, Failed> {
        self.finish()
    }
}

impl<'a> ser::SerializeStruct for Entries<'a> {
    type Ok = V<'a>;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> {
        self.field(name, value)
    }

    fn end(self) -> Result<V<'a>, Failed> {
        self.finish()
    }
}

impl<'a> ser::SerializeStructVariant for Entries<'a> {
    type Ok = V<'a>;
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> {
        self.field(name, value)
    }

    fn end(self) -> Result<V<'a>, Failed> {
        self.finish()
    }
}
