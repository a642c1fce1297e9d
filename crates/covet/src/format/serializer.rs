//! From a value to the bytes of a binary format.

use std::fmt;
use std::marker::PhantomData;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// What holds other values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    List,
    Map,
}

/// How a format writes.
pub(super) trait Notation {
    fn null(out: &mut Vec<u8>);
    fn bool(value: bool, out: &mut Vec<u8>);
    fn unsigned(number: u64, out: &mut Vec<u8>);
    /// A number below zero.
    fn negative(number: i64, out: &mut Vec<u8>);
    fn float32(number: f32, out: &mut Vec<u8>);
    fn float64(number: f64, out: &mut Vec<u8>);
    fn text(text: &str, out: &mut Vec<u8>);
    /// The head of a list or a map of this length, in its shortest form.
    fn container(kind: Container, length: u32, out: &mut Vec<u8>);
    /// The byte that is followed by a length of four bytes.
    fn wide_container(kind: Container) -> u8;
}

/// Writes a value.
pub(super) fn encode<N: Notation, T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    value.serialize(Encoder::<N> { out, notation: PhantomData })
}

/// Why a value cannot be written.
#[derive(Debug)]
pub(super) struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Error(message.to_string())
    }
}

struct Encoder<'o, N> {
    out: &'o mut Vec<u8>,
    notation: PhantomData<N>,
}

/// A list or a map that has been begun.
struct Open<'o, N> {
    out: &'o mut Vec<u8>,
    notation: PhantomData<N>,
    length: Length,
    count: u32,
}

/// Where the number of values stands.
enum Length {
    /// In the head already.
    Written(u32),
    /// In four bytes at this place, which are filled in at the end.
    Late(usize),
}

impl<'o, N: Notation> Encoder<'o, N> {
    fn open(self, kind: Container, length: Option<usize>) -> Result<Open<'o, N>, Error> {
        let length = match length {
            Some(length) => {
                let length = u32::try_from(length).map_err(|_| Error::custom("a list is too long"))?;
                N::container(kind, length, self.out);
                Length::Written(length)
            }
            None => {
                self.out.push(N::wide_container(kind));
                self.out.extend([0; 4]);
                Length::Late(self.out.len() - 4)
            }
        };
        Ok(Open { out: self.out, notation: PhantomData, length, count: 0 })
    }

    /// The map of one member that an enum's variant with content is.
    fn variant(self, name: &str) -> Self {
        N::container(Container::Map, 1, self.out);
        N::text(name, self.out);
        self
    }
}

impl<N: Notation> Open<'_, N> {
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Encoder::<N> { out: self.out, notation: PhantomData })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.count = self.count.checked_add(1).ok_or_else(|| Error::custom("a list is too long"))?;
        self.write(value)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.item(name)?;
        self.write(value)
    }

    fn close(self) -> Result<(), Error> {
        match self.length {
            Length::Written(length) if length != self.count => {
                Err(Error::custom(format_args!("{length} values were announced, and {} came", self.count)))
            }
            Length::Written(_) => Ok(()),
            Length::Late(at) => {
                if let Some(place) = self.out.get_mut(at..at + 4) {
                    place.copy_from_slice(&self.count.to_be_bytes());
                }
                Ok(())
            }
        }
    }
}

macro_rules! numbers {
    ($($method:ident($type:ty) as $wide:ident;)+) => {
        $(fn $method(self, number: $type) -> Result<(), Error> {
            self.$wide(number.into())
        })+
    };
}

impl<'o, N: Notation> Serializer for Encoder<'o, N> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Open<'o, N>;
    type SerializeTuple = Open<'o, N>;
    type SerializeTupleStruct = Open<'o, N>;
    type SerializeTupleVariant = Open<'o, N>;
    type SerializeMap = Open<'o, N>;
    type SerializeStruct = Open<'o, N>;
    type SerializeStructVariant = Open<'o, N>;

    numbers! {
        serialize_i8(i8) as serialize_i64;
        serialize_i16(i16) as serialize_i64;
        serialize_i32(i32) as serialize_i64;
        serialize_u8(u8) as serialize_u64;
        serialize_u16(u16) as serialize_u64;
        serialize_u32(u32) as serialize_u64;
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        N::bool(value, self.out);
        Ok(())
    }

    fn serialize_i64(self, number: i64) -> Result<(), Error> {
        match u64::try_from(number) {
            Ok(number) => N::unsigned(number, self.out),
            Err(_) => N::negative(number, self.out),
        }
        Ok(())
    }

    fn serialize_u64(self, number: u64) -> Result<(), Error> {
        N::unsigned(number, self.out);
        Ok(())
    }

    fn serialize_i128(self, number: i128) -> Result<(), Error> {
        match (u64::try_from(number), i64::try_from(number)) {
            (Ok(number), _) => self.serialize_u64(number),
            (_, Ok(number)) => self.serialize_i64(number),
            _ => Err(Error::custom("a number does not fit into 64 bits")),
        }
    }

    fn serialize_u128(self, number: u128) -> Result<(), Error> {
        let number = u64::try_from(number).map_err(|_| Error::custom("a number does not fit into 64 bits"))?;
        self.serialize_u64(number)
    }

    // What is not a number is null, as in JSON.
    fn serialize_f32(self, number: f32) -> Result<(), Error> {
        if number.is_finite() {
            N::float32(number, self.out)
        } else {
            N::null(self.out)
        }
        Ok(())
    }

    fn serialize_f64(self, number: f64) -> Result<(), Error> {
        if number.is_finite() {
            N::float64(number, self.out)
        } else {
            N::null(self.out)
        }
        Ok(())
    }

    fn serialize_char(self, character: char) -> Result<(), Error> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        N::text(text, self.out);
        Ok(())
    }

    // A list of numbers, as in JSON and as the schema says.
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.collect_seq(bytes)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        N::null(self.out);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self.variant(variant))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Open<'o, N>, Error> {
        self.open(Container::List, length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Open<'o, N>, Error> {
        self.open(Container::List, Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Open<'o, N>, Error> {
        self.open(Container::List, Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Open<'o, N>, Error> {
        self.variant(variant).open(Container::List, Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Open<'o, N>, Error> {
        self.open(Container::Map, length)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Open<'o, N>, Error> {
        self.open(Container::Map, Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Open<'o, N>, Error> {
        self.variant(variant).open(Container::Map, Some(length))
    }
}

/// The ways in which serde fills a container.
macro_rules! fill {
    ($($trait:ident :: $method:ident($($name:ident: $key:ty)?) => $by:ident;)+) => {
        $(impl<N: Notation> $trait for Open<'_, N> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $($name: $key,)? value: &T) -> Result<(), Error> {
                self.$by($($name,)? value)
            }

            fn end(self) -> Result<(), Error> {
                self.close()
            }
        })+
    };
}

fill! {
    SerializeSeq::serialize_element() => item;
    SerializeTuple::serialize_element() => item;
    SerializeTupleStruct::serialize_field() => item;
    SerializeTupleVariant::serialize_field() => item;
    SerializeStruct::serialize_field(name: &'static str) => member;
    SerializeStructVariant::serialize_field(name: &'static str) => member;
}

impl<N: Notation> SerializeMap for Open<'_, N> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.item(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.write(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}
