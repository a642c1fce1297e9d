//! Dicts that keep the order of their entries.

use std::cell::Cell;

use super::{Arena, V, equal};
use crate::error::{Error, Result};

/// A dict. A small one is searched from its front; a large one that is asked often gets an index of its text keys.
#[derive(Debug)]
pub(crate) struct Dict<'a> {
    entries: Cell<&'a [Cell<(V<'a>, V<'a>)>]>,
    length: Cell<usize>,
    index: Cell<&'a [u32]>,
    lookups: Cell<usize>,
    /// Whether it was a struct, whose fields are attributes.
    record: bool,
}

const INDEXED_FROM: usize = 12;

/// A value, and where it was found: the address of its key's text, and its place.
pub(crate) type Hinted<'a> = (V<'a>, (usize, u32));

impl<'a> Dict<'a> {
    pub(crate) fn new(arena: &'a Arena) -> Result<&'a Dict<'a>> {
        Self::with_entries(arena, &[])
    }

    /// A dict of entries whose keys differ.
    pub(crate) fn with_entries(arena: &'a Arena, entries: &[(V<'a>, V<'a>)]) -> Result<&'a Dict<'a>> {
        let dict = Self::with_room(arena, entries.len(), false)?;
        for (cell, entry) in dict.entries.get().iter().zip(entries) {
            cell.set(*entry);
        }
        dict.length.set(entries.len());
        Ok(dict)
    }

    /// An empty dict, or a struct without fields yet, with room for some entries.
    pub(crate) fn with_room(arena: &'a Arena, room: usize, record: bool) -> Result<&'a Dict<'a>> {
        let cells = arena.cells(room, (V::None, V::None))?;
        arena.alloc(Dict {
            entries: Cell::new(cells),
            length: Cell::new(0),
            index: Cell::new(&[]),
            lookups: Cell::new(0),
            record,
        })
    }

    /// Adds an entry whose key is not there yet.
    pub(crate) fn push(&self, arena: &'a Arena, key: V<'a>, value: V<'a>) -> Result<()> {
        let length = self.len();
        if length == self.entries.get().len() {
            let grown = arena.cells((length * 2).max(4), (V::None, V::None))?;
            for (to, from) in grown.iter().zip(self.entries.get()) {
                to.set(from.get());
            }
            self.entries.set(grown);
        }
        self.entries.get()[length].set((key, value));
        self.length.set(length + 1);
        if !self.index.get().is_empty() {
            self.forget_index();
        }
        Ok(())
    }

    pub(crate) fn is_record(&self) -> bool {
        self.record
    }

    pub(crate) fn len(&self) -> usize {
        self.length.get()
    }

