//! The variables that are not local.

use std::cell::Cell;

use super::Vm;
use crate::compile::Program;
use crate::error::Result;
use crate::value::{self, Arena, Dict, Memory, V};

/// What a rendering or a scope was given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Variables<'a> {
    Dict(&'a Dict<'a>),
    Record(&'a dyn value::Context),
}

impl<'a> Variables<'a> {
    fn find(self, arena: &'a Arena, name: &str) -> Result<Option<V<'a>>> {
        match self {
            Variables::Dict(dict) => dict.get_str(arena, name),
            Variables::Record(record) => match record.names().iter().position(|found| *found == name) {
                Some(at) => Ok(Some(record.field(at, Memory(arena))?.0)),
                None => Ok(None),
            },
        }
    }

    /// The names of all variables.
    fn names(self) -> Vec<&'a str> {
        match self {
            Variables::Dict(dict) => dict.iter().filter_map(|(name, _)| name.as_str()).collect(),
            Variables::Record(record) => record.names().to_vec(),
        }
    }
}

/// The variables that a template, its parents and its blocks share.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    variables: Variables<'a>,
    /// What the template assigns outside of every scope.
    exported: &'a Dict<'a>,
    parent: Option<&'a Context<'a>>,
    /// Grows with every assignment, so that what was looked up before is looked up again.
    version: Cell<u32>,
    pub(super) family: usize,
}

/// A program in a context.
#[derive(Debug)]
pub(crate) struct Instance<'a> {
    pub(crate) program: &'a Program,
    pub(super) context: &'a Context<'a>,
    found: &'a [Cell<V<'a>>],
    /// Where attributes were found the last time: the address of the names of the record's type, or of the dict's key,
    /// and the index.
    pub(super) hints: &'a [Cell<(usize, u32)>],
    version: Cell<u32>,
}

impl<'a> Instance<'a> {
    /// The index of a record's field.
    #[inline]
    pub(super) fn field(&self, names: &'static [&'static str], word: u32, name: &str) -> Option<usize> {
        let hint = &self.hints[word as usize];
        let (known, at) = hint.get();
        // Lists at one address are the same as far as they both go.
        if known == names.as_ptr() as usize && (at as usize) < names.len() {
            return Some(at as usize);
        }
        let at = names.iter().position(|found| *found == name)?;
        hint.set((names.as_ptr() as usize, at as u32));
        Some(at)
    }
}

impl<'a> Vm<'a> {
    pub(super) fn context(
        &mut self,
        variables: Variables<'a>,
        parent: Option<&'a Context<'a>>,
    ) -> Result<&'a Context<'a>> {
        self.families.push(Vec::new());
        let family = self.families.len() - 1;
        self.context_in(variables, parent, family)
    }

    pub(super) fn context_in(
        &mut self,
        variables: Variables<'a>,
        parent: Option<&'a Context<'a>>,
        family: usize,
    ) -> Result<&'a Context<'a>> {
        let exported = Dict::new(self.arena)?;
        self.arena.alloc(Context { variables, exported, parent, version: Cell::new(0), family })
    }

    pub(super) fn instance(&self, program: &'a Program, context: &'a Context<'a>) -> Result<&'a Instance<'a>> {
        let found = self.arena.cells(program.names.len(), V::Unset)?;
        let hints = self.arena.cells(program.words.len(), (0, 0))?;
        self.arena.alloc(Instance { program, context, found, hints, version: Cell::new(context.version.get()) })
    }

    /// The names that a template could have meant.
    pub(super) fn known_names(&self, instance: &'a Instance<'a>) -> Vec<&'a str> {
        let mut names: Vec<&'a str> = self.engine.own_names().collect();
        let mut next = Some(instance.context);
        while let Some(context) = next {
            names.extend(context.variables.names());
            names.extend(context.exported.iter().filter_map(|(name, _)| name.as_str()));
            next = context.parent;
        }
        names
    }

    #[inline]
    pub(super) fn load_name(&self, instance: &'a Instance<'a>, index: u32) -> Result<V<'a>> {
        if instance.version.get() == instance.context.version.get() {
            let found = instance.found[index as usize].get();
            if !matches!(found, V::Unset) {
                return Ok(found);
            }
        } else {
            instance.found.iter().for_each(|found| found.set(V::Unset));
            instance.version.set(instance.context.version.get());
        }
        let value = self.look_up(instance.context, &instance.program.names[index as usize])?;
        instance.found[index as usize].set(value);
        Ok(value)
    }

    fn look_up(&self, context: &'a Context<'a>, name: &'a str) -> Result<V<'a>> {
        let mut next = Some(context);
        while let Some(context) = next {
            if context.exported.len() > 0
                && let Some(value) = context.exported.get_str(self.arena, name)?
            {
                return Ok(value);
            }
            if let Some(value) = context.variables.find(self.arena, name)? {
                return Ok(value);
            }
            next = context.parent;
        }
        self.engine.global(self.arena, name)
    }

    pub(super) fn store_name(&self, instance: &'a Instance<'a>, index: u32, value: V<'a>) -> Result<()> {
        let context = instance.context;
        let name: &'a str = &instance.program.names[index as usize];
        context.exported.insert(self.arena, V::Str(name), value)?;
        context.version.set(context.version.get().wrapping_add(1));
        Ok(())
    }

    /// A context in which local variables are seen as well.
    pub(super) fn overlay(
        &mut self,
        instance: &'a Instance<'a>,
        locals: &'a [(Box<str>, u32)],
        base: usize,
        family: Option<usize>,
    ) -> Result<&'a Context<'a>> {
        let mut entries = Vec::with_capacity(locals.len());
        for (name, slot) in locals {
            let value = self.slots[base + *slot as usize].unshared();
            if !value.is_undefined() {
                entries.push((V::Str(name), value));
            }
        }
        let variables = Variables::Dict(Dict::with_entries(self.arena, &entries)?);
        match family {
            Some(family) => self.context_in(variables, Some(instance.context), family),
            None => self.context(variables, Some(instance.context)),
        }
    }
}

/// What an imported template offers under a name.
pub(super) fn export<'a>(arena: &'a Arena, context: &'a Context<'a>, name: &'a str) -> Result<V<'a>> {
    if name.starts_with('_') {
        return Ok(V::Undefined(name));
    }
    Ok(context.exported.get_str(arena, name)?.unwrap_or(V::Undefined(name)))
}
