//! The rules of `#[check(…)]`.
//!
//! Each rule is one constant that does both: it checks values and writes its keyword into the schema. So the constraint that
//! is checked is the one that is documented. The walk that explains failures uses the very same types.

mod each;
mod format;
mod items;
mod length;
mod multiple;
mod number;
mod pattern;
mod range;
mod unique;

pub use each::{Each, Elements};
pub use format::Format;
pub use items::{Collection, Items};
pub use length::{Length, Text};
pub use multiple::MultipleOf;
pub use number::{Number, Numeric};
pub use pattern::Pattern;
pub use range::Range;
pub(crate) use range::bound_of;
pub(crate) use unique::repetition;
pub use unique::{Distinct, Unique};

use schemars::Schema;

use super::checker::Checker;

/// A rule that can be applied to a value of type `T`.
#[diagnostic::on_unimplemented(
    message = "this check does not apply to a value of type `{T}`",
    label = "not for `{T}`",
    note = "`length`, `pattern` and formats apply to text, `range` and `multiple_of` to numbers, `items` and `unique` to lists"
)]
pub trait Rule<T: ?Sized> {
    /// Reports the value if it violates the rule.
    fn check(&self, value: &T, checker: &mut Checker<'_>);
}

/// The schema's side of a rule.
pub trait Keyword {
    /// Writes the rule into the schema of the value.
    fn describe(&self, schema: &mut Schema);
}

/// `1 character`, `2 characters`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
