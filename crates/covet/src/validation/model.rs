//! What can be read from a request and written to a response.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::checker::Check;

/// A value that can be read from a request: it parses, it documents itself, and it knows its rules.
///
/// `#[covet::model]` implements it. By hand it is one line beside serde's `Deserialize`, schemars' `JsonSchema` and
/// [`Check`]: `impl covet::validation::Input for Stay {}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a request",
    label = "not a model",
    note = "put `#[covet::model]` on `{Self}`: it brings parsing, checks and documentation in one",
    note = "if `{Self}` is a model, it may be marked `output`, which is for responses only"
)]
pub trait Input: DeserializeOwned + JsonSchema + Check + Send + 'static {
    /// The names of its members, if it is an object; known at compile time.
    ///
    /// The route macros compare them with the names in a path, so that `/books/{id}` and a model without `id` do not compile.
    ///
    /// ```
    /// use covet::validation::Input;
    ///
    /// #[covet::model]
    /// #[serde(rename_all = "camelCase")]
    /// struct Place {
    ///     book_id: i64,
    /// }
    ///
    /// const FIELDS: covet::validation::FieldNames = Place::FIELDS.unwrap();
    /// const _: () = assert!(FIELDS.contains("bookId") && !FIELDS.contains("book_id"));
    /// ```
    const FIELDS: Option<FieldNames> = None;
}

/// A value that can be written to a response: it serializes, and it documents itself.
///
/// `#[covet::model]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written to a response",
    label = "not a model",
    note = "put `#[covet::model]` on `{Self}`: it brings serialization and documentation in one",
    note = "if `{Self}` is a model, it may be marked `input`, which is for requests only"
)]
pub trait Output: Serialize + JsonSchema + Send + 'static {}

/// The names that a type reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldNames {
    own: &'static [&'static str],
    flattened: &'static [Option<FieldNames>],
    is_open: bool,
}

impl FieldNames {
    /// The names of a struct, and those of the fields that are flattened into it.
    #[must_use]
    pub const fn new(own: &'static [&'static str], flattened: &'static [Option<FieldNames>]) -> Self {
        Self { own, flattened, is_open: false }
    }

    /// The names of a type that reads any name, or whose names depend on its content.
    #[must_use]
    pub const fn open() -> Self {
        Self { own: &[], flattened: &[], is_open: true }
    }

    /// The names that stand in the type itself.
    #[must_use]
    pub const fn own(&self) -> &'static [&'static str] {
        self.own
    }

    /// The names of the flattened fields; `None` for a type whose names are not known.
    #[must_use]
    pub const fn flattened(&self) -> &'static [Option<FieldNames>] {
        self.flattened
    }

    /// Whether names beyond the listed ones are read.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        if self.is_open {
            return true;
        }
        let mut at = 0;
        while at < self.flattened.len() {
            match &self.flattened[at] {
                Some(names) if !names.is_open() => {}
                _ => return true,
            }
            at += 1;
        }
        false
    }

    /// Whether a value of this name is read.
    #[must_use]
    pub const fn contains(&self, name: &str) -> bool {
        if self.is_open {
            return true;
        }
        let mut at = 0;
        while at < self.own.len() {
            if is_equal(self.own[at], name) {
                return true;
            }
            at += 1;
        }
        at = 0;
        while at < self.flattened.len() {
            match &self.flattened[at] {
                Some(names) if !names.contains(name) => {}
                _ => return true,
            }
            at += 1;
        }
        false
    }
}

/// `==` on text is not yet a constant function.
const fn is_equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}
