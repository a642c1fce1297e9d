//! Regular expressions on text.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex_lite::Regex;
use schemars::Schema;

use super::{Keyword, Rule, Text};
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;

/// A regular expression that must match somewhere in the text, as JSON Schema has it.
///
/// The dialect is that of `regex-lite`: `\d` and `\w` are ASCII as in ECMA-262, there is no look-around, and matching takes
/// linear time whatever the text. The expression is compiled once, at its first use.
#[derive(Debug)]
pub struct Pattern {
    source: Cow<'static, str>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern whose syntax the macro has checked.
    #[must_use]
    pub const fn new(source: &'static str) -> Self {
        Self { source: Cow::Borrowed(source), compiled: OnceLock::new() }
    }

    /// A pattern out of a schema; one in another dialect matches everything.
    pub(crate) fn owned(source: String) -> Self {
        Self { source: Cow::Owned(source), compiled: OnceLock::new() }
    }

    pub(crate) fn check_text(&self, text: &str, checker: &mut Checker<'_>) {
        let regex = self.compiled.get_or_init(|| Regex::new(&self.source).ok());
        if regex.as_ref().is_some_and(|regex| !regex.is_match(text)) {
            checker.push(|| {
                Fault::new(Code::Pattern, format!("must match the pattern `{}`", self.source))
                    .with("pattern", self.source.as_ref())
            });
        }
    }
}

impl<T: Text + ?Sized> Rule<T> for Pattern {
    #[inline]
    fn check(&self, value: &T, checker: &mut Checker<'_>) {
        if let Some(text) = value.text() {
            self.check_text(text, checker);
        }
    }
}

impl Keyword for Pattern {
    fn describe(&self, schema: &mut Schema) {
        schema.insert("pattern".to_owned(), self.source.as_ref().into());
    }
}
