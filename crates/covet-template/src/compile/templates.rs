//! Code for other templates and for blocks.

use super::program::Block as ProgramBlock;
use super::unit::UnitBuilder;
use super::{Compiler, Op, Site};
use crate::error::{ErrorKind, Result};
use crate::html::Position;
use crate::source::Span;
use crate::syntax::ast::{Block, Expr};

impl<'s> Compiler<'s, '_> {
    pub(super) fn site(&mut self, name: &str, with_context: bool, with_locals: bool) -> u32 {
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

    pub(super) fn import(&mut self, name: &Expr<'s>, with_context: bool, span: Span) -> Result<()> {
        self.expression(name)?;
        let outside = std::mem::take(&mut self.position);
        let site = self.site("", with_context, true);
        self.position = outside;
        self.emit(Op::Import(site), span);
        Ok(())
    }

    pub(super) fn extends(&mut self, name: &Expr<'s>, span: Span) -> Result<()> {
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

    pub(super) fn block(&mut self, block: &Block<'s>, silent: bool, span: Span) -> Result<()> {
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
}
