//! What the lexer finds.

use std::borrow::Cow;
use std::fmt;

use crate::source::Span;

/// A token with its place.
#[derive(Clone, Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind<'s>,
    pub(crate) span: Span,
}

/// The kinds of tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TokenKind<'s> {
    Text(&'s str),
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name(&'s str),
    String(Cow<'s, str>),
    Int(i128),
    Float(f64),
    Symbol(&'static str),
    End,
}

impl fmt::Display for TokenKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("text"),
            Self::VariableBegin => f.write_str("the start of an expression"),
            Self::VariableEnd => f.write_str("the end of the expression"),
            Self::BlockBegin => f.write_str("the start of a statement"),
            Self::BlockEnd => f.write_str("the end of the statement"),
            Self::Name(name) => write!(f, "`{name}`"),
            Self::String(_) => f.write_str("a string"),
            Self::Int(number) => write!(f, "`{number}`"),
            Self::Float(number) => write!(f, "`{number}`"),
            Self::Symbol(symbol) => write!(f, "`{symbol}`"),
            Self::End => f.write_str("the end of the template"),
        }
    }
}
