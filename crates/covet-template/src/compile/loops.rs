//! Code for loops.

use super::assigned::targets;
use super::unit::{Loop, UnitBuilder};
use super::{Compiler, Op};
use crate::engine::Format;
use crate::error::{Error, ErrorKind, Result};
use crate::source::Span;
use crate::syntax::ast::{Expr, For, Mentions, Target};

impl<'s> Compiler<'s, '_> {
    pub(super) fn for_statement(&mut self, statement: &For<'s>, span: Span) -> Result<()> {
        self.expression(&statement.iterable)?;
        if statement.recursive {
            return self.recursive_for(statement, span);
        }
        self.kept(statement, span)?;
        self.loop_over(statement, span)
    }

    /// Leaves out what does not meet the loop's condition, if it has one.
    fn kept(&mut self, statement: &For<'s>, span: Span) -> Result<()> {
        match &statement.condition {
            Some(condition) => self.filtered(&statement.target, condition, span),
            None => Ok(()),
        }
    }

    /// Replaces the items on the stack by a list of those that meet the condition.
    pub(super) fn filtered(&mut self, target: &Target<'s>, condition: &Expr<'s>, span: Span) -> Result<()> {
        // The list lies below the loop's items, where it outlasts them.
        let iterable = self.builder().new_slot();
        self.emit(Op::SetSlot(iterable), span);
        self.emit(Op::List(0), span);
        self.emit(Op::Slot(iterable), span);
        self.emit(Op::For(None), span);
        let start = self.builder().here();
        let next = self.emit(Op::Next(0), span);
        let item = self.builder().new_slot();
        self.emit(Op::SetSlot(item), span);
        self.emit(Op::Slot(item), span);
        self.builder().open_scope();
        self.declare_targets(target);
        self.assign(target, span)?;
        self.expression(condition)?;
        self.close_scope();
        self.emit(Op::JumpIfFalse(start as u32), span);
        self.emit(Op::Slot(item), span);
        self.emit(Op::Append, span);
        self.emit(Op::Jump(start as u32), span);
        self.land(next);
        let end = self.emit(Op::EndFor(0), span);
        self.land(end);
        Ok(())
    }

    pub(super) fn declare_targets(&mut self, target: &Target<'s>) {
        let mut names = Vec::new();
        targets(target, &mut names);
        for name in names {
            self.builder().declare(name);
        }
    }

    pub(super) fn loop_over(&mut self, statement: &For<'s>, span: Span) -> Result<()> {
        self.builder().open_scope();
        let uses_loop = statement.recursive || statement.mentions.has(Mentions::LOOP);
        let slot = if uses_loop { Some(self.builder().declare("loop")) } else { None };
        self.emit(Op::For(slot.and_then(|slot| (slot + 1).try_into().ok())), span);
        let start = self.builder().here();
        let next = match statement.target {
            Target::Name(name) => {
                let slot = self.builder().declare(name);
                self.emit(Op::NextInto(slot, 0), span)
            }
            _ => {
                let next = self.emit(Op::Next(0), span);
                self.declare_targets(&statement.target);
                self.assign(&statement.target, span)?;
                next
            }
        };
        self.declare_assigned(&statement.body, span);
        let before = self.position;
        let open_captures = self.builder().open_captures;
        self.builder().loops.push(Loop { start, breaks: Vec::new(), open_captures, position: before });
        self.body(&statement.body)?;
        let breaks = self.builder().loops.pop().map(|ended| ended.breaks).unwrap_or_default();
        self.join(before, span)?;
        if self.html() && self.position != before {
            return Err(self.loop_moves(span));
        }
        self.ops += 1;
        self.builder().emit_joined(Op::Again(start as u32), span);
        self.close_scope();
        self.land(next);
        breaks.into_iter().for_each(|jump| self.land(jump));
        let end = self.emit(Op::EndFor(0), span);
        self.body(&statement.otherwise)?;
        self.land(end);
        self.join(before, span)
    }

    pub(super) fn loop_moves(&self, span: Span) -> Error {
        let message = "the loop ends at another position of the page than it began, so that it cannot be repeated";
        self.fail(ErrorKind::UnsafePosition, message, span)
    }

    /// The body of a recursive loop is a unit of its own, which `loop(…)` calls again.
    pub(super) fn recursive_for(&mut self, statement: &For<'s>, span: Span) -> Result<()> {
        let before = self.position;
        let mut builder = UnitBuilder::new("loop", before, false);
        let iterable = builder.new_slot();
        self.units.push(builder);
        self.emit(Op::Slot(iterable), span);
        self.kept(statement, span)?;
        self.loop_over(statement, span)?;
        let safe = self.format == Format::Html && self.escapes;
        let (unit, captured) = self.close_unit(safe, span);
        self.load_captures(&captured, false, span);
        self.emit(Op::ForRecursive(unit as u32), span);
        Ok(())
    }

    pub(super) fn leave_loop(&mut self, is_break: bool, span: Span) -> Result<()> {
        let open = self.builder().open_captures;
        let Some(current) = self.builder().loops.last() else { return Ok(()) };
        let (start, position, outside) = (current.start, current.position, current.open_captures);
        if self.html() && self.position.join(position).is_none() {
            return Err(self.loop_moves(span));
        }
        for _ in outside..open {
            self.emit(Op::DropCapture, span);
        }
        let jump = self.emit(Op::Jump(start as u32), span);
        if is_break && let Some(current) = self.builder().loops.last_mut() {
            current.breaks.push(jump);
        }
        Ok(())
    }
}
