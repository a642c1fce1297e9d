//! Code for macros and for calls with a body.

use super::unit::UnitBuilder;
use super::{Callee, Compiler, Op};
use crate::error::{ErrorKind, Result};
use crate::html::Position;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Macro, Mentions};

impl<'s> Compiler<'s, '_> {
    /// Pushes a macro, with what it uses of the scopes around it.
    pub(super) fn macro_value(&mut self, definition: &Macro<'s>, name: &str, span: Span) -> Result<()> {
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
        self.load_captures(&captured, true, span);
        self.emit(Op::Macro(unit as u32), span);
        Ok(())
    }

    pub(super) fn parameters(&mut self, definition: &Macro<'s>, span: Span) -> Result<()> {
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

    pub(super) fn call_block(&mut self, call: &Expr<'s>, caller: &Macro<'s>, silent: bool, span: Span) -> Result<()> {
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
}
