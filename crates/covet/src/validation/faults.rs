//! The list of all faults of a request.

use std::fmt;
use std::ops::Deref;

use super::fault::Fault;

/// The faults of a request, in the order in which they were found.
///
/// The first [`Faults::LIMIT`] are kept and the others counted, so that a megabyte of nonsense does not earn an answer of
/// many megabytes. An empty list owns no memory.
///
/// ```
/// use covet::validation::{Code, Fault, Faults};
///
/// let mut faults = Faults::new();
/// for _ in 0..150 {
///     faults.push(Fault::new(Code::Type, "must be a string"));
/// }
/// assert_eq!((faults.len(), faults.omitted()), (100, 50));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    list: Vec<Fault>,
    omitted: usize,
}

impl Faults {
    /// How many faults are kept.
    pub const LIMIT: usize = 100;

    /// An empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new(), omitted: 0 }
    }

    /// Adds a fault, or counts it if there are too many.
    pub fn push(&mut self, fault: Fault) {
        self.push_with(|| fault);
    }

    /// Adds a fault that is only made if it is kept.
    pub(crate) fn push_with(&mut self, fault: impl FnOnce() -> Fault) {
        if self.list.len() < Self::LIMIT {
            self.list.push(fault());
        } else {
            self.omitted += 1;
        }
    }

    /// Adds another list at the end of this one.
    pub fn append(&mut self, other: Faults) {
        self.omitted += other.omitted;
        for fault in other.list {
            self.push(fault);
        }
    }

    /// How many faults were found beyond those that are listed.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// All that were found, listed or not.
    #[must_use]
    pub fn total(&self) -> usize {
        self.list.len() + self.omitted
    }

    /// The listed faults.
    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        self.list
    }

    /// `Ok` if nothing is wrong.
    ///
    /// # Errors
    ///
    /// The list itself, if there is anything in it.
    pub fn into_result(self) -> Result<(), Self> {
        if self.list.is_empty() { Ok(()) } else { Err(self) }
    }

    pub(crate) fn map(mut self, place: impl FnMut(Fault) -> Fault) -> Self {
        self.list = self.list.into_iter().map(place).collect();
        self
    }
}

impl Deref for Faults {
    type Target = [Fault];

    fn deref(&self) -> &[Fault] {
        &self.list
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.list.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{fault}")?;
        }
        match self.omitted {
            0 => Ok(()),
            omitted => write!(f, "; and {omitted} more"),
        }
    }
}

impl std::error::Error for Faults {}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self { list: vec![fault], omitted: 0 }
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        let mut list = Self::new();
        list.extend(faults);
        list
    }
}

impl Extend<Fault> for Faults {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}
