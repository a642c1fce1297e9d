//! Numbers that go in steps.

use schemars::Schema;

use super::{Keyword, Number, Numeric, Rule};
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;

/// The step that a number must be a multiple of; it is greater than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultipleOf(pub Number);

impl MultipleOf {
    pub(crate) fn check_number(&self, number: &Number, checker: &mut Checker<'_>) {
        if !number.is_multiple_of(&self.0) {
            checker.push(|| {
                Fault::new(Code::MultipleOf, format!("must be a multiple of {}", self.0)).with("multiple_of", self.0)
            });
        }
    }
}

impl<T: Numeric + ?Sized> Rule<T> for MultipleOf {
    #[inline]
    fn check(&self, value: &T, checker: &mut Checker<'_>) {
        if let Some(number) = value.number() {
            self.check_number(&number, checker);
        }
    }
}

impl Keyword for MultipleOf {
    fn describe(&self, schema: &mut Schema) {
        schema.insert("multipleOf".to_owned(), self.0.into());
    }
}
