//! Lists without equal items.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use schemars::Schema;

use super::{Keyword, Rule};
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;
use crate::validation::schema::UNIQUE;

/// A list whose items can be compared, or none at all.
#[diagnostic::on_unimplemented(
    message = "the items of `{Self}` cannot be compared",
    note = "`unique` applies to lists of values that are `Eq + Hash`"
)]
pub trait Distinct {
    /// The places of the first item that stands twice: where again, and where first.
    fn repetition(&self) -> Option<(usize, usize)>;
}

impl<T: Eq + Hash> Distinct for [T] {
    fn repetition(&self) -> Option<(usize, usize)> {
        repetition(self)
    }
}

impl<T: Eq + Hash> Distinct for Vec<T> {
    fn repetition(&self) -> Option<(usize, usize)> {
        repetition(self)
    }
}

impl<T: Eq + Hash> Distinct for Box<[T]> {
    fn repetition(&self) -> Option<(usize, usize)> {
        repetition(self)
    }
}

impl<T: Eq + Hash> Distinct for VecDeque<T> {
    fn repetition(&self) -> Option<(usize, usize)> {
        repetition(&self.iter().collect::<Vec<_>>())
    }
}

impl<T: Eq + Hash, const N: usize> Distinct for [T; N] {
    fn repetition(&self) -> Option<(usize, usize)> {
        repetition(self)
    }
}

impl<T: Distinct> Distinct for Option<T> {
    fn repetition(&self) -> Option<(usize, usize)> {
        self.as_ref().and_then(Distinct::repetition)
    }
}

/// Short lists are compared pair by pair, which allocates nothing; long ones by hash, so that time stays linear.
pub(crate) fn repetition<T: Eq + Hash>(items: &[T]) -> Option<(usize, usize)> {
    const PAIRWISE: usize = 16;
    if items.len() <= PAIRWISE {
        return (1..items.len())
            .find_map(|at| items[..at].iter().position(|item| *item == items[at]).map(|first| (at, first)));
    }
    let mut places = HashMap::with_capacity(items.len());
    items.iter().enumerate().find_map(|(at, item)| places.insert(item, at).map(|first| (at, first)))
}

/// All items of a list must differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unique;

impl Unique {
    pub(crate) fn report((again, first): (usize, usize), checker: &mut Checker<'_>) {
        checker.push(|| {
            Fault::new(Code::UniqueItems, format!("must not hold equal items, but item {again} repeats item {first}"))
                .with("first", first)
                .with("again", again)
        });
    }
}

impl<T: Distinct + ?Sized> Rule<T> for Unique {
    fn check(&self, value: &T, checker: &mut Checker<'_>) {
        if let Some(places) = value.repetition() {
            Self::report(places, checker);
        }
    }
}

impl Keyword for Unique {
    fn describe(&self, schema: &mut Schema) {
        schema.insert("uniqueItems".to_owned(), true.into());
        schema.insert(UNIQUE.to_owned(), true.into());
    }
}
