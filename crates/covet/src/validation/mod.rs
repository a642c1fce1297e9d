//! Validation: parse fast, explain slowly.
//!
//! A request that is right is read by `serde_json` and checked by code that [`model`](crate::model) wrote; that is all that
//! happens, and neither keeps a list of anything. A request that is wrong is read a second time, into a tree that loses nothing
//! (duplicate members, long numbers, offsets), and that tree is compared with the type's own schema, so that one answer names
//! every fault at its place: wrong types, missing, unknown and duplicate members, violated constraints, bad formats.
//!
//! The alternatives were one pass that collects everything (twice the cost for requests that are right), and serde's first error
//! alone (a client that must try again for each of its mistakes).

mod checker;
mod code;
mod fault;
mod faults;
pub mod json;
mod model;
mod path;
pub(crate) mod rule;
mod schema;
mod standard;
mod strict;
pub mod text;
mod tree;
mod walk;

pub use checker::{Check, Checker, Refusal, check};
pub use code::Code;
pub use fault::{Fault, In};
pub use faults::Faults;
pub(crate) use json::conforms;
#[cfg(feature = "_binary")]
pub(crate) use json::conforms_tree;
pub(crate) use json::read_tree;
pub use model::{FieldNames, Input, Output};
pub use schema::clean as clean_schema;
pub(crate) use schema::narrow_decimals;
#[cfg(feature = "_binary")]
pub(crate) use tree::MAX_DEPTH;
pub(crate) use tree::{Node, parse as parse_json};

/// What the code that `#[covet::model]` writes refers to; not a public interface.
#[doc(hidden)]
pub mod expansion {
    use schemars::Schema;
    use schemars::transform::Transform;

    use super::checker::{Checker, Refusal};
    pub use super::rule::{
        Collection, Distinct, Each, Elements, Format, Items, Keyword, Length, MultipleOf, Number, Numeric, Pattern,
        Range, Rule, Text, Unique,
    };
    pub use super::schema::mark_type;

    /// Applies a rule.
    #[inline]
    pub fn apply<T: ?Sized, R: Rule<T>>(rule: &R, value: &T, checker: &mut Checker<'_>) {
        rule.check(value, checker);
    }

    /// A rule that writes itself into a schema.
    #[derive(Debug)]
    pub struct Describe<R>(pub R);

    impl<R: Keyword> Transform for Describe<R> {
        fn transform(&mut self, schema: &mut Schema) {
            self.0.describe(schema);
        }
    }

    /// Reports what an own check answered.
    #[inline]
    pub fn judge<E: Into<Refusal>>(result: Result<(), E>, checker: &mut Checker<'_>) {
        if let Err(refusal) = result {
            checker.refuse(refusal.into());
        }
    }
}
