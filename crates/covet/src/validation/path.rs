//! The way from the root of a value to the place that is looked at.

use std::borrow::Cow;
use std::fmt;

/// A list of segments that lives on the stack: going down allocates nothing, and the pointer is only written for a fault.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(parent, name) => {
                parent.fmt(f)?;
                write_member(f, name)
            }
            Self::Item(parent, index) => {
                parent.fmt(f)?;
                write!(f, "/{index}")
            }
        }
    }
}

/// How many characters of a name are told. A peer chooses the names of unknown members and of maps, and shall not earn
/// an answer many times as long as its request.
const TOLD: usize = 200;

/// A name as it is told: the start of one that is too long, and a mark.
pub(crate) fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(TOLD) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// Writes one reference token with RFC 6901's escapes.
pub(crate) fn write_member(f: &mut impl fmt::Write, name: &str) -> fmt::Result {
    f.write_char('/')?;
    for character in shortened(name).chars() {
        match character {
            '~' => f.write_str("~0")?,
            '/' => f.write_str("~1")?,
            other => f.write_char(other)?,
        }
    }
    Ok(())
}
