//! What `sql!` leaves in the program: pieces of text, and between them places for values.

use std::sync::OnceLock;

use super::Sql;
use crate::{Dialect, Ident, Param};

/// One piece of a statement.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Piece {
    /// Text, sent as it is.
    Text(&'static str),
    /// The place of a value.
    Value,
    /// `IN (list)`.
    In,
    /// `NOT IN (list)`.
    NotIn,
    /// The place of a spliced part.
    Splice,
}

/// One argument of a statement.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum Arg<'a> {
    Value(Param<'a>),
    List(Vec<Param<'a>>),
    Fragment(Sql<'a>),
    Ident(Ident<'a>),
    Nothing,
}

/// The pieces of one `sql!`, and its text for each dialect once that was asked for.
#[doc(hidden)]
#[derive(Debug)]
pub struct Template {
    pieces: &'static [Piece],
    fixed: bool,
    rendered: [OnceLock<Box<str>>; Dialect::ALL.len()],
}

impl Template {
    #[must_use]
    pub const fn new(pieces: &'static [Piece]) -> Self {
        let mut fixed = true;
        let mut index = 0;
        while index < pieces.len() {
            fixed &= matches!(pieces[index], Piece::Text(_) | Piece::Value);
            index += 1;
        }
        Self { pieces, fixed, rendered: [OnceLock::new(), OnceLock::new(), OnceLock::new()] }
    }

    pub(super) fn pieces(&self) -> &'static [Piece] {
        self.pieces
    }

    /// Whether the text is the same at each call.
    pub(super) fn is_fixed(&self) -> bool {
        self.fixed && !self.pieces.is_empty()
    }

    pub(super) fn cached(&self, dialect: Dialect) -> &OnceLock<Box<str>> {
        &self.rendered[dialect as usize]
    }
}
