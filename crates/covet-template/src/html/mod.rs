//! Positions in an HTML page, and the escaping that each of them needs.
//!
//! The text of a template is followed with a tokenizer of HTML that knows little of JavaScript and of CSS, on purpose:
//! a value in a script is written so that it stays inert whether it stands in code, in a string, in a template literal,
//! in a regular expression or in a comment. So a wrong guess about the script costs a syntax error and never a call.
//! Where no escaping is safe, such as in the name of a tag, compiling fails.

mod attribute;
mod position;
mod refusal;
mod scan;

pub use attribute::AttributeKind;
pub(crate) use attribute::Attributes;
pub use position::Escape;
pub(crate) use position::Position;
