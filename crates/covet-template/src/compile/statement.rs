//! Code for statements.

use super::assigned::targets;
use super::program::Block as ProgramBlock;
use super::unit::{Loop, UnitBuilder};
use super::{Callee, Compiler, Op, Site};
use crate::engine::Format;
use crate::error::{ErrorKind, Result};
use crate::html::{Escape, Position};
use crate::source::Span;
use crate::syntax::ast::{Block, Body, Expr, ExprKind, For, Macro, Mentions, Stmt, StmtKind, Target};

impl<'s> Compiler<'s, '_> {
    pub(super) fn body(&mut self, body: &Body<'s>) -> Result<()> {
        body.iter().try_for_each(|stmt| self.statement(stmt))
    }

    fn statement(&mut self, stmt: &Stmt<'s>) -> Result<()> {
        let span = stmt.span;
        self.check_size(span)?;
        let silent = self.extends && self.units.len() == 1;
        match &stmt.kind {
            StmtKind::Text(_) | StmtKind::Emit(_) if silent => Ok(()),
            StmtKind::Text(text) => self.text(text, span),
            StmtKind::Emit(expr) => self.output(expr, span),
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

    fn text(&mut self, text: &'s str, span: Span) -> Result<()> {
        if self.html() {
            let source = self.source;
            self.position = self.position.after(text).map_err(|refusal| refusal.at(source, span))?;
        }
        self.program.texts.push(text.into());
        let index = self.program.texts.len() as u32 - 1;
        self.emit(Op::Text(index), span);
        Ok(())
    }

    fn output(&mut self, expr: &Expr<'s>, span: Span) -> Result<()> {
        self.expression(expr)?;
        // The filter `xmlattr` checks names and escapes values, so that its text may stand among attributes.
        if matches!(expr.kind, ExprKind::Filter(_, "xmlattr", _)) && self.html() && self.position.is_among_attributes()
        {
            self.emit(Op::Emit(Escape::Html), span);
            return Ok(());
        }
        let emit = self.emit_value(span)?;
        if let ExprKind::Name(name) = expr.kind
            && let Some(slot) = self.resolve(name)
        {
            // The expression is the instruction before, and no jump leads between the two.
            let ops = &mut self.builder().unit.ops;
            if let (Some(Op::Emit(escape)), Some(Op::Slot(_))) = (ops.get(emit).copied(), ops.get(emit - 1)) {
                ops.truncate(emit - 1);
                self.builder().unit.spans.truncate(emit - 1);
                self.emit(Op::EmitSlot(escape, slot), span);
            }
        }
        Ok(())
    }

    /// Writes the top of the stack with the escaping of its place.
    fn emit_value(&mut self, span: Span) -> Result<usize> {
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
    fn join(&mut self, other: Position, span: Span) -> Result<()> {
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

    fn if_statement(&mut self, branches: &[(Expr<'s>, Body<'s>)], otherwise: &Body<'s>, span: Span) -> Result<()> {
        let before = self.position;
        let mut ends = Vec::new();
        let mut exits = Vec::new();
        self.branches += 1;
        for (condition, body) in branches {
            self.expression(condition)?;
            let next = self.emit(Op::JumpIfFalse(0), span);
            self.position = before;
            self.body(body)?;
            ends.push(self.position);
            exits.push(self.emit(Op::Jump(0), span));
            self.land(next);
        }
        self.position = before;
        self.body(otherwise)?;
        self.branches -= 1;
        exits.into_iter().for_each(|exit| self.land(exit));
        ends.into_iter().try_for_each(|end| self.join(end, span))
    }

    fn for_statement(&mut self, statement: &For<'s>, span: Span) -> Result<()> {
        self.expression(&statement.iterable)?;
        if let Some(condition) = &statement.condition {
            self.filtered(&statement.target, condition, span)?;
        }
        if statement.recursive {
            return self.recursive_for(statement, span);
        }
        self.loop_over(statement, span)
    }

    /// Replaces the items on the stack by a list of those that meet the condition.
    fn filtered(&mut self, target: &Target<'s>, condition: &Expr<'s>, span: Span) -> Result<()> {
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

    fn declare_targets(&mut self, target: &Target<'s>) {
        let mut names = Vec::new();
        targets(target, &mut names);
        for name in names {
            self.builder().declare(name);
        }
    }

    fn loop_over(&mut self, statement: &For<'s>, span: Span) -> Result<()> {
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
        self.emit(Op::Again(start as u32), span);
        self.close_scope();
        self.land(next);
        breaks.into_iter().for_each(|jump| self.land(jump));
        let end = self.emit(Op::EndFor(0), span);
        self.body(&statement.otherwise)?;
        self.land(end);
        self.join(before, span)
    }

    fn loop_moves(&self, span: Span) -> crate::error::Error {
        let message = "the loop ends at another position of the page than it began, so that it cannot be repeated";
        self.fail(ErrorKind::UnsafePosition, message, span)
    }

    /// The body of a recursive loop is a unit of its own, which `loop(…)` calls again.
    fn recursive_for(&mut self, statement: &For<'s>, span: Span) -> Result<()> {
        let before = self.position;
        let mut builder = UnitBuilder::new("loop", before, false);
        let iterable = builder.new_slot();
        self.units.push(builder);
        self.emit(Op::Slot(iterable), span);
        self.loop_over(statement, span)?;
        let safe = self.format == Format::Html && self.escapes;
        let (unit, captured) = self.close_unit(safe, span);
        self.load_captures(&captured, span);
        self.emit(Op::ForRecursive(unit as u32), span);
        Ok(())
    }

    fn leave_loop(&mut self, is_break: bool, span: Span) -> Result<()> {
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

    fn assign(&mut self, target: &Target<'s>, span: Span) -> Result<()> {
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
    fn captured(&mut self, body: &Body<'s>, span: Span) -> Result<()> {
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
    fn check_text_end(&self, span: Span) -> Result<()> {
        if self.html() && !self.position.is_text() {
            let message = "the body ends inside of a tag, a script, a style or a comment";
            return Err(self.fail(ErrorKind::UnsafePosition, message, span));
        }
        Ok(())
    }

    fn with(&mut self, assignments: &[(Target<'s>, Expr<'s>)], body: &Body<'s>, span: Span) -> Result<()> {
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

    /// Pushes a macro, with what it uses of the scopes around it.
    fn macro_value(&mut self, definition: &Macro<'s>, name: &str, span: Span) -> Result<()> {
        let outside = std::mem::take(&mut self.position);
        let extends = std::mem::take(&mut self.extends);
        self.units.push(UnitBuilder::new(name, Position::default(), false));
        self.parameters(definition, span)?;
        self.declare_assigned(&definition.body, span);
        self.body(&definition.body)?;
        self.check_text_end(span)?;
        let safe = self.html() && self.escapes;
        let (unit, captured) = self.close_unit(safe, span);
        self.position = outside;
        self.extends = extends;
        self.load_captures(&captured, span);
        self.emit(Op::Macro(unit as u32), span);
        Ok(())
    }

    fn parameters(&mut self, definition: &Macro<'s>, span: Span) -> Result<()> {
        for (name, _) in &definition.parameters {
            self.builder().declare(name);
        }
        let mentions = definition.mentions;
        let builder = self.builder();
        builder.unit.parameters = definition.parameters.iter().map(|(name, _)| (*name).into()).collect();
        builder.unit.defaults = definition.parameters.iter().filter(|(_, default)| default.is_some()).count();
        let has = |name: &str| definition.parameters.iter().any(|(found, _)| *found == name);
        if mentions.has(Mentions::CALLER) && definition.name != "caller" && !has("caller") {
            builder.unit.caller = Some(builder.declare("caller"));
        } else if has("caller") {
            builder.unit.caller = builder.local("caller");
        }
        if mentions.has(Mentions::VARARGS) && !has("varargs") {
            builder.unit.varargs = Some(builder.declare("varargs"));
        }
        if mentions.has(Mentions::KWARGS) && !has("kwargs") {
            builder.unit.kwargs = Some(builder.declare("kwargs"));
        }
        for (slot, (_, default)) in definition.parameters.iter().enumerate() {
            let Some(default) = default else { continue };
            let given = self.emit(Op::IfGiven(slot as u32, 0), span);
            self.expression(default)?;
            self.emit(Op::SetSlot(slot as u32), span);
            self.land(given);
        }
        Ok(())
    }

    fn call_block(&mut self, call: &Expr<'s>, caller: &Macro<'s>, silent: bool, span: Span) -> Result<()> {
        let ExprKind::Call(function, arguments) = &call.kind else { return Ok(()) };
        let (name, is_method) = match &function.kind {
            ExprKind::Attribute(of, name) => {
                self.expression(of)?;
                (*name, true)
            }
            _ => {
                self.expression(function)?;
                ("", false)
            }
        };
        if !arguments.is_plain() {
            let message = "a call with a body takes no starred arguments";
            return Err(self.fail(ErrorKind::Syntax, message, span));
        }
        // The caller is one more keyword argument, after those that are written.
        let site = self.arguments(Callee::Value, name, arguments, span)?;
        self.macro_value(caller, "caller", span)?;
        self.program.calls[site as usize].keywords.push("caller".into());
        self.emit(if is_method { Op::Method(site) } else { Op::Call(site) }, call.span);
        if silent {
            self.emit(Op::Pop, span);
        } else {
            self.emit_value(span)?;
        }
        Ok(())
    }

    fn site(&mut self, name: &str, with_context: bool, with_locals: bool) -> u32 {
        let locals = if with_context && with_locals { self.visible_locals() } else { Vec::new() };
        let html = self.html() && self.escapes;
        let (entry, exit) = (self.position, self.position);
        self.program.sites.push(Site {
            name: name.into(),
            locals,
            scoped: with_locals,
            ignore_missing: false,
            with_context,
            entry,
            exit,
            html,
        });
        self.program.sites.len() as u32 - 1
    }

    fn import(&mut self, name: &Expr<'s>, with_context: bool, span: Span) -> Result<()> {
        self.expression(name)?;
        let outside = std::mem::take(&mut self.position);
        let site = self.site("", with_context, true);
        self.position = outside;
        self.emit(Op::Import(site), span);
        Ok(())
    }

    fn extends(&mut self, name: &Expr<'s>, span: Span) -> Result<()> {
        if self.units.len() > 1 {
            return Err(self.fail(ErrorKind::Syntax, "`extends` inside of a block or a macro", span));
        }
        if self.extends {
            return Err(self.fail(ErrorKind::Syntax, "the template extends two templates", span));
        }
        self.expression(name)?;
        self.emit(Op::Extends, span);
        self.extends = self.branches == 0 && self.builder().loops.is_empty();
        Ok(())
    }

    fn block(&mut self, block: &Block<'s>, silent: bool, span: Span) -> Result<()> {
        let site = (!silent).then(|| self.site(block.name, block.scoped, block.scoped));
        let outside = self.position;
        let is_entry = self.entry.block.as_deref() == Some(block.name);
        if is_entry || silent {
            self.position = if is_entry { self.entry.position } else { Position::default() };
        }
        let entry = self.position;
        let extends = std::mem::take(&mut self.extends);
        // A block sees the context and not the scopes around it, so those are put aside.
        let units = std::mem::take(&mut self.units);
        let mut builder = UnitBuilder::new(block.name, entry, false);
        builder.is_block = true;
        self.units.push(UnitBuilder::new("", entry, true));
        self.units.push(builder);
        self.declare_assigned(&block.body, span);
        self.body(&block.body)?;
        let (unit, _) = self.close_unit(self.html() && self.escapes, span);
        self.units = units;
        self.extends = extends;
        self.program.blocks.push(ProgramBlock { name: block.name.into(), unit, required: block.required });
        let exit = self.position.after_unknown();
        self.position = if is_entry || silent { outside } else { exit };
        if let Some(site) = site {
            let extends_at_run_time = self.emit(Op::IfExtends(0), span);
            self.program.sites[site as usize].exit = self.position;
            self.emit(Op::Block(site), span);
            self.land(extends_at_run_time);
        }
        Ok(())
    }

    /// Escaping is a matter of compiling; where it depends on a value, the body is compiled for both cases.
    fn autoescape(&mut self, enabled: &Expr<'s>, body: &Body<'s>, span: Span) -> Result<()> {
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

    fn escaped(&mut self, enabled: bool, body: &Body<'s>, span: Span) -> Result<()> {
        if !enabled && self.escapes && !self.engine.policy().allows_unescaped() {
            return Err(self.fail(ErrorKind::UnknownName, "the policy does not allow to switch escaping off", span));
        }
        let (escapes, format) = (self.escapes, self.format);
        self.escapes = enabled;
        if enabled && format == Format::Text {
            self.format = Format::Html;
            self.position = Position::default();
        }
        // The scope of the body is the one around it, whether it is the root's or not.
        self.body(body)?;
        (self.escapes, self.format) = (escapes, format);
        Ok(())
    }
}
