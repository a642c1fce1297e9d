//! The way from the root of a value to the place that is looked at.

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

/// Writes one reference token with RFC 6901's escapes.
pub(crate) fn write_member(f: &mut impl fmt::Write, name: &str) -> fmt::Result {
    f.write_char('/')?;
    for character in name.chars() {
        match character {
            '~' => f.write_str("~0")?,
            '/' => f.write_str("~1")?,
            other => f.write_char(other)?,
        }
    }
    Ok(())
}
