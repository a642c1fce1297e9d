//! Memory that one rendering leaves to the next.

use std::cell::Cell;

use bumpalo::Bump;

use super::frame::{Frame, LoopFrame};
use crate::value::{Text, V};

/// An arena that has grown larger than this is given back.
const KEPT_BYTES: usize = 1 << 20;
/// And so is a list of more items than this.
const KEPT_ITEMS: usize = 1 << 10;

thread_local! {
    /// What the last rendering of this thread left. A rendering inside of another one finds nothing and leaves its own.
    static LEFT: Cell<Option<Box<Workspace>>> = const { Cell::new(None) };
}

/// The memory of one rendering: its arena, and the lists of its machine, which are empty between renderings.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) bump: Bump,
    scratch: String,
    stack: Vec<V<'static>>,
    slots: Vec<V<'static>>,
    loops: Vec<LoopFrame<'static>>,
    frames: Vec<Frame<'static>>,
}

/// The lists of a machine.
pub(super) struct Lists<'a> {
    pub(super) stack: Vec<V<'a>>,
    pub(super) slots: Vec<V<'a>>,
    pub(super) loops: Vec<LoopFrame<'a>>,
    pub(super) frames: Vec<Frame<'a>>,
}

impl Workspace {
    pub(crate) fn take() -> Box<Self> {
        LEFT.take().unwrap_or_else(|| Box::new(Self { bump: Bump::with_capacity(8 << 10), ..Self::default() }))
    }

    /// Leaves the memory to the next rendering of this thread.
    pub(crate) fn leave(self: Box<Self>) {
        if self.bump.allocated_bytes() <= KEPT_BYTES && self.scratch.capacity() <= KEPT_BYTES {
            // A thread that ends may have nothing to leave it to.
            let _ = LEFT.try_with(|left| left.set(Some(self)));
        }
    }

    pub(super) fn take_scratch(&mut self) -> String {
        std::mem::take(&mut self.scratch)
    }

    pub(super) fn put_scratch(&mut self, scratch: Text) {
        self.scratch = scratch.into_string();
    }

    pub(super) fn lists<'a>(&mut self) -> Lists<'a> {
        Lists {
            stack: emptied(std::mem::take(&mut self.stack)),
            slots: emptied(std::mem::take(&mut self.slots)),
            loops: emptied(std::mem::take(&mut self.loops)),
            frames: emptied(std::mem::take(&mut self.frames)),
        }
    }

    pub(super) fn put_back(&mut self, lists: Lists<'_>) {
        self.stack = emptied(lists.stack);
        self.slots = emptied(lists.slots);
        self.loops = emptied(lists.loops);
        self.frames = emptied(lists.frames);
    }
}

/// The memory of a list for a list of items that differ in their lifetime only: collecting in place keeps it.
fn emptied<T, U>(mut list: Vec<T>) -> Vec<U> {
    if list.capacity() > KEPT_ITEMS {
        return Vec::new();
    }
    list.clear();
    list.into_iter().filter_map(|_| None).collect()
}