    pub(crate) fn entries(&self) -> &'a [Cell<(V<'a>, V<'a>)>] {
        &self.entries.get()[..self.length.get()]
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (V<'a>, V<'a>)> + ExactSizeIterator + use<'a> {
        self.entries().iter().map(Cell::get)
    }

    #[inline]
    pub(crate) fn get_str(&self, arena: &'a Arena, name: &str) -> Result<Option<V<'a>>> {
        let entries = self.entries();
        if entries.len() < INDEXED_FROM {
            for entry in entries {
                let (key, value) = entry.get();
                if is_text(key, name) {
                    return Ok(Some(value));
                }
            }
            return Ok(None);
        }
        Ok(self.position_str(arena, name)?.map(|at| entries[at].get().1))
    }

    /// The same, with the place where a like dict had the name the last time, and the address of the name there: structs
    /// of one type share their names, so that one address often says enough.
    #[inline]
    pub(crate) fn get_hinted(&self, arena: &'a Arena, name: &str, hint: (usize, u32)) -> Result<Option<Hinted<'a>>> {
        let entries = self.entries();
        if let Some(entry) = entries.get(hint.1 as usize) {
            let (key, value) = entry.get();
            if let V::Str(key) = key
                && key.len() == name.len()
                && (key.as_ptr() as usize == hint.0 || key == name)
            {
                return Ok(Some((value, (key.as_ptr() as usize, hint.1))));
            }
        }
        let Some(at) = self.position_str(arena, name)? else { return Ok(None) };
        let (key, value) = entries[at].get();
        Ok(Some((value, (text_of(key).as_ptr() as usize, at as u32))))
    }

    pub(crate) fn get(&self, arena: &'a Arena, key: V<'a>) -> Result<Option<V<'a>>> {
        Ok(self.position(arena, key)?.map(|at| self.entries()[at].get().1))
    }

    fn position(&self, arena: &'a Arena, key: V<'a>) -> Result<Option<usize>> {
        if let Some(name) = key.as_str() {
            return self.position_str(arena, name);
        }
        check_hashable(key)?;
        let entries = self.entries();
        arena.spend(entries.len() / 4)?;
        for (at, entry) in entries.iter().enumerate() {
            if equal(arena, entry.get().0, key)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn position_str(&self, arena: &'a Arena, name: &str) -> Result<Option<usize>> {
        let entries = self.entries();
        self.lookups.set(self.lookups.get() + 1);
        if self.index.get().is_empty() && entries.len() >= INDEXED_FROM && self.lookups.get() * 8 > entries.len() {
            self.build_index(arena)?;
        }
        let index = self.index.get();
        if index.is_empty() {
            arena.spend(entries.len() / 8)?;
            return Ok(entries.iter().position(|entry| is_text(entry.get().0, name)));
        }
        let found = index.binary_search_by(|at| text_of(entries[*at as usize].get().0).cmp(name));
        Ok(found.ok().map(|at| index[at] as usize))
    }

    fn build_index(&self, arena: &'a Arena) -> Result<()> {
        let entries = self.entries();
        arena.spend(entries.len())?;
        let is_text_key = |at: &u32| entries[*at as usize].get().0.as_str().is_some();
        let mut index: Vec<u32> = (0..entries.len() as u32).filter(is_text_key).collect();
        index.sort_by_key(|at| text_of(entries[*at as usize].get().0));
        self.index.set(arena.slice_of(&index)?);
        Ok(())
    }

    pub(crate) fn insert(&self, arena: &'a Arena, key: V<'a>, value: V<'a>) -> Result<()> {
        if let Some(at) = self.position(arena, key)? {
            let (key, _) = self.entries()[at].get();
            self.entries()[at].set((key, value));
            return Ok(());
        }
        self.push(arena, key, value)
    }

    pub(crate) fn remove(&self, arena: &'a Arena, key: V<'a>) -> Result<Option<V<'a>>> {
        let Some(at) = self.position(arena, key)? else { return Ok(None) };
        let entries = self.entries();
        let (_, removed) = entries[at].get();
        arena.spend(1 + (entries.len() - at) / 8)?;
        for next in at + 1..entries.len() {
            entries[next - 1].set(entries[next].get());
        }
        self.length.set(entries.len() - 1);
        self.forget_index();
        Ok(Some(removed))
    }

    pub(crate) fn clear(&self) {
        self.length.set(0);
        self.forget_index();
    }

    fn forget_index(&self) {
        self.index.set(&[]);
        self.lookups.set(0);
    }
}

#[inline]
fn is_text(key: V<'_>, name: &str) -> bool {
    key.as_str() == Some(name)
}

fn text_of<'a>(key: V<'a>) -> &'a str {
    key.as_str().unwrap_or_default()
}

/// Lists and dicts change, so they cannot be keys.
fn check_hashable(key: V<'_>) -> Result<()> {
    match key {
        V::List(_) | V::Dict(_) | V::Seq(_) | V::Record(_) => {
            Err(Error::type_(format!("{} cannot be a key", key.type_name())))
        }
        _ => Ok(()),
    }
}
