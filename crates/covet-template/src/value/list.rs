//! Lists that grow.

use std::cell::Cell;

use super::{Arena, V};
use crate::error::{Error, Result};

/// A list, which templates may change through its methods.
#[derive(Debug)]
pub(crate) struct List<'a> {
    cells: Cell<&'a [Cell<V<'a>>]>,
    length: Cell<usize>,
}

impl<'a> List<'a> {
    pub(crate) fn new(arena: &'a Arena, items: &[V<'a>]) -> Result<&'a List<'a>> {
        let cells = arena.cells(items.len(), V::None)?;
        for (cell, item) in cells.iter().zip(items) {
            cell.set(*item);
        }
        arena.alloc(List { cells: Cell::new(cells), length: Cell::new(items.len()) })
    }

    /// An empty list with room for some items.
    pub(crate) fn with_room(arena: &'a Arena, room: usize) -> Result<&'a List<'a>> {
        let cells = arena.cells(room, V::None)?;
        arena.alloc(List { cells: Cell::new(cells), length: Cell::new(0) })
    }

    /// Appends an item.
    pub(crate) fn push(&self, arena: &'a Arena, item: V<'a>) -> Result<()> {
        let length = self.len();
        if length == self.cells.get().len() {
            return self.insert(arena, length, item);
        }
        self.cells.get()[length].set(item);
        self.length.set(length + 1);
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.length.get()
    }

    #[inline]
    pub(crate) fn at(&self, index: usize) -> Option<V<'a>> {
        self.items().get(index).map(Cell::get)
    }

    pub(crate) fn items(&self) -> &'a [Cell<V<'a>>] {
        &self.cells.get()[..self.length.get()]
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = V<'a>> + ExactSizeIterator + use<'a> {
        self.items().iter().map(Cell::get)
    }

    pub(crate) fn insert(&self, arena: &'a Arena, index: usize, item: V<'a>) -> Result<()> {
        let length = self.len();
        arena.spend(1 + (length - index.min(length)) / 8)?;
        if length == self.cells.get().len() {
            let grown = arena.cells((length * 2).max(4), V::None)?;
            for (to, from) in grown.iter().zip(self.cells.get()) {
                to.set(from.get());
            }
            self.cells.set(grown);
        }
        let cells = self.cells.get();
        let index = index.min(length);
        for at in (index..length).rev() {
            cells[at + 1].set(cells[at].get());
        }
        cells[index].set(item);
        self.length.set(length + 1);
        Ok(())
    }

    pub(crate) fn remove(&self, arena: &Arena, index: usize) -> Result<V<'a>> {
        let cells = self.items();
        let Some(removed) = cells.get(index).map(Cell::get) else {
            return Err(Error::value("the list has no such index"));
        };
        arena.spend(1 + (cells.len() - index) / 8)?;
        for at in index + 1..cells.len() {
            cells[at - 1].set(cells[at].get());
        }
        self.length.set(cells.len() - 1);
        Ok(removed)
    }

    pub(crate) fn clear(&self) {
        self.length.set(0);
    }
}
