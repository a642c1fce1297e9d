//! What a handler requires of its caller, as a type.

use std::marker::PhantomData;

use super::{PermissionSet, Registry};

/// What a caller must be permitted: a permission, a tuple of which all are needed, [`Any`] of a tuple, or `()` for nothing
/// beyond being known. They nest.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a permission or a combination of permissions",
    label = "not a requirement",
    note = "requirements are permissions of `permissions!`, tuples of them (all are needed), `Any<(A, B)>` (one is enough), and `()`"
)]
pub trait Requirement: Send + Sync + 'static {
    /// The registry of the permissions; `None` where no permission is required. All of one requirement are of one registry.
    const SOURCE: Option<&'static Registry>;

    /// Whether these permissions are enough.
    fn permits(have: &PermissionSet) -> bool;

    /// The sets of which each is enough. An empty set among them asks for no permission.
    fn alternatives() -> Vec<PermissionSet>;
}

/// One of these is enough: `Any<(OrdersRead, UsersAdmin)>`.
pub struct Any<T>(PhantomData<fn() -> T>);

impl<T> std::fmt::Debug for Any<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Any")
    }
}

impl Requirement for () {
    const SOURCE: Option<&'static Registry> = None;

    fn permits(_: &PermissionSet) -> bool {
        true
    }

    fn alternatives() -> Vec<PermissionSet> {
        vec![PermissionSet::EMPTY]
    }
}

const fn first(a: Option<&'static Registry>, b: Option<&'static Registry>) -> Option<&'static Registry> {
    match a {
        Some(_) => a,
        None => b,
    }
}

macro_rules! tuples {
    ($($head:ident $($tail:ident)*;)*) => { $(
        impl<$head: Requirement $(, $tail: Requirement)*> Requirement for ($head, $($tail,)*) {
            const SOURCE: Option<&'static Registry> = {
                let found = $head::SOURCE;
                $(let found = first(found, $tail::SOURCE);)*
                found
            };

            #[inline]
            fn permits(have: &PermissionSet) -> bool {
                $head::permits(have) $(&& $tail::permits(have))*
            }

            fn alternatives() -> Vec<PermissionSet> {
                let all = $head::alternatives();
                $(let all = product(&all, &$tail::alternatives());)*
                all
            }
        }

        impl<$head: Requirement $(, $tail: Requirement)*> Requirement for Any<($head, $($tail,)*)> {
            const SOURCE: Option<&'static Registry> = <($head, $($tail,)*) as Requirement>::SOURCE;

            #[inline]
            fn permits(have: &PermissionSet) -> bool {
                $head::permits(have) $(|| $tail::permits(have))*
            }

            fn alternatives() -> Vec<PermissionSet> {
                [$head::alternatives() $(, $tail::alternatives())*].concat()
            }
        }
    )* };
}

tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}

fn product(left: &[PermissionSet], right: &[PermissionSet]) -> Vec<PermissionSet> {
    left.iter().flat_map(|left| right.iter().map(|right| left.union(*right))).collect()
}
