//! Serde's errors, with the place where they happened.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::validation::code::Code;
use crate::validation::fault::Fault;
use crate::validation::path::write_member;

/// The first reason why a tree is not the type. The way is gathered while the error travels up, so that success pays nothing.
#[derive(Debug)]
pub(crate) struct Error {
    code: Code,
    message: String,
    way: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Member(String),
    Item(usize),
}

impl Error {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), way: Vec::new() }
    }

    pub(super) fn in_member(mut self, name: &str) -> Self {
        self.way.push(Segment::Member(name.to_owned()));
        self
    }

    pub(super) fn in_item(mut self, index: usize) -> Self {
        self.way.push(Segment::Item(index));
        self
    }

    pub(crate) fn into_fault(self) -> Fault {
        let mut pointer = String::new();
        for segment in self.way.iter().rev() {
            // Writing to a string cannot fail.
            let _ = match segment {
                Segment::Member(name) => write_member(&mut pointer, name),
                Segment::Item(index) => fmt::Write::write_fmt(&mut pointer, format_args!("/{index}")),
            };
        }
        Fault::new(self.code, self.message).at(pointer)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Code::Invalid, message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Code::Type, format!("must be {expected}, not {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Code::Invalid, format!("must be {expected}, not {found}"))
    }

    fn invalid_length(found: usize, expected: &dyn Expected) -> Self {
        Self::new(Code::Invalid, format!("must be {expected}, but has {found} items"))
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Self::new(Code::OneOf, format!("must be one of {}, not `{found}`", listed(known.iter().copied())))
    }

    fn unknown_field(found: &str, known: &'static [&'static str]) -> Self {
        Self::new(Code::Unknown, unknown_message(known.iter().copied())).in_member(found)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Code::Missing, MISSING).in_member(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(Code::Duplicate, DUPLICATE).in_member(name)
    }
}

pub(crate) const MISSING: &str = "must be given";
pub(crate) const DUPLICATE: &str = "must be given only once";

/// The message for a name that is not declared.
pub(crate) fn unknown_message<'a>(known: impl Iterator<Item = &'a str>) -> String {
    match listed(known) {
        known if known.is_empty() => "is not known and must be left out".to_owned(),
        known => format!("is not known and must be left out; known here: {known}"),
    }
}

/// The names for a message; a long list is cut.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const LONGEST: usize = 20;
    let mut names: Vec<_> = names.take(LONGEST + 1).map(|name| format!("`{name}`")).collect();
    if names.len() > LONGEST {
        names[LONGEST] = "…".to_owned();
    }
    names.join(", ")
}
