//! What a running unit needs to know.

use super::context::Instance;
use crate::compile::{Program, Unit};
use crate::error::Error;
use crate::value::{Cursor, LoopState, RecursiveLoop, V};

/// A running unit.
pub(super) struct Frame<'a> {
    pub(super) instance: &'a Instance<'a>,
    pub(super) unit: &'a Unit,
    pub(super) ip: usize,
    /// Where its slots begin.
    pub(super) base: usize,
    /// How many loops ran outside of it.
    pub(super) loops: usize,
    pub(super) block: Option<RunningBlock>,
    /// The template that it extends, and the length of the output before it said so.
    pub(super) parent: Option<(&'a Program, usize)>,
    pub(super) recursive: Option<&'a RecursiveLoop<'a>>,
    pub(super) then: Then<'a>,
}

/// Which block runs, and which of the definitions of its name.
#[derive(Clone, Copy)]
pub(super) struct RunningBlock {
    pub(super) chain: usize,
    pub(super) depth: usize,
}

/// What becomes of the output of a unit.
#[derive(Clone, Copy)]
pub(super) enum Then<'a> {
    /// It stays where it is.
    Nothing,
    /// It becomes a value.
    Value { start: usize, safe: bool },
    /// It becomes the text of a module.
    Module { start: usize, name: &'a str },
}

/// A loop that runs.
pub(super) struct LoopFrame<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) began: bool,
    /// Whether an iteration came to its end, which is what Jinja2 asks before it runs an `else`.
    pub(super) ended: bool,
    pub(super) object: Option<&'a LoopState<'a>>,
    pub(super) item: V<'a>,
}

/// The definitions of one block, the most derived first.
pub(super) struct Chain<'a> {
    pub(super) name: &'a str,
    pub(super) definitions: Vec<(&'a Instance<'a>, usize, bool)>,
}

impl Frame<'_> {
    /// Adds the place of the instruction that runs.
    pub(super) fn place(&self, error: Error) -> Error {
        let spans = &self.unit.spans;
        let span = spans.get(self.ip.saturating_sub(1)).copied().unwrap_or_default();
        error.at(&self.instance.program.source, span)
    }
}
