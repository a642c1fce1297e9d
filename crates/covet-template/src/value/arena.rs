//! The memory and the work that one rendering may use.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use bumpalo::Bump;

use super::V;
use crate::budget::Budget;
use crate::error::{Error, Result};

/// How many operations pass between two looks at the clock.
const SLICE: u64 = 8192;

/// Holds every temporary value of a rendering, and fails when the budget is used up.
#[derive(Debug)]
pub(crate) struct Arena {
    bump: Bump,
    memory: Cell<usize>,
    largest: usize,
    slice: Cell<u64>,
    operations: Cell<u64>,
    /// When the first slice of work was used up, from which the time counts: most renderings need no clock.
    began: Cell<Option<Instant>>,
    time: Option<Duration>,
    /// Whether what is undefined may not be printed or compared.
    strict: bool,
    /// An error that happened where none can be answered.
    failed: RefCell<Option<Error>>,
}

impl Arena {
    /// An arena in memory that an earlier one may have used.
    pub(crate) fn new(budget: &Budget, strict: bool, bump: Bump) -> Self {
        Self {
            bump,
            memory: Cell::new(budget.memory),
            // A text is built outside of the arena and then copied into it, and growing it may need twice its size.
            largest: budget.memory / 4,
            slice: Cell::new(SLICE.min(budget.operations)),
            operations: Cell::new(budget.operations.saturating_sub(SLICE)),
            began: Cell::new(None),
            time: budget.time,
            strict,
            failed: RefCell::new(None),
        }
    }

    /// The memory, emptied, for the next arena.
    pub(crate) fn into_bump(mut self) -> Bump {
        self.bump.reset();
        self.bump
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// The longest text that may be built.
    pub(crate) fn largest(&self) -> usize {
        self.largest.min(self.memory.get())
    }

    /// Makes the next operation fail.
    pub(crate) fn fail(&self, error: Error) {
        self.failed.replace(Some(error));
        self.operations.set(self.operations.get().saturating_add(self.slice.replace(0)));
    }

    /// Spends operations.
    #[inline]
    pub(crate) fn spend(&self, operations: usize) -> Result<()> {
        let left = self.slice.get();
        let operations = operations as u64;
        if operations <= left {
            self.slice.set(left - operations);
            return Ok(());
        }
        self.next_slice(operations - left)
    }

    #[cold]
    fn next_slice(&self, needed: u64) -> Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if let Some(time) = self.time {
            let now = Instant::now();
            let began = self.began.get().unwrap_or(now);
            self.began.set(Some(began));
            if now.saturating_duration_since(began) > time {
                return Err(Error::budget(&format!("{} ms of time", time.as_millis())));
            }
        }
        let left = self.operations.get();
        let wanted = needed.saturating_add(SLICE);
        let granted = wanted.min(left);
        if granted < needed {
            return Err(Error::budget("operations"));
        }
        self.operations.set(left - granted);
        self.slice.set(granted - needed);
        Ok(())
    }

    /// Spends memory that is about to be allocated, here or elsewhere.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<()> {
        let left = self.memory.get();
        if bytes > left {
            return Err(Error::budget("memory"));
        }
        self.memory.set(left - bytes);
        self.spend(bytes / 64)
    }

    pub(crate) fn str(&self, text: &str) -> Result<&str> {
        if text.is_empty() {
            return Ok("");
        }
        self.reserve(text.len())?;
        Ok(self.bump.alloc_str(text))
    }

    pub(crate) fn alloc<T>(&self, value: T) -> Result<&T> {
        const { assert!(!std::mem::needs_drop::<T>(), "an arena never drops what lies in it") };
        self.reserve(size_of::<T>())?;
        Ok(self.bump.alloc(value))
    }

    pub(crate) fn values<'a>(&'a self, values: &[V<'a>]) -> Result<&'a [V<'a>]> {
        self.reserve(size_of_val(values))?;
        Ok(self.bump.alloc_slice_copy(values))
    }

    pub(crate) fn cells<T: Copy>(&self, length: usize, value: T) -> Result<&[Cell<T>]> {
        self.reserve(length.saturating_mul(size_of::<T>()))?;
        Ok(self.bump.alloc_slice_fill_with(length, |_| Cell::new(value)))
    }

    pub(crate) fn slice_of<T: Copy>(&self, items: &[T]) -> Result<&[T]> {
        self.reserve(size_of_val(items))?;
        Ok(self.bump.alloc_slice_copy(items))
    }
}
