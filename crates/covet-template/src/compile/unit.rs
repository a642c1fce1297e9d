//! A unit while it is compiled: its code, and which names live in which of its slots.

use super::program::{Op, Unit};
use crate::html::Position;
use crate::source::Span;

pub(super) struct UnitBuilder<'s> {
    pub(super) unit: Unit,
    scopes: Vec<Vec<(&'s str, u32)>>,
    /// Names of the units around this one that it uses, in the order of its captures.
    pub(super) captured: Vec<&'s str>,
    pub(super) loops: Vec<Loop>,
    pub(super) open_captures: usize,
    pub(super) is_block: bool,
    /// Slots that macros share, each with the slot that holds what they share.
    shares: Vec<(u32, u32)>,
    /// Where the last jump leads, so that no instruction is joined to one before it.
    landed: usize,
}

/// A loop whose body is being compiled.
pub(super) struct Loop {
    pub(super) start: usize,
    pub(super) breaks: Vec<usize>,
    pub(super) open_captures: usize,
    pub(super) position: Position,
}

impl<'s> UnitBuilder<'s> {
    /// A root unit has no scope of its own: what it assigns is seen by blocks, macros and those who import it.
    pub(super) fn new(name: &str, entry: Position, is_root: bool) -> Self {
        let unit = Unit {
            name: name.into(),
            ops: Vec::new(),
            spans: Vec::new(),
            slots: 0,
            parameters: Vec::new(),
            defaults: 0,
            caller: None,
            varargs: None,
            kwargs: None,
            captures: Vec::new(),
            safe: false,
            entry,
            exit: entry,
        };
        let scopes = if is_root { Vec::new() } else { vec![Vec::new()] };
        Self {
            unit,
            scopes,
            captured: Vec::new(),
            loops: Vec::new(),
            open_captures: 0,
            is_block: false,
            shares: Vec::new(),
            landed: 0,
        }
    }

    pub(super) fn emit(&mut self, op: Op, span: Span) -> usize {
        self.unit.ops.push(op);
        self.unit.spans.push(span);
        self.unit.ops.len() - 1
    }

    /// Adds an instruction, joined to the one before it where the two often stand together.
    pub(super) fn emit_joined(&mut self, op: Op, span: Span) -> usize {
        let joined = match (self.unit.ops.last(), op) {
            _ if self.landed == self.here() => None,
            (Some(Op::Text(text)), Op::EmitSlot(escape, slot)) => {
                u16::try_from(slot).ok().map(|slot| Op::TextEmitSlot(*text, escape, slot))
            }
            (Some(Op::Text(text)), Op::EmitSlotAttribute(escape, slot, word)) => {
                Some(Op::TextEmitSlotAttribute(*text, escape, slot, word))
            }
            (Some(Op::Compare(operator)), Op::JumpIfFalse(to)) => Some(Op::JumpUnless(*operator, to)),
            (Some(Op::LoopAttribute(slot, part)), Op::JumpIfFalse(to)) => Some(Op::JumpUnlessLoop(*slot, *part, to)),
            (Some(Op::Text(text)), Op::Again(start)) => Some(Op::TextAgain(*text, start)),
            _ => None,
        };
        if joined.is_some() {
            self.unit.ops.pop();
            self.unit.spans.pop();
        }
        self.emit(joined.unwrap_or(op), span)
    }

    pub(super) fn here(&self) -> usize {
        self.unit.ops.len()
    }

    /// Lets a jump that was emitted before lead here.
    pub(super) fn land(&mut self, jump: usize) {
        let target = self.here() as u32;
        self.landed = self.here();
        match &mut self.unit.ops[jump] {
            Op::Jump(to)
            | Op::JumpIfFalse(to)
            | Op::JumpUnless(_, to)
            | Op::JumpUnlessLoop(_, _, to)
            | Op::JumpIfMissing(to)
            | Op::JumpIfFalseOrPop(to)
            | Op::JumpIfTrueOrPop(to)
            | Op::Chain(_, to)
            | Op::Next(to)
            | Op::NextInto(_, to)
            | Op::EndFor(to)
            | Op::IfGiven(_, to)
            | Op::IfExtends(to) => *to = target,
            _ => {}
        }
    }

    pub(super) fn new_slot(&mut self) -> u32 {
        self.unit.slots += 1;
        self.unit.slots as u32 - 1
    }

    pub(super) fn open_scope(&mut self) {
        self.scopes.push(Vec::new());
    }

    pub(super) fn close_scope(&mut self) {
        self.scopes.pop();
    }

    pub(super) fn is_root(&self) -> bool {
        self.scopes.is_empty()
    }

    /// Gives a name a slot in the innermost scope.
    pub(super) fn declare(&mut self, name: &'s str) -> u32 {
        let slot = self.new_slot();
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name, slot));
        }
        slot
    }

    /// A name of the unit around this one becomes a slot that begins with its value.
    pub(super) fn capture(&mut self, name: &'s str) -> u32 {
        let slot = self.new_slot();
        if let Some(scope) = self.scopes.first_mut() {
            scope.insert(0, (name, slot));
        }
        self.captured.push(name);
        self.unit.captures.push(slot);
        slot
    }

    /// Whether a slot is shared with the unit around this one.
    pub(super) fn is_captured(&self, slot: u32) -> bool {
        self.unit.captures.contains(&slot)
    }

    /// The slot of what macros share of a slot, if they do.
    pub(super) fn shared(&self, slot: u32) -> Option<u32> {
        self.shares.iter().find(|(found, _)| *found == slot).map(|(_, shared)| *shared)
    }

    pub(super) fn share(&mut self, slot: u32) -> u32 {
        if let Some(shared) = self.shared(slot) {
            return shared;
        }
        let shared = self.new_slot();
        self.shares.push((slot, shared));
        shared
    }

    pub(super) fn local(&self, name: &str) -> Option<u32> {
        let scopes = self.scopes.iter().rev();
        scopes.flat_map(|scope| scope.iter().rev()).find(|(found, _)| *found == name).map(|(_, slot)| *slot)
    }

    /// The slot of a name that the innermost scope itself declares.
    pub(super) fn own(&self, name: &str) -> Option<u32> {
        let scope = self.scopes.last()?;
        scope.iter().rev().find(|(found, _)| *found == name).map(|(_, slot)| *slot)
    }

    pub(super) fn visible(&self) -> impl Iterator<Item = &'s str> + '_ {
        self.scopes.iter().flatten().map(|(name, _)| *name)
    }
}
