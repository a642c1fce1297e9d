//! The formats in which values travel: JSON, and by features CBOR, MessagePack and CSV.
//!
//! All of them carry the values of JSON's model, so that one schema and one list of faults serve every format: dates and
//! UUIDs are texts in CBOR too, a byte string is a list of numbers, names of members are texts. The binary formats are
//! written and read by code of our own. What is on crates.io either asks serde for another form of a value
//! (`is_human_readable` is false, so that a UUID would be bytes, which no schema says), or has a licence that `deny.toml`
//! does not allow; and the explanation of faults needs a tree of all values, with duplicates, in any case.

#[cfg(feature = "cbor")]
mod cbor;
#[cfg(feature = "msgpack")]
mod msgpack;
#[cfg(feature = "_binary")]
mod serializer;
#[cfg(feature = "csv")]
mod table;
#[cfg(feature = "_binary")]
mod tokens;

use serde::Serialize;

#[cfg(feature = "csv")]
pub(crate) use table::{columns_of, write_names, write_row, write_rows};

use crate::BoxError;
use crate::validation::json::ReadError;
use crate::validation::{Input, json};

/// A format of whole values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON (RFC 8259).
    Json,
    /// CBOR (RFC 8949).
    #[cfg(feature = "cbor")]
    Cbor,
    /// MessagePack.
    #[cfg(feature = "msgpack")]
    MessagePack,
}

impl Format {
    /// All that are compiled in; where a client likes several equally, the first of them.
    pub(crate) const ALL: &'static [Format] = &[
        Format::Json,
        #[cfg(feature = "cbor")]
        Format::Cbor,
        #[cfg(feature = "msgpack")]
        Format::MessagePack,
    ];

    /// The registered media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            #[cfg(feature = "cbor")]
            Format::Cbor => "application/cbor",
            #[cfg(feature = "msgpack")]
            Format::MessagePack => "application/vnd.msgpack",
        }
    }

    /// The media type of a problem in this format.
    pub(crate) const fn problem_type(self) -> &'static str {
        match self {
            Format::Json => crate::problem::MEDIA_TYPE,
            #[cfg(feature = "cbor")]
            Format::Cbor => "application/problem+cbor",
            #[cfg(feature = "msgpack")]
            Format::MessagePack => "application/problem+msgpack",
        }
    }

    /// The format of a body, by its media type in lower case: the registered name, its usual other names, and the
    /// structured suffix (RFC 6839).
    pub(crate) fn of(media_type: &str) -> Option<Format> {
        let subtype = media_type.strip_prefix("application/")?;
        match subtype.rsplit('+').next().unwrap_or_default() {
            "json" => Some(Format::Json),
            #[cfg(feature = "cbor")]
            "cbor" => Some(Format::Cbor),
            #[cfg(feature = "msgpack")]
            "msgpack" | "vnd.msgpack" | "x-msgpack" => Some(Format::MessagePack),
            _ => None,
        }
    }

    /// Writes a value.
    pub(crate) fn encode<T: Serialize>(self, value: &T, out: &mut Vec<u8>) -> Result<(), BoxError> {
        match self {
            Format::Json => Ok(serde_json::to_writer(out, value)?),
            #[cfg(feature = "cbor")]
            Format::Cbor => Ok(serializer::encode::<cbor::Cbor, T>(value, out)?),
            #[cfg(feature = "msgpack")]
            Format::MessagePack => Ok(serializer::encode::<msgpack::MessagePack, T>(value, out)?),
        }
    }

    /// Reads a value and checks it.
    pub(crate) fn read<T: Input>(self, bytes: &[u8]) -> Result<T, ReadError> {
        match self {
            Format::Json => json::read(bytes),
            #[cfg(feature = "_binary")]
            _ => {
                let tree = self.parse(bytes).map_err(ReadError::Malformed)?;
                crate::validation::read_tree(&tree).map_err(ReadError::Invalid)
            }
        }
    }

    /// Parses bytes into a tree.
    #[cfg(feature = "_binary")]
    pub(crate) fn parse(self, bytes: &[u8]) -> Result<crate::validation::Node<'_>, Box<crate::validation::Fault>> {
        match self {
            Format::Json => crate::validation::parse_json(bytes),
            #[cfg(feature = "cbor")]
            Format::Cbor => tokens::parse(cbor::Reader::new(bytes)),
            #[cfg(feature = "msgpack")]
            Format::MessagePack => tokens::parse(msgpack::Reader::new(bytes)),
        }
    }
}

#[cfg(all(test, feature = "_binary"))]
mod tests;
