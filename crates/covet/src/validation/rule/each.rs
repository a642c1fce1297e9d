//! Rules on the items of a list or the values of a map.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use schemars::Schema;

use super::Keyword;
use crate::validation::checker::Checker;

/// Something whose elements can be visited, each at its place.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no elements",
    note = "`each(…)` applies to lists, sets and maps with string keys"
)]
pub trait Elements {
    /// What it holds.
    type Element;

    /// Applies a check to each element.
    fn visit(&self, checker: &mut Checker<'_>, check: impl FnMut(&Self::Element, &mut Checker<'_>));
}

macro_rules! lists {
    ($([$($parameter:tt)*] $type:ty),+) => {
        $(impl<$($parameter)*> Elements for $type {
            type Element = T;

            #[inline]
            fn visit(&self, checker: &mut Checker<'_>, mut check: impl FnMut(&T, &mut Checker<'_>)) {
                for (index, item) in self.iter().enumerate() {
                    check(item, &mut checker.index(index));
                }
            }
        })+
    };
}

lists!([T] [T], [T] Vec<T>, [T] VecDeque<T>, [T] Box<[T]>, [T, const N: usize] [T; N]);

/// A set has lost the order of the list that it was read from, so its faults stand at the set itself.
macro_rules! sets {
    ($([$($parameter:ident),*] $type:ty),+) => {
        $(impl<$($parameter),*> Elements for $type {
            type Element = T;

            #[inline]
            fn visit(&self, checker: &mut Checker<'_>, mut check: impl FnMut(&T, &mut Checker<'_>)) {
                for item in self {
                    check(item, checker);
                }
            }
        })+
    };
}

sets!([T] BTreeSet<T>, [T, S] HashSet<T, S>);

macro_rules! maps {
    ($([$($parameter:tt)*] $type:ty),+) => {
        $(impl<$($parameter)*> Elements for $type {
            type Element = V;

            #[inline]
            fn visit(&self, checker: &mut Checker<'_>, mut check: impl FnMut(&V, &mut Checker<'_>)) {
                for (key, value) in self {
                    check(value, &mut checker.field(key.as_ref()));
                }
            }
        })+
    };
}

maps!([K: AsRef<str>, V] BTreeMap<K, V>, [K: AsRef<str>, V, S] HashMap<K, V, S>);

impl<T: Elements> Elements for Option<T> {
    type Element = T::Element;

    #[inline]
    fn visit(&self, checker: &mut Checker<'_>, check: impl FnMut(&T::Element, &mut Checker<'_>)) {
        if let Some(elements) = self {
            elements.visit(checker, check);
        }
    }
}

/// A rule for each element, as the schema has it; a check visits the elements.
#[derive(Clone, Copy, Debug)]
pub struct Each<R>(pub R);

impl<R: Keyword> Keyword for Each<R> {
    fn describe(&self, schema: &mut Schema) {
        for keyword in ["items", "additionalProperties"] {
            if let Some(Ok(elements)) = schema.get_mut(keyword).map(<&mut Schema>::try_from) {
                self.0.describe(elements);
            }
        }
    }
}
