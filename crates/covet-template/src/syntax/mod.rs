//! From text to a tree.

pub(crate) mod ast;
mod expression;
mod lexer;
mod literal;
mod options;
mod parser;
mod statement;
mod token;

pub use options::Syntax;
pub(crate) use parser::{parse, parse_expression};
