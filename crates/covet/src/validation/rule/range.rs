//! How small and how great a number may be.

use std::cmp::Ordering;

use schemars::Schema;
use serde_json::Value;

use super::{Keyword, Number, Numeric, Rule};
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;

/// Bounds on a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// The smallest number allowed.
    pub min: Option<Number>,
    /// The greatest number allowed.
    pub max: Option<Number>,
    /// The number that every allowed one is greater than.
    pub exclusive_min: Option<Number>,
    /// The number that every allowed one is smaller than.
    pub exclusive_max: Option<Number>,
}

impl Range {
    #[inline]
    pub(crate) fn check_number(&self, number: &Number, checker: &mut Checker<'_>) {
        if let Some((code, bound)) = self.violation(number) {
            checker.push(|| fault(code, bound));
        }
    }

    #[inline]
    fn violation(&self, number: &Number) -> Option<(Code, Number)> {
        let broken = |bound: Option<Number>, code, is_wrong: fn(Ordering) -> bool| {
            let bound = bound.filter(|bound| number.compare(bound).is_some_and(is_wrong));
            bound.map(|bound| (code, bound))
        };
        broken(self.min, Code::Minimum, Ordering::is_lt)
            .or_else(|| broken(self.exclusive_min, Code::ExclusiveMinimum, Ordering::is_le))
            .or_else(|| broken(self.max, Code::Maximum, Ordering::is_gt))
            .or_else(|| broken(self.exclusive_max, Code::ExclusiveMaximum, Ordering::is_ge))
    }

    /// The bounds that are set, with their keywords.
    fn bounds(&self) -> impl Iterator<Item = (&'static str, Number)> {
        [
            ("minimum", self.min),
            ("exclusiveMinimum", self.exclusive_min),
            ("maximum", self.max),
            ("exclusiveMaximum", self.exclusive_max),
        ]
        .into_iter()
        .filter_map(|(keyword, bound)| bound.map(|bound| (keyword, bound)))
    }
}

/// Only the bound that was violated is named; the other may be no rule of the model but the end of its type.
fn fault(code: Code, bound: Number) -> Fault {
    let (member, words) = match code {
        Code::Minimum => ("minimum", "at least"),
        Code::ExclusiveMinimum => ("exclusive_minimum", "greater than"),
        Code::Maximum => ("maximum", "at most"),
        _ => ("exclusive_maximum", "less than"),
    };
    Fault::new(code, format!("must be {words} {bound}")).with(member, bound)
}

impl<T: Numeric + ?Sized> Rule<T> for Range {
    #[inline]
    fn check(&self, value: &T, checker: &mut Checker<'_>) {
        if let Some(number) = value.number() {
            self.check_number(&number, checker);
        }
    }
}

impl Keyword for Range {
    /// A bound that the type brings along, such as 255, stays where it is the tighter one.
    fn describe(&self, schema: &mut Schema) {
        for (keyword, bound) in self.bounds() {
            let looser = if keyword.ends_with("inimum") { Ordering::Less } else { Ordering::Greater };
            let present = schema.get(keyword).and_then(bound_of);
            if present.is_none_or(|present| bound.compare(&present) != Some(looser)) {
                schema.insert(keyword.to_owned(), bound.into());
            }
        }
    }
}

/// A bound as it stands in a schema.
pub(crate) fn bound_of(value: &Value) -> Option<Number> {
    value.as_number().and_then(|number| Number::parse(&number.to_string()))
}
