//! What is refused so that the rest can be answered: requests beyond those that may be at work, and bodies beyond the
//! memory that they may take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use http::{HeaderValue, header};

use crate::BodyError;
use crate::problem::{OVERLOADED, ProblemDetails};

/// Requests that may be at work at the same time.
#[derive(Debug)]
pub(crate) struct Slots {
    limit: usize,
    taken: AtomicUsize,
}

/// The place of one request.
#[derive(Debug)]
pub(crate) struct Slot<'a>(&'a Arc<Slots>);

/// The place of a request whose answer is still being sent.
#[derive(Debug)]
pub(crate) struct KeptSlot(Arc<Slots>);

impl Slots {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Slots { limit, taken: AtomicUsize::new(0) })
    }

    /// A place, or the problem that there is none.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Slot<'_>, ProblemDetails> {
        let slot = Slot(self);
        if self.taken.fetch_add(1, Relaxed) < self.limit {
            return Ok(slot);
        }
        Err(overloaded("as many requests are at work as there may be"))
    }
}

impl<'a> Slot<'a> {
    /// The same place, for longer than the handler.
    pub(crate) fn keep(self) -> KeptSlot {
        let kept = KeptSlot(self.0.clone());
        std::mem::forget(self);
        kept
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Relaxed);
    }
}

impl Drop for KeptSlot {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Relaxed);
    }
}

/// Memory that the bodies of requests may take together.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    taken: AtomicU64,
}

/// The share of one request, which it gives back when it is answered.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Budget { limit, taken: AtomicU64::new(0) })
    }

    /// A share of nothing.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share { budget: self.clone(), bytes: 0 }
    }
}

impl Share {
    /// Adds bytes that have come.
    ///
    /// # Errors
    /// That the body alone is larger than all of them may be, or that there is no memory for it at the moment.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), BodyError> {
        let bytes = bytes as u64;
        self.bytes += bytes;
        let taken = self.budget.taken.fetch_add(bytes, Relaxed).saturating_add(bytes);
        let limit = self.budget.limit;
        match (self.bytes <= limit, taken <= limit) {
            (true, true) => Ok(()),
            (true, false) => Err(BodyError::Overloaded),
            (false, _) => Err(BodyError::TooLong { limit }),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.bytes, Relaxed);
    }
}

/// The problem of a server that has more to do than it may.
pub(crate) fn overloaded(detail: &'static str) -> ProblemDetails {
    ProblemDetails::new(&OVERLOADED).detail(detail).header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_once_it_is_given_back() {
        let slots = Slots::new(2);
        let (first, second) = (slots.take().unwrap(), slots.take().unwrap());
        assert!(slots.take().is_err() && slots.take().is_err());
        let kept = first.keep();
        drop(second);
        let third = slots.take().unwrap();
        assert!(slots.take().is_err());
        drop((kept, third));
        assert_eq!(slots.taken.load(Relaxed), 0);
    }

    #[test]
    fn bodies_share_a_budget() {
        let budget = Budget::new(100);
        let (mut first, mut second) = (budget.share(), budget.share());
        first.add(60).unwrap();
        assert!(matches!(second.add(50), Err(BodyError::Overloaded)));
        drop(second);
        let mut third = budget.share();
        third.add(40).unwrap();
        drop(first);
        assert!(matches!(third.add(61), Err(BodyError::TooLong { limit: 100 })));
        drop(third);
        assert_eq!(budget.taken.load(Relaxed), 0);
    }
}
