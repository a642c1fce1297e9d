//! What the engine itself brings into a template.

use std::cell::Cell;

use super::{Cursor, Dict, Kind, V};
use crate::function::Custom;
use crate::vm::{Context, Instance};

/// A value that is no data.
#[derive(Debug)]
pub(crate) enum Object<'a> {
    Namespace(&'a Dict<'a>),
    Cycler(Cycler<'a>),
    Joiner(Joiner<'a>),
    Loop(LoopState<'a>),
    Macro(MacroValue<'a>),
    Module(Module<'a>),
    /// `self`, through which a template renders its own blocks; the number is that of its family of blocks.
    Blocks(usize),
    /// A group of `groupby`: a pair whose halves also have names.
    Group([V<'a>; 2]),
    /// A method that was not called yet.
    Method(V<'a>, &'a str),
    /// A built-in function, by its place in the table of them.
    Function(usize),
    Custom(&'a Custom),
    /// A text of the application that is vouched for.
    Vouched(Kind, &'a str),
}

#[derive(Debug)]
pub(crate) struct Cycler<'a> {
    pub(crate) items: &'a [V<'a>],
    pub(crate) at: Cell<usize>,
}

#[derive(Debug)]
pub(crate) struct Joiner<'a> {
    pub(crate) separator: V<'a>,
    pub(crate) used: Cell<bool>,
}

/// The state behind `loop`.
#[derive(Debug)]
pub(crate) struct LoopState<'a> {
    pub(crate) index: Cell<usize>,
    pub(crate) length: usize,
    pub(crate) depth: usize,
    pub(crate) previous: Cell<V<'a>>,
    /// What is still to come.
    pub(crate) ahead: Cell<Cursor<'a>>,
    pub(crate) changed: Cell<Option<&'a [V<'a>]>>,
    pub(crate) recursive: Option<&'a RecursiveLoop<'a>>,
}

/// The body that `loop(…)` runs again.
#[derive(Debug)]
pub(crate) struct RecursiveLoop<'a> {
    pub(crate) instance: &'a Instance<'a>,
    pub(crate) unit: usize,
    pub(crate) captures: &'a [V<'a>],
    pub(crate) depth: usize,
}

#[derive(Debug)]
pub(crate) struct MacroValue<'a> {
    pub(crate) instance: &'a Instance<'a>,
    pub(crate) unit: usize,
    pub(crate) captures: &'a [V<'a>],
}

/// An imported template.
#[derive(Debug)]
pub(crate) struct Module<'a> {
    pub(crate) name: &'a str,
    pub(crate) context: &'a Context<'a>,
    pub(crate) body: &'a str,
}

/// What `range` answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) start: i64,
    pub(crate) stop: i64,
    pub(crate) step: i64,
    pub(crate) length: u32,
}

/// Ranges are equal where their items are.
impl PartialEq for Range {
    fn eq(&self, other: &Self) -> bool {
        self.length == other.length
            && (self.length == 0 || self.start == other.start)
            && (self.length < 2 || self.step == other.step)
    }
}

impl Range {
    pub(crate) fn len(self) -> usize {
        self.length as usize
    }

    pub(crate) fn at(self, index: usize) -> i64 {
        // Inside of the range this is exact; the sum of a step and of its last item might not be.
        self.start.wrapping_add(self.step.wrapping_mul(index as i64))
    }
}

impl Object<'_> {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Object::Namespace(_) => "a namespace",
            Object::Cycler(_) => "a cycler",
            Object::Joiner(_) => "a joiner",
            Object::Loop(_) => "a loop",
            Object::Macro(_) => "a macro",
            Object::Module(_) => "a module",
            Object::Blocks(_) => "a template",
            Object::Group(_) => "a tuple",
            Object::Method(..) => "a method",
            Object::Function(_) | Object::Custom(_) => "a function",
            Object::Vouched(..) => "a string",
        }
    }
}
