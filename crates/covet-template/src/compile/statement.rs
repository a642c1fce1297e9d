//! Code for statements.

use super::{Compiler, Op};
use crate::engine::Format;
use crate::error::{ErrorKind, Result};
use crate::html::{Escape, Position};
use crate::source::Span;
use crate::syntax::ast::{Body, Expr, ExprKind, Stmt, StmtKind, Target};

impl<'s> Compiler<'s, '_> {
    pub(super) fn body(&mut self, body: &Body<'s>) -> Result<()> {
        body.iter().try_for_each(|stmt| self.statement(stmt))
    }

    pub(super) fn statement(&mut self, stmt: &Stmt<'s>) -> Result<()> {
        let span = stmt.span;
        self.check_size(span)?;
        let silent = self.extends && self.units.len() == 1;
        match &stmt.kind {
            StmtKind::Text(_) | StmtKind::Emit(_) | StmtKind::Print(_) if silent => Ok(()),
            StmtKind::Text(text) => self.text(text, span),
            StmtKind::Emit(expr) => self.output(expr, span),
            StmtKind::Print(exprs) => exprs.iter().try_for_each(|expr| self.output(expr, span)),
            StmtKind::If { branches, otherwise } => self.if_statement(branches, otherwise, span),
            StmtKind::For(statement) => self.for_statement(statement, span),
            StmtKind::Set { target, value } => {
                self.expression(value)?;
                self.assign(target, span)
            }
            StmtKind::SetBlock { target, filter, body } => {
                self.captured(body, span)?;
                if let Some(filter) = filter {
                    self.expression(filter)?;
                }
                self.assign(target, span)
            }
            StmtKind::With { assignments, body } => self.with(assignments, body, span),
            StmtKind::Filter { filter, body } => {
                self.captured(body, span)?;
                self.expression(filter)?;
                if silent {
                    self.emit(Op::Pop, span)
                } else {
                    self.emit_value(span)?
                };
                Ok(())
            }
            StmtKind::Macro(definition) => {
                self.macro_value(definition, definition.name, span)?;
                self.store(definition.name, span);
                Ok(())
            }
            StmtKind::Call { call, caller } => self.call_block(call, caller, silent, span),
            StmtKind::Include { .. } if silent => Ok(()),
            StmtKind::Include { name, ignore_missing, with_context } => {
                self.expression(name)?;
                let site = self.site("", *with_context, true);
                self.program.sites[site as usize].ignore_missing = *ignore_missing;
                self.emit(Op::Include(site), span);
                self.position = self.position.after_unknown();
                Ok(())
            }
            StmtKind::Import { name, target, with_context } => {
                self.import(name, *with_context, span)?;
                self.store(target, span);
                Ok(())
            }
            StmtKind::FromImport { name, names, with_context } => {
                self.import(name, *with_context, span)?;
                for (export, alias) in names {
                    let word = self.word(export);
                    self.emit(Op::ImportName(word), span);
                    self.store(alias, span);
                }
                self.emit(Op::Pop, span);
                Ok(())
            }
            StmtKind::Extends(name) => self.extends(name, span),
            StmtKind::Block(block) => self.block(block, silent, span),
            StmtKind::AutoEscape { enabled, body } => self.autoescape(enabled, body, span),
            StmtKind::Do(expr) => {
                self.expression(expr)?;
                self.emit(Op::Pop, span);
                Ok(())
            }
            StmtKind::Break => self.leave_loop(true, span),
            StmtKind::Continue => self.leave_loop(false, span),
        }
    }

    pub(super) fn text(&mut self, text: &'s str, span: Span) -> Result<()> {
        if self.html() {
            let source = self.source;
            let mut nonces = Vec::new();
            let after = self.position.after(text, self.engine.attributes(), &mut nonces);
            self.position = after.map_err(|refusal| refusal.at(source, span))?;
            if let Some(variable) = self.engine.nonce().filter(|_| !nonces.is_empty() && self.escapes) {
                return self.text_with_nonces(text, &nonces, variable, span);
            }
        }
        self.plain_text(text, span);
        Ok(())
    }

    /// A text in which tags of scripts and styles get the nonce of the rendering, if there is one.
    fn text_with_nonces(&mut self, text: &str, nonces: &[usize], variable: &str, span: Span) -> Result<()> {
        let mut written = 0;
        for at in nonces {
            self.plain_text(&text[written..*at], span);
            written = *at;
            let name = self.name(variable);
            self.emit(Op::Name(name), span);
            // A rendering without a nonce is none of the template's business, so that nothing is asked of it here.
            let without = self.emit(Op::JumpIfMissing(0), span);
            self.plain_text(" nonce=\"", span);
            self.emit(Op::Name(name), span);
            self.emit(Op::Emit(Escape::Attribute), span);
            self.plain_text("\"", span);
            self.land(without);
        }
        self.plain_text(&text[written..], span);
        Ok(())
    }

    fn plain_text(&mut self, text: &str, span: Span) {
        if text.is_empty() {
            return;
        }
        self.program.texts.push(text.into());
        let index = self.program.texts.len() as u32 - 1;
        self.emit(Op::Text(index), span);
    }

    pub(super) fn output(&mut self, expr: &Expr<'s>, span: Span) -> Result<()> {
        self.expression(expr)?;
        // The filter `xmlattr` checks names and escapes values, so that its text may stand among attributes.
        if matches!(expr.kind, ExprKind::Filter(_, "xmlattr", _)) && self.html() && self.position.is_among_attributes()
        {
            self.emit(Op::Emit(Escape::Html), span);
            return Ok(());
        }
        let emit = self.emit_value(span)?;
        // The expression ends with the instruction before, and no jump leads between the two, as both kinds of them are
        // whole expressions.
        let ops = &mut self.builder().unit.ops;
        let (Some(Op::Emit(escape)), Some(before)) = (ops.get(emit).copied(), ops.get(emit - 1).copied()) else {
            return Ok(());
        };
        let fused = match (&expr.kind, before) {
            (ExprKind::Name(_), Op::Slot(slot)) => Op::EmitSlot(escape, slot),
            (ExprKind::Attribute(..), Op::SlotAttribute(slot, word)) => Op::EmitSlotAttribute(escape, slot, word),
            (ExprKind::Call(..), Op::Call(site)) if matches!(escape, Escape::Html | Escape::None) => {
                ops[emit - 1] = Op::CallToOutput(site);
                return Ok(());
            }
            _ => return Ok(()),
        };
        ops.truncate(emit - 1);
        self.builder().unit.spans.truncate(emit - 1);
        self.ops += 1;
        self.builder().emit_joined(fused, span);
        Ok(())
    }

    /// Writes the top of the stack with the escaping of its place.
    pub(super) fn emit_value(&mut self, span: Span) -> Result<usize> {
        let escape = match self.format {
            Format::Text => Escape::None,
            Format::Json => Escape::Json,
            Format::Html => {
                let source = self.source;
                let (escape, position) = if self.escapes {
                    self.position.hole().map_err(|refusal| refusal.at(source, span))?
                } else {
                    (Escape::None, self.position.after_hole())
                };
                self.position = position;
                escape
            }
        };
        let escape = if self.escapes { escape } else { Escape::None };
        Ok(self.emit(Op::Emit(escape), span))
    }

    /// Both ways to a place have to leave the page in the same position.
    pub(super) fn join(&mut self, other: Position, span: Span) -> Result<()> {
        if !self.html() {
            return Ok(());
        }
        self.position = self.position.join(other).ok_or_else(|| {
            let message =
                "the branches end at different positions of the page, so that nothing after them can be escaped";
            self.fail(ErrorKind::UnsafePosition, message, span)
                .with_help("let every branch open and close the same tags, quotes and scripts")
        })?;
        Ok(())
    }

    pub(super) fn if_statement(
        &mut self,
        branches: &[(Expr<'s>, Body<'s>)],
        otherwise: &Body<'s>,
        span: Span,
    ) -> Result<()> {
        let before = self.position;
        let mut ends = Vec::new();
        let mut exits = Vec::new();
        self.branches += 1;
        for (index, (condition, body)) in branches.iter().enumerate() {
            self.expression(condition)?;
            self.ops += 1;
            let next = self.builder().emit_joined(Op::JumpIfFalse(0), span);
            self.position = before;
            self.body(body)?;
            ends.push(self.position);
            let is_last = index + 1 == branches.len() && otherwise.is_empty();
            if !is_last {
                exits.push(self.emit(Op::Jump(0), span));
            }
            self.land(next);
        }
        self.position = before;
        self.body(otherwise)?;
        self.branches -= 1;
        exits.into_iter().for_each(|exit| self.land(exit));
        ends.into_iter().try_for_each(|end| self.join(end, span))
    }

    pub(super) fn assign(&mut self, target: &Target<'s>, span: Span) -> Result<()> {
        match target {
            Target::Name(name) => self.store(name, span),
            Target::Attribute(name, attribute, at) => {
                self.load(name, *at);
                let word = self.word(attribute);
                self.emit(Op::SetAttribute(word), *at);
            }
            Target::Tuple(parts, at) => {
                self.emit(Op::Unpack(parts.len() as u32), *at);
                parts.iter().try_for_each(|part| self.assign(part, *at))?;
            }
        }
        Ok(())
    }

    /// A body whose output becomes a value on the stack.
    pub(super) fn captured(&mut self, body: &Body<'s>, span: Span) -> Result<()> {
        let outside = std::mem::take(&mut self.position);
        let extends = std::mem::take(&mut self.extends);
        self.emit(Op::Capture, span);
        self.builder().open_captures += 1;
        // A root unit's scope would export what a captured body assigns.
        self.open_scope(body, span);
        self.body(body)?;
        self.close_scope();
        self.builder().open_captures -= 1;
        self.check_text_end(span)?;
        let safe = self.html() && self.escapes;
        self.emit(Op::EndCapture(safe), span);
        self.position = outside;
        self.extends = extends;
        Ok(())
    }

    /// What is captured may be written anywhere later, so it has to be whole HTML.
    pub(super) fn check_text_end(&self, span: Span) -> Result<()> {
        if self.html() && !self.position.is_text() {
            let message = "the body ends inside of a tag, a script, a style or a comment";
            return Err(self.fail(ErrorKind::UnsafePosition, message, span));
        }
        Ok(())
    }

    pub(super) fn with(&mut self, assignments: &[(Target<'s>, Expr<'s>)], body: &Body<'s>, span: Span) -> Result<()> {
        for (_, value) in assignments {
            self.expression(value)?;
        }
        self.builder().open_scope();
        for (target, _) in assignments.iter().rev() {
            self.declare_targets(target);
            self.assign(target, span)?;
        }
        self.declare_assigned(body, span);
        self.body(body)?;
        self.close_scope();
        Ok(())
    }

    /// Escaping is a matter of compiling; where it depends on a value, the body is compiled for both cases.
    pub(super) fn autoescape(&mut self, enabled: &Expr<'s>, body: &Body<'s>, span: Span) -> Result<()> {
        match enabled.kind {
            ExprKind::Bool(enabled) => return self.escaped(enabled, body, span),
            ExprKind::None => return self.escaped(false, body, span),
            _ => {}
        }
        self.expression(enabled)?;
        let to_else = self.emit(Op::JumpIfFalse(0), span);
        let before = self.position;
        let blocks = self.program.blocks.len();
        self.escaped(true, body, span)?;
        let after = std::mem::replace(&mut self.position, before);
        let to_end = self.emit(Op::Jump(0), span);
        self.land(to_else);
        self.program.blocks.truncate(blocks);
        self.escaped(false, body, span)?;
        self.land(to_end);
        self.position = after;
        Ok(())
    }

    pub(super) fn escaped(&mut self, enabled: bool, body: &Body<'s>, span: Span) -> Result<()> {
        if !enabled && self.escapes && !self.engine.policy().allows_unescaped() {
            return Err(self.fail(ErrorKind::UnknownName, "the policy does not allow to switch escaping off", span));
        }
        let (escapes, format) = (self.escapes, self.format);
        self.escapes = enabled;
        if enabled && format == Format::Text {
            self.format = Format::Html;
            self.position = Position::default();
        }
        self.open_scope(body, span);
        self.body(body)?;
        self.close_scope();
        (self.escapes, self.format) = (escapes, format);
        Ok(())
    }
}
