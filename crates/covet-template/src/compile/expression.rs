//! Code for expressions: every expression leaves one value on the stack.

use super::{CallSite, Callee, Compiler, Constant, LoopPart, Op};
use crate::error::{Error, ErrorKind, Result, closest};
use crate::source::Span;
use crate::syntax::ast::{Arguments, Compare, Expr, ExprKind};

impl<'s> Compiler<'s, '_> {
    pub(super) fn expression(&mut self, expr: &Expr<'s>) -> Result<()> {
        let span = expr.span;
        self.check_size(span)?;
        match &expr.kind {
            ExprKind::None => self.constant(Constant::None, span),
            ExprKind::Bool(value) => self.constant(Constant::Bool(*value), span),
            ExprKind::Int(number) => {
                let constant = i64::try_from(*number).map_or(Constant::Big(*number), Constant::Int);
                self.constant(constant, span);
            }
            ExprKind::Float(number) => self.constant(Constant::Float(*number), span),
            ExprKind::String(text) => self.constant(Constant::Text((**text).into()), span),
            ExprKind::Name(name) => self.load(name, span),
            ExprKind::List(items) => self.items(items, Op::List, span)?,
            ExprKind::Tuple(items) => self.items(items, Op::Tuple, span)?,
            ExprKind::Concat(parts) => {
                let escapes = self.escapes;
                self.items(parts, |count| Op::Concat(count, escapes), span)?;
            }
            ExprKind::Dict(entries) => {
                for (key, value) in entries {
                    self.expression(key)?;
                    self.expression(value)?;
                }
                self.emit(Op::Dict(entries.len() as u32), span);
            }
            ExprKind::Attribute(of, name) => self.attribute(of, name, span)?,
            ExprKind::Item(of, key) => self.pair(of, key, Op::Item, span)?,
            ExprKind::Slice(of, bounds) => {
                self.expression(of)?;
                for bound in bounds.iter() {
                    match bound {
                        Some(bound) => self.expression(bound)?,
                        None => self.constant(Constant::None, span),
                    }
                }
                self.emit(Op::Slice, span);
            }
            ExprKind::Call(function, arguments) => self.call(function, arguments, span)?,
            ExprKind::Filter(of, name, arguments) => self.filter(of.as_deref(), name, arguments, span)?,
            ExprKind::Test(of, name, arguments) => self.test(of, name, arguments, span)?,
            ExprKind::Not(operand) => self.unary(operand, Op::Not, span)?,
            ExprKind::Negative(operand) => self.unary(operand, Op::Negative, span)?,
            ExprKind::Positive(operand) => self.unary(operand, Op::Positive, span)?,
            ExprKind::Binary(operator, left, right) => self.pair(left, right, Op::Binary(*operator), span)?,
            ExprKind::Compare(first, rest) => self.comparison(first, rest, span)?,
            ExprKind::And(left, right) => self.short_circuit(left, right, Op::JumpIfFalseOrPop(0), span)?,
            ExprKind::Or(left, right) => self.short_circuit(left, right, Op::JumpIfTrueOrPop(0), span)?,
            ExprKind::If { condition, then, otherwise } => {
                self.conditional(condition, then, otherwise.as_deref(), span)?
            }
        }
        Ok(())
    }

    fn items(&mut self, items: &[Expr<'s>], op: impl Fn(u32) -> Op, span: Span) -> Result<()> {
        for item in items {
            self.expression(item)?;
        }
        self.emit(op(items.len() as u32), span);
        Ok(())
    }

    fn unary(&mut self, operand: &Expr<'s>, op: Op, span: Span) -> Result<()> {
        self.expression(operand)?;
        self.emit(op, span);
        Ok(())
    }

    fn pair(&mut self, left: &Expr<'s>, right: &Expr<'s>, op: Op, span: Span) -> Result<()> {
        self.expression(left)?;
        self.expression(right)?;
        self.emit(op, span);
        Ok(())
    }

    fn attribute(&mut self, of: &Expr<'s>, name: &'s str, span: Span) -> Result<()> {
        let word = self.word(name);
        if let ExprKind::Name(variable) = of.kind
            && let Some(slot) = self.resolve(variable)
            && !self.builder().is_captured(slot)
            && let (Ok(slot), Ok(word)) = (u16::try_from(slot), u16::try_from(word))
        {
            let part = LoopPart::named(name).filter(|_| variable == "loop");
            self.emit(part.map_or(Op::SlotAttribute(slot, word), |part| Op::LoopAttribute(slot, part)), span);
            return Ok(());
        }
        self.expression(of)?;
        self.emit(Op::Attribute(word), span);
        Ok(())
    }

    fn comparison(&mut self, first: &Expr<'s>, rest: &[(Compare, Expr<'s>)], span: Span) -> Result<()> {
        self.expression(first)?;
        let mut exits = Vec::new();
        for (index, (operator, right)) in rest.iter().enumerate() {
            self.expression(right)?;
            if index + 1 == rest.len() {
                self.emit(Op::Compare(*operator), span);
            } else {
                exits.push(self.emit(Op::Chain(*operator, 0), span));
            }
        }
        exits.into_iter().for_each(|exit| self.land(exit));
        Ok(())
    }

    fn short_circuit(&mut self, left: &Expr<'s>, right: &Expr<'s>, jump: Op, span: Span) -> Result<()> {
        self.expression(left)?;
        let exit = self.emit(jump, span);
        self.expression(right)?;
        self.land(exit);
        Ok(())
    }

    fn conditional(
        &mut self,
        condition: &Expr<'s>,
        then: &Expr<'s>,
        otherwise: Option<&Expr<'s>>,
        span: Span,
    ) -> Result<()> {
        self.expression(condition)?;
        self.branches += 1;
        let to_else = self.emit(Op::JumpIfFalse(0), span);
        self.expression(then)?;
        let to_end = self.emit(Op::Jump(0), span);
        self.land(to_else);
        match otherwise {
            Some(otherwise) => self.expression(otherwise)?,
            None => self.load_nothing(span),
        }
        self.land(to_end);
        self.branches -= 1;
        Ok(())
    }

    /// A conditional expression without `else` is undefined where its condition is false.
    fn load_nothing(&mut self, span: Span) {
        self.constant(Constant::Nothing, span);
    }

    fn call(&mut self, function: &Expr<'s>, arguments: &Arguments<'s>, span: Span) -> Result<()> {
        if let Some(levels) = super_levels(function)
            && self.builder().is_block
        {
            self.emit(Op::Super(levels), span);
            return Ok(());
        }
        let (name, op): (&str, fn(u32) -> Op) = match &function.kind {
            ExprKind::Attribute(of, name) => {
                self.expression(of)?;
                (name, Op::Method)
            }
            ExprKind::Name(name) => {
                self.check_function(name, span)?;
                self.load(name, span);
                (name, Op::Call)
            }
            _ => {
                self.expression(function)?;
                ("", Op::Call)
            }
        };
        let site = self.arguments(Callee::Value, name, arguments, span)?;
        self.emit(op(site), span);
        Ok(())
    }

    /// A function that the policy withholds has no code, whatever the context offers under its name.
    fn check_function(&mut self, name: &str, span: Span) -> Result<()> {
        let policy = self.engine.policy();
        if policy.allows_methods() || policy.allows_function(name) || self.engine.has_function(name) {
            return Ok(());
        }
        let error = self.fail(ErrorKind::UnknownName, format!("unknown function `{name}`"), span);
        Err(match closest(name, crate::policy::EXPRESSION_FUNCTIONS) {
            Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
            None => error,
        })
    }

    pub(super) fn filter(
        &mut self,
        of: Option<&Expr<'s>>,
        name: &'s str,
        arguments: &Arguments<'s>,
        span: Span,
    ) -> Result<()> {
        if let Some(of) = of {
            self.expression(of)?;
        }
        match self.engine.find_filter(name) {
            Ok(callee) => {
                let site = self.arguments(callee, name, arguments, span)?;
                self.emit(Op::Filter(site), span);
                Ok(())
            }
            Err(error) => self.unknown(error, span),
        }
    }

    fn test(&mut self, of: &Expr<'s>, name: &'s str, arguments: &Arguments<'s>, span: Span) -> Result<()> {
        self.expression(of)?;
        match self.engine.find_test(name) {
            Ok(callee) => {
                let site = self.arguments(callee, name, arguments, span)?;
                self.emit(Op::Test(site), span);
                Ok(())
            }
            Err(error) => self.unknown(error, span),
        }
    }

    /// An unknown filter or test is an error at once, or in a branch when it is reached, as in Jinja2.
    fn unknown(&mut self, error: Error, span: Span) -> Result<()> {
        if self.branches == 0 || !self.engine.policy().allows_unescaped() {
            return Err(error.at(self.source, span));
        }
        self.program.constants.push(Constant::Text(error.to_string().into()));
        let index = self.program.constants.len() as u32 - 1;
        self.emit(Op::Fail(index), span);
        Ok(())
    }

    /// Code that pushes arguments, and the site that says how many of which kind there are.
    pub(super) fn arguments(
        &mut self,
        callee: Callee,
        name: &str,
        arguments: &Arguments<'s>,
        span: Span,
    ) -> Result<u32> {
        for argument in &arguments.positional {
            self.expression(argument)?;
        }
        let mut keywords: Vec<Box<str>> = Vec::new();
        for (keyword, argument) in &arguments.keyword {
            if keywords.len() > 255 || keywords.iter().any(|found| **found == **keyword) {
                return Err(self.fail(ErrorKind::Syntax, format!("the argument `{keyword}` is there twice"), span));
            }
            keywords.push((*keyword).into());
            self.expression(argument)?;
        }
        for starred in arguments.star.iter().chain(&arguments.star_star) {
            self.expression(starred)?;
        }
        self.program.calls.push(CallSite {
            callee,
            name: name.into(),
            positional: arguments.positional.len(),
            keywords,
            star: arguments.star.is_some(),
            star_star: arguments.star_star.is_some(),
            escapes: self.escapes,
        });
        Ok(self.program.calls.len() as u32 - 1)
    }
}

/// How many levels up `super()`, `super.super()` and so on lead.
fn super_levels(function: &Expr<'_>) -> Option<u32> {
    match &function.kind {
        ExprKind::Name("super") => Some(1),
        ExprKind::Attribute(of, "super") => Some(super_levels(of)? + 1),
        _ => None,
    }
}
