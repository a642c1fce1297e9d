//! A JSON tree that loses nothing.
//!
//! `serde_json::Value` keeps the last of several equal members and rounds numbers beyond 64 bits; an explanation needs to see
//! both. Strings without escapes are borrowed from the body.

mod deserialize;
mod error;
mod number;
mod parser;
mod strings;

use std::borrow::Cow;

use error::Error;
pub(crate) use error::{DUPLICATE, MISSING, listed, unknown_message};
pub(crate) use number::{is_number, plain};
#[cfg(feature = "_binary")]
pub(crate) use parser::MAX_DEPTH;
pub(crate) use parser::parse;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    /// A number as it was written.
    Number(Cow<'a, str>),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    /// All members in order, with duplicates.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl Node<'_> {
    /// What it is, in words for a message.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}
