//! The types of the standard library, and of those for time, decimals and identifiers, as models.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Span, Timestamp, Zoned};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::checker::{Check, Checker};
use super::model::{FieldNames, Input, Output};

macro_rules! leaves {
    ($($type:ty),+) => {
        $(
            impl Check for $type {
                #[inline]
                fn check(&self, _: &mut Checker<'_>) {}
            }

            impl Input for $type {}

            impl Output for $type {}
        )+
    };
}

leaves!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, bool, char, String, ());
leaves!(Date, DateTime, Time, Timestamp, Zoned, Span, SignedDuration);
leaves!(Decimal, Uuid, IpAddr, Ipv4Addr, Ipv6Addr, serde_json::Value, serde_json::Map<String, serde_json::Value>);

impl Check for str {
    #[inline]
    fn check(&self, _: &mut Checker<'_>) {}
}

impl Check for Cow<'static, str> {
    #[inline]
    fn check(&self, _: &mut Checker<'_>) {}
}

impl Input for Cow<'static, str> {}

impl Output for Cow<'static, str> {}

impl Output for &'static str {}

impl<T: ?Sized> Check for PhantomData<T> {
    #[inline]
    fn check(&self, _: &mut Checker<'_>) {}
}

impl<T: Check> Check for Option<T> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        if let Some(value) = self {
            value.check(checker);
        }
    }
}

impl<T: Input> Input for Option<T> {
    const FIELDS: Option<FieldNames> = T::FIELDS;
}

impl<T: Output> Output for Option<T> {}

impl<T: Check + ?Sized> Check for Box<T> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        (**self).check(checker);
    }
}

impl<T: Input> Input for Box<T> {
    const FIELDS: Option<FieldNames> = T::FIELDS;
}

impl<T: Output> Output for Box<T> {}

impl Input for Box<str> {}

impl Output for Box<str> {}

impl<T: Check + ?Sized> Check for Arc<T> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        (**self).check(checker);
    }
}

impl<T: Check> Check for [T] {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        check_items(self, checker);
    }
}

#[inline]
fn check_items<'a, T: Check + 'a>(items: impl IntoIterator<Item = &'a T>, checker: &mut Checker<'_>) {
    for (index, item) in items.into_iter().enumerate() {
        item.check(&mut checker.index(index));
    }
}

impl<T: Check> Check for Vec<T> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        check_items(self, checker);
    }
}

impl<T: Check> Check for VecDeque<T> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        check_items(self, checker);
    }
}

/// A set has lost the order of the list that it was read from, so its faults stand at the set itself.
impl<T: Check> Check for BTreeSet<T> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        self.iter().for_each(|item| item.check(checker));
    }
}

impl<T: Check, S> Check for HashSet<T, S> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        self.iter().for_each(|item| item.check(checker));
    }
}

impl<T: Input> Input for Vec<T> {}

impl<T: Output> Output for Vec<T> {}

impl<T: Input> Input for VecDeque<T> {}

impl<T: Output> Output for VecDeque<T> {}

impl<T: Input + Ord> Input for BTreeSet<T> {}

impl<T: Output + Ord> Output for BTreeSet<T> {}

impl<T: Input + Eq + Hash, S: BuildHasher + Default + Send + 'static> Input for HashSet<T, S> {}

impl<T: Output + Eq + Hash, S: BuildHasher + Default + Send + 'static> Output for HashSet<T, S> {}

impl<V: Check> Check for BTreeMap<String, V> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        for (key, value) in self {
            value.check(&mut checker.field(key));
        }
    }
}

impl<V: Check, S> Check for HashMap<String, V, S> {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        for (key, value) in self {
            value.check(&mut checker.field(key));
        }
    }
}

impl<V: Input> Input for BTreeMap<String, V> {
    const FIELDS: Option<FieldNames> = Some(FieldNames::open());
}

impl<V: Output> Output for BTreeMap<String, V> {}

impl<V: Input, S: BuildHasher + Default + Send + 'static> Input for HashMap<String, V, S> {
    const FIELDS: Option<FieldNames> = Some(FieldNames::open());
}

impl<V: Output, S: BuildHasher + Default + Send + 'static> Output for HashMap<String, V, S> {}

macro_rules! arrays {
    ($($length:literal)+) => {
        $(
            impl<T: Input> Input for [T; $length] {}

            impl<T: Output> Output for [T; $length] {}
        )+
    };
}

arrays!(1 2 3 4 5 6 7 8);

impl<T: Check, const N: usize> Check for [T; N] {
    #[inline]
    fn check(&self, checker: &mut Checker<'_>) {
        check_items(self, checker);
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),+))+) => {
        $(
            impl<$($name: Check),+> Check for ($($name,)+) {
                #[inline]
                fn check(&self, checker: &mut Checker<'_>) {
                    $(self.$index.check(&mut checker.index($index));)+
                }
            }

            impl<$($name: Input),+> Input for ($($name,)+) {}

            impl<$($name: Output),+> Output for ($($name,)+) {}
        )+
    };
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}
