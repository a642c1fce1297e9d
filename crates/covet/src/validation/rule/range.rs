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
        if let Some(code) = self.violation(number) {
            checker.push(|| self.fault(code));
        }
    }

    #[inline]
    fn violation(&self, number: &Number) -> Option<Code> {
        let compares = |bound: &Option<Number>, wrong: &[Ordering]| {
            bound.as_ref().and_then(|bound| number.compare(bound)).is_some_and(|order| wrong.contains(&order))
        };
        if compares(&self.min, &[Ordering::Less]) {
            Some(Code::Minimum)
        } else if compares(&self.exclusive_min, &[Ordering::Less, Ordering::Equal]) {
            Some(Code::ExclusiveMinimum)
        } else if compares(&self.max, &[Ordering::Greater]) {
            Some(Code::Maximum)
        } else if compares(&self.exclusive_max, &[Ordering::Greater, Ordering::Equal]) {
            Some(Code::ExclusiveMaximum)
        } else {
            None
        }
    }

    fn fault(&self, code: Code) -> Fault {
        let low = self
            .min
            .map(|min| format!("at least {min}"))
            .or(self.exclusive_min.map(|min| format!("greater than {min}")));
        let high =
            self.max.map(|max| format!("at most {max}")).or(self.exclusive_max.map(|max| format!("less than {max}")));
        let bounds: Vec<_> = low.into_iter().chain(high).collect();
        let mut fault = Fault::new(code, format!("must be {}", bounds.join(" and ")));
        for (name, _, bound) in self.bounds() {
            fault = fault.with(name, bound);
        }
        fault
    }

    /// The bounds that are set, with their names in a fault and in a schema.
    fn bounds(&self) -> impl Iterator<Item = (&'static str, &'static str, Number)> {
        [
            ("minimum", "minimum", self.min),
            ("exclusive_minimum", "exclusiveMinimum", self.exclusive_min),
            ("maximum", "maximum", self.max),
            ("exclusive_maximum", "exclusiveMaximum", self.exclusive_max),
        ]
        .into_iter()
        .filter_map(|(member, keyword, bound)| bound.map(|bound| (member, keyword, bound)))
    }
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
        for (_, keyword, bound) in self.bounds() {
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
