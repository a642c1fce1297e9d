//! Which orders somebody sees: their own, or a clerk all.

use covet::auth::{Permitted, Policy, Principal, Roles};
use covet::db::{Sql, sql};

use super::{Order, OrderError};
use crate::access::CLERK;

/// Who reads orders.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    customer: String,
    sees_all: bool,
}

/// Reading an order.
#[derive(Debug)]
pub(crate) enum Read {}

impl Policy<Reader, Order> for Read {
    fn permits(who: &Reader, order: &Order) -> bool {
        who.sees_all || order.customer.as_ref() == Some(&who.customer)
    }
}

impl Reader {
    /// The caller. That a clerk sees all goes by the role alone: the scope of the token says whether it sees orders, and the
    /// role whose.
    pub(crate) fn of(caller: &Principal, roles: &Roles) -> Reader {
        let identity = caller.identity();
        let sees_all = identity.roles.as_ref().is_some_and(|ids| roles.include(ids, CLERK));
        Reader { customer: identity.subject.clone(), sees_all }
    }

    /// The caller as a customer like any other.
    pub(crate) fn own(caller: &Principal) -> Reader {
        Reader { customer: caller.subject().to_owned(), sees_all: false }
    }

    /// The condition for the orders that they see, for a statement's `WHERE`.
    pub(crate) fn condition(&self) -> Sql<'_> {
        if self.sees_all { sql!("1 = 1") } else { sql!("customer = {self.customer}") }
    }

    /// The order, as proof that they see it; one that they do not see is told as one that is not there.
    pub(crate) fn check(&self, order: Order) -> Result<Permitted<Read, Order>, OrderError> {
        let id = order.id;
        Permitted::check(self, order).map_err(|_| OrderError::NotFound { id })
    }
}
