//! How many characters a text may have.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use schemars::Schema;

use super::{Keyword, Rule, counted};
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;

/// A value that is text, or none at all.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text",
    note = "`length`, `pattern` and formats such as `email` apply to `String` and its like; for lists there is `items`, for numbers `range`"
)]
pub trait Text {
    /// The text; nothing where an `Option` is empty.
    fn text(&self) -> Option<&str>;
}

macro_rules! text {
    ($($type:ty),+) => {
        $(impl Text for $type {
            #[inline]
            fn text(&self) -> Option<&str> {
                Some(self)
            }
        })+
    };
}

text!(str, String, Box<str>, Rc<str>, Arc<str>, Cow<'_, str>);

impl<T: Text> Text for Option<T> {
    #[inline]
    fn text(&self) -> Option<&str> {
        self.as_ref().and_then(Text::text)
    }
}

/// Bounds on the number of Unicode code points, as JSON Schema counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// The fewest characters allowed.
    pub min: Option<usize>,
    /// The most characters allowed.
    pub max: Option<usize>,
}

impl Length {
    #[inline]
    pub(crate) fn check_text(&self, text: &str, checker: &mut Checker<'_>) {
        if !self.is_plainly_met(text.len()) {
            self.check_count(text.chars().count(), checker);
        }
    }

    /// Decides from the bytes alone where it can: a character has one to four of them.
    #[inline]
    fn is_plainly_met(&self, bytes: usize) -> bool {
        self.max.is_none_or(|max| bytes <= max)
            && self.min.is_none_or(|min| bytes >= min.saturating_mul(4).saturating_sub(3))
    }

    fn check_count(&self, count: usize, checker: &mut Checker<'_>) {
        if self.min.is_some_and(|min| count < min) {
            checker.push(|| self.fault(Code::MinLength));
        } else if self.max.is_some_and(|max| count > max) {
            checker.push(|| self.fault(Code::MaxLength));
        }
    }

    fn fault(&self, code: Code) -> Fault {
        let message = match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => {
                format!("must be {} long", counted(min, "character"))
            }
            (Some(1), None) => "must not be empty".to_owned(),
            (Some(min), None) => format!("must be at least {} long", counted(min, "character")),
            (None, Some(max)) => format!("must be at most {} long", counted(max, "character")),
            (min, max) => {
                format!("must be {} to {} long", min.unwrap_or(0), counted(max.unwrap_or(usize::MAX), "character"))
            }
        };
        let mut fault = Fault::new(code, message);
        if let Some(min) = self.min {
            fault = fault.with("min_length", min);
        }
        if let Some(max) = self.max {
            fault = fault.with("max_length", max);
        }
        fault
    }
}

impl<T: Text + ?Sized> Rule<T> for Length {
    #[inline]
    fn check(&self, value: &T, checker: &mut Checker<'_>) {
        if let Some(text) = value.text() {
            self.check_text(text, checker);
        }
    }
}

impl Keyword for Length {
    fn describe(&self, schema: &mut Schema) {
        if let Some(min) = self.min {
            schema.insert("minLength".to_owned(), min.into());
        }
        if let Some(max) = self.max {
            schema.insert("maxLength".to_owned(), max.into());
        }
    }
}
