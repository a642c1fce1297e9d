//! How many items a list, or members a map, may have.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use schemars::Schema;

use super::{Keyword, Rule, counted};
use crate::validation::checker::Checker;
use crate::validation::code::Code;
use crate::validation::fault::Fault;

/// A list, a set or a map, or none at all.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list, set or map",
    note = "`items` applies to lists, sets and maps; for text there is `length`"
)]
pub trait Collection {
    /// Whether the members have names.
    const IS_MAP: bool = false;

    /// How many there are; nothing where an `Option` is empty.
    fn count(&self) -> Option<usize>;
}

macro_rules! collections {
    ($is_map:literal: $([$($parameter:ident),*] $type:ty),+) => {
        $(impl<$($parameter),*> Collection for $type {
            const IS_MAP: bool = $is_map;

            #[inline]
            fn count(&self) -> Option<usize> {
                Some(self.len())
            }
        })+
    };
}

collections!(false: [T] [T], [T] Vec<T>, [T] VecDeque<T>, [T] Box<[T]>, [T] BTreeSet<T>, [T, S] HashSet<T, S>);
collections!(true: [K, V] BTreeMap<K, V>, [K, V, S] HashMap<K, V, S>);

impl<T, const N: usize> Collection for [T; N] {
    #[inline]
    fn count(&self) -> Option<usize> {
        Some(N)
    }
}

impl<T: Collection> Collection for Option<T> {
    const IS_MAP: bool = T::IS_MAP;

    #[inline]
    fn count(&self) -> Option<usize> {
        self.as_ref().and_then(Collection::count)
    }
}

/// Bounds on the number of items of a list or members of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// The fewest allowed.
    pub min: Option<usize>,
    /// The most allowed.
    pub max: Option<usize>,
}

/// What `Items` calls things in a list and in a map.
struct Words {
    min: &'static str,
    max: &'static str,
    noun: &'static str,
}

impl Words {
    const fn of(is_map: bool) -> Self {
        if is_map {
            Self { min: "min_properties", max: "max_properties", noun: "member" }
        } else {
            Self { min: "min_items", max: "max_items", noun: "item" }
        }
    }
}

impl Items {
    #[inline]
    pub(crate) fn check_count(&self, count: usize, is_map: bool, checker: &mut Checker<'_>) {
        if self.min.is_some_and(|min| count < min) {
            let code = if is_map { Code::MinProperties } else { Code::MinItems };
            checker.push(|| self.fault(code, is_map));
        } else if self.max.is_some_and(|max| count > max) {
            let code = if is_map { Code::MaxProperties } else { Code::MaxItems };
            checker.push(|| self.fault(code, is_map));
        }
    }

    fn fault(&self, code: Code, is_map: bool) -> Fault {
        let words = Words::of(is_map);
        let message = match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => {
                format!("must have exactly {}", counted(min, words.noun))
            }
            (Some(min), None) => format!("must have at least {}", counted(min, words.noun)),
            (None, Some(max)) => format!("must have at most {}", counted(max, words.noun)),
            (min, max) => {
                format!("must have {} to {}", min.unwrap_or(0), counted(max.unwrap_or(usize::MAX), words.noun))
            }
        };
        let mut fault = Fault::new(code, message);
        if let Some(min) = self.min {
            fault = fault.with(words.min, min);
        }
        if let Some(max) = self.max {
            fault = fault.with(words.max, max);
        }
        fault
    }
}

impl<T: Collection + ?Sized> Rule<T> for Items {
    #[inline]
    fn check(&self, value: &T, checker: &mut Checker<'_>) {
        if let Some(count) = value.count() {
            self.check_count(count, T::IS_MAP, checker);
        }
    }
}

impl Keyword for Items {
    fn describe(&self, schema: &mut Schema) {
        let is_map = schema.get("type").is_some_and(|kinds| {
            *kinds == "object" || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
        });
        let (min, max) = if is_map { ("minProperties", "maxProperties") } else { ("minItems", "maxItems") };
        if let Some(bound) = self.min {
            schema.insert(min.to_owned(), bound.into());
        }
        if let Some(bound) = self.max {
            schema.insert(max.to_owned(), bound.into());
        }
    }
}
