//! Numbers and texts.

use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;
use crate::validation::rule::{Format, Number};
use crate::validation::schema::{NumberShape, Shape};
use crate::validation::tree::is_number;

/// A number outside of its type gets that one fault; the other rules would only repeat it.
pub(super) fn number(text: &str, shape: &NumberShape, checker: &mut Checker<'_>) {
    match shape.width {
        Some((min, max)) if !fits(text, min, max) => return checker.push(|| width_fault(min, max)),
        None if text.parse::<f64>().is_ok_and(f64::is_infinite) => {
            return checker.push(|| Fault::new(Code::NumberRange, "must be a number that fits into 64 bits"));
        }
        _ => {}
    }
    number_rules(text, shape, checker);
}

fn number_rules(text: &str, shape: &NumberShape, checker: &mut Checker<'_>) {
    let Some(number) = Number::parse(text) else {
        return;
    };
    if let Some(range) = &shape.range {
        range.check_number(&number, checker);
    }
    if let Some(step) = &shape.multiple_of {
        step.check_number(&number, checker);
    }
}

/// A negative number for a type without a sign is left to the range, which says it more plainly: `at least 0`.
fn fits(text: &str, min: i128, max: u128) -> bool {
    let is_plainly_negative = min == 0 && text.starts_with('-');
    let is_between = |number: i128| number >= min && u128::try_from(number).map_or(true, |number| number <= max);
    is_plainly_negative || text.parse().is_ok_and(is_between) || text.parse::<u128>().is_ok_and(|number| number <= max)
}

fn width_fault(min: i128, max: u128) -> Fault {
    let mut fault = Fault::new(Code::NumberRange, format!("must be a whole number from {min} to {max}"));
    if let (Ok(min), Ok(max)) = (i64::try_from(min), u64::try_from(max)) {
        fault = fault.with("minimum", min).with("maximum", max);
    }
    fault
}

pub(super) fn text(text: &str, shape: &Shape, checker: &mut Checker<'_>) {
    let rules = &shape.text;
    if let Some(length) = &rules.length {
        length.check_text(text, checker);
    }
    if let Some(pattern) = &rules.pattern {
        pattern.check_text(text, checker);
    }
    if let Some(format) = rules.format {
        format.check_text(text, checker);
    }
    // A decimal is written as a string, and keeps its bounds there.
    if shape.text.format == Some(Format::Decimal) && is_number(text) {
        number_rules(text, &shape.number, checker);
    }
}
