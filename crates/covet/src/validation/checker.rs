//! What a check reports to.

use std::borrow::Cow;

use super::code::Code;
use super::fault::Fault;
use super::faults::Faults;
use super::path::Path;

/// A value that knows the rules it must keep.
///
/// `#[covet::model]` writes this from `#[check(…)]`. By hand it looks like this:
///
/// ```
/// use covet::validation::{Check, Checker, Code};
///
/// struct Stay {
///     nights: u32,
/// }
///
/// impl Check for Stay {
///     fn check(&self, checker: &mut Checker<'_>) {
///         if self.nights == 0 {
///             checker.field("nights").report(Code::Minimum, "must be at least 1");
///         }
///     }
/// }
///
/// let faults = covet::validation::check(&Stay { nights: 0 }).unwrap_err();
/// assert_eq!(faults[0].pointer(), "/nights");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no checks",
    label = "every field of a model is checked, and Covet does not know how to check this one",
    note = "put `#[covet::model]` on `{Self}`, or `#[check(skip)]` on the field if there is nothing to check"
)]
pub trait Check {
    /// Reports every violated rule. While nothing is wrong it allocates nothing.
    fn check(&self, checker: &mut Checker<'_>);
}

/// Checks a value.
///
/// # Errors
///
/// All violated rules, with pointers that count from the value.
pub fn check<T: Check + ?Sized>(value: &T) -> Result<(), Faults> {
    let mut faults = Faults::new();
    value.check(&mut Checker::new(&mut faults));
    faults.into_result()
}

/// A place in a value, and the list that takes its faults.
#[derive(Debug)]
pub struct Checker<'a> {
    path: Path<'a>,
    faults: &'a mut Faults,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(faults: &'a mut Faults) -> Self {
        Self { path: Path::Root, faults }
    }

    /// The place of a member of this object, under its name in the document.
    #[inline]
    pub fn field<'b>(&'b mut self, name: &'b str) -> Checker<'b> {
        Checker { path: Path::Member(&self.path, name), faults: self.faults }
    }

    /// The place of an item of this list.
    #[inline]
    pub fn index(&mut self, index: usize) -> Checker<'_> {
        Checker { path: Path::Item(&self.path, index), faults: self.faults }
    }

    /// Reports a violated rule at this place.
    ///
    /// ```
    /// use covet::validation::{Checker, Code};
    ///
    /// struct Stay { from: u32, to: u32 }
    ///
    /// fn ends_after_it_begins(stay: &Stay, checker: &mut Checker<'_>) {
    ///     if stay.to <= stay.from {
    ///         checker.field("to").report(Code::Custom("order".into()), "must be after `from`");
    ///     }
    /// }
    /// ```
    #[cold]
    pub fn report(&mut self, code: Code, message: impl Into<Cow<'static, str>>) {
        self.push(|| Fault::new(code, message));
    }

    #[cold]
    pub(crate) fn push(&mut self, fault: impl FnOnce() -> Fault) {
        let path = self.path;
        self.faults.push_with(|| fault().at(path.to_string()));
    }

    /// Reports what an own check answered.
    #[cold]
    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.report(Code::Custom(refusal.code), refusal.message);
    }

    /// The same place with another list, for a trial whose result may be thrown away.
    pub(crate) fn trial<'b>(&'b self, faults: &'b mut Faults) -> Checker<'b> {
        Checker { path: self.path, faults }
    }

    pub(crate) fn accept(&mut self, faults: Faults) {
        self.faults.append(faults);
    }
}

/// Why an own check on a field (`#[check(custom = …)]`) refuses its value.
///
/// A message alone will do; with a code, programs can tell refusals apart.
///
/// ```
/// use covet::validation::Refusal;
///
/// fn even(number: &i64) -> Result<(), Refusal> {
///     if number % 2 == 0 { Ok(()) } else { Err(Refusal::new("must be even").code("even")) }
/// }
/// # assert!(even(&1).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: Cow<'static, str>,
    message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with a message that says what would be right, and the code `custom`.
    #[must_use]
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Cow::Borrowed("custom"), message: message.into() }
    }

    /// Gives the refusal a code of its own.
    #[must_use]
    pub fn code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = code.into();
        self
    }
}

impl From<&'static str> for Refusal {
    fn from(message: &'static str) -> Self {
        Self::new(message)
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}
