//! Expressions, from the loosest operator to the tightest.

use std::borrow::Cow;

use super::ast::{Arguments, Binary, Compare, Expr, ExprKind, Mentions};
use super::parser::Parser;
use super::token::TokenKind;
use crate::error::Result;

fn deepest<'e, 's: 'e>(parts: impl IntoIterator<Item = &'e Expr<'s>>) -> u16 {
    parts.into_iter().map(|part| part.depth).max().unwrap_or(0)
}

/// Operators with their left binding power and whether they are one of these of Jinja2's levels.
fn binary(symbol: &str) -> Option<(u8, Binary)> {
    Some(match symbol {
        "+" => (1, Binary::Add),
        "-" => (1, Binary::Sub),
        "*" => (3, Binary::Mul),
        "/" => (3, Binary::Div),
        "//" => (3, Binary::FloorDiv),
        "%" => (3, Binary::Rem),
        "**" => (4, Binary::Pow),
        _ => return None,
    })
}

const CONCAT: u8 = 2;

impl<'s> Parser<'s> {
    pub(super) fn expression(&mut self) -> Result<Expr<'s>> {
        self.enter()?;
        let parsed = self.conditional(true);
        self.depth -= 1;
        parsed
    }

    pub(super) fn expression_without_condition(&mut self) -> Result<Expr<'s>> {
        self.enter()?;
        let parsed = self.conditional(false);
        self.depth -= 1;
        parsed
    }

    fn conditional(&mut self, allowed: bool) -> Result<Expr<'s>> {
        let start = self.span();
        let mut expr = self.or()?;
        while allowed && self.skip_name("if") {
            let condition = self.or()?;
            let otherwise = if self.skip_name("else") { Some(Box::new(self.expression()?)) } else { None };
            let depth = deepest([&expr, &condition].into_iter().chain(otherwise.as_deref()));
            let kind = ExprKind::If { condition: Box::new(condition), then: Box::new(expr), otherwise };
            expr = self.node(kind, depth, start)?;
        }
        Ok(expr)
    }

    fn or(&mut self) -> Result<Expr<'s>> {
        let start = self.span();
        let mut left = self.and()?;
        while self.skip_name("or") {
            let right = self.and()?;
            let depth = deepest([&left, &right]);
            left = self.node(ExprKind::Or(Box::new(left), Box::new(right)), depth, start)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr<'s>> {
        let start = self.span();
        let mut left = self.not()?;
        while self.skip_name("and") {
            let right = self.not()?;
            let depth = deepest([&left, &right]);
            left = self.node(ExprKind::And(Box::new(left), Box::new(right)), depth, start)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr<'s>> {
        let start = self.span();
        let mut count: u16 = 0;
        while self.is_name("not") && !matches!(self.kind_after(), TokenKind::Name("in")) {
            self.advance();
            count = count.saturating_add(1);
        }
        let mut expr = self.comparison()?;
        for _ in 0..count {
            let depth = expr.depth;
            expr = self.node(ExprKind::Not(Box::new(expr)), depth, start)?;
        }
        Ok(expr)
    }

    fn comparison(&mut self) -> Result<Expr<'s>> {
        let start = self.span();
        let first = self.arithmetic(1)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.comparison_operator() {
            rest.push((operator, self.arithmetic(1)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let depth = deepest(rest.iter().map(|(_, expr)| expr).chain([&first]));
        self.node(ExprKind::Compare(Box::new(first), rest), depth, start)
    }

    fn comparison_operator(&mut self) -> Option<Compare> {
        let operator = match self.kind() {
            TokenKind::Symbol("==") => Compare::Equal,
            TokenKind::Symbol("!=") => Compare::NotEqual,
            TokenKind::Symbol("<") => Compare::Less,
            TokenKind::Symbol("<=") => Compare::LessEqual,
            TokenKind::Symbol(">") => Compare::Greater,
            TokenKind::Symbol(">=") => Compare::GreaterEqual,
            TokenKind::Name("in") => Compare::In,
            TokenKind::Name("not") if matches!(self.kind_after(), TokenKind::Name("in")) => {
                self.advance();
                Compare::NotIn
            }
            _ => return None,
        };
        self.advance();
        Some(operator)
    }

    /// Operators of at least this level. All of them, the power too, bind to the left, as in Jinja2.
    fn arithmetic(&mut self, level: u8) -> Result<Expr<'s>> {
        let start = self.span();
        let mut left = self.unary(true)?;
        loop {
            if level <= CONCAT && self.is_symbol("~") {
                left = self.concat(left)?;
                continue;
            }
            let TokenKind::Symbol(symbol) = *self.kind() else { return Ok(left) };
            let Some((found, operator)) = binary(symbol).filter(|(found, _)| *found >= level) else { return Ok(left) };
            self.advance();
            let right = self.arithmetic(found + 1)?;
            let depth = deepest([&left, &right]);
            left = self.node(ExprKind::Binary(operator, Box::new(left), Box::new(right)), depth, start)?;
        }
    }

    fn concat(&mut self, first: Expr<'s>) -> Result<Expr<'s>> {
        let start = first.span;
        let mut parts = vec![first];
        while self.skip_symbol("~") {
            parts.push(self.arithmetic(CONCAT + 1)?);
        }
        let depth = deepest(&parts);
        self.node(ExprKind::Concat(parts), depth, start)
    }

    fn unary(&mut self, with_filter: bool) -> Result<Expr<'s>> {
        let start = self.span();
        let mut signs = Vec::new();
        while let TokenKind::Symbol(sign @ ("-" | "+")) = *self.kind() {
            signs.push(sign);
            self.advance();
        }
        let primary = self.primary()?;
        let mut expr = self.postfix(primary)?;
        if signs.len() > usize::from(u16::MAX / 2) {
            return self.node(ExprKind::None, u16::MAX, start);
        }
        for sign in signs.iter().rev() {
            let depth = expr.depth;
            let operand = Box::new(expr);
            let kind = if *sign == "-" { ExprKind::Negative(operand) } else { ExprKind::Positive(operand) };
            expr = self.node(kind, depth, start)?;
        }
        if with_filter { self.filters(expr) } else { Ok(expr) }
    }

    fn primary(&mut self) -> Result<Expr<'s>> {
        let start = self.span();
        let kind = match self.kind() {
            TokenKind::Name(name) => {
                let name = *name;
                self.mentions = self.mentions.with(Mentions::of(name));
                let kind = match name {
                    "true" | "True" => ExprKind::Bool(true),
                    "false" | "False" => ExprKind::Bool(false),
                    "none" | "None" => ExprKind::None,
                    name => ExprKind::Name(name),
                };
                self.advance();
                kind
            }
            TokenKind::Int(number) => {
                let kind = ExprKind::Int(*number);
                self.advance();
                kind
            }
            TokenKind::Float(number) => {
                let kind = ExprKind::Float(*number);
                self.advance();
                kind
            }
            TokenKind::String(_) => ExprKind::String(self.strings()),
            TokenKind::Symbol("(") => return self.parenthesized(),
            TokenKind::Symbol("[") => return self.list(),
            TokenKind::Symbol("{") => return self.dict(),
            _ => return Err(self.unexpected("an expression")),
        };
        self.node(kind, 0, start)
    }

    /// Strings that follow each other are one.
    fn strings(&mut self) -> Cow<'s, str> {
        let mut value = Cow::Borrowed("");
        while matches!(self.kind(), TokenKind::String(_)) {
            let TokenKind::String(part) = self.take() else { break };
            if value.is_empty() { value = part } else { value.to_mut().push_str(&part) }
        }
        value
    }

    fn parenthesized(&mut self) -> Result<Expr<'s>> {
        self.advance();
        let expr = self.tuple_inside(true, &[])?;
        self.expect_symbol(")")?;
        Ok(expr)
    }

    fn list(&mut self) -> Result<Expr<'s>> {
        let start = self.span();
        self.advance();
        let mut items = Vec::new();
        while !self.is_symbol("]") {
            if !items.is_empty() {
                self.expect_symbol(",")?;
                if self.is_symbol("]") {
                    break;
                }
            }
            items.push(self.expression()?);
        }
        self.expect_symbol("]")?;
        let depth = deepest(&items);
        self.node(ExprKind::List(items), depth, start)
    }

    fn dict(&mut self) -> Result<Expr<'s>> {
        let start = self.span();
        self.advance();
        let mut entries = Vec::new();
        while !self.is_symbol("}") {
            if !entries.is_empty() {
                self.expect_symbol(",")?;
                if self.is_symbol("}") {
                    break;
                }
            }
            let key = self.expression()?;
            self.expect_symbol(":")?;
            entries.push((key, self.expression()?));
        }
        self.expect_symbol("}")?;
        let depth = deepest(entries.iter().flat_map(|(key, value)| [key, value]));
        self.node(ExprKind::Dict(entries), depth, start)
    }

    /// One expression, or several with commas between them, which are a tuple.
    pub(super) fn tuple(&mut self) -> Result<Expr<'s>> {
        self.tuple_inside(false, &[])
    }

    /// A tuple that ends before one of these names and has no conditional expressions outside of brackets.
    pub(super) fn tuple_before(&mut self, names: &[&str]) -> Result<Expr<'s>> {
        self.tuple_inside(false, names)
    }

    fn tuple_inside(&mut self, in_parentheses: bool, ends: &[&str]) -> Result<Expr<'s>> {
        let start = self.span();
        let mut items = Vec::new();
        let mut is_tuple = false;
        loop {
            if !items.is_empty() {
                if !self.skip_symbol(",") {
                    break;
                }
                is_tuple = true;
            }
            if self.ends_tuple(ends) {
                break;
            }
            items.push(if ends.is_empty() { self.expression()? } else { self.expression_without_condition()? });
        }
        if !is_tuple {
            if let Some(only) = items.pop() {
                return Ok(only);
            }
            if !in_parentheses {
                return Err(self.unexpected("an expression"));
            }
        }
        let depth = deepest(&items);
        self.node(ExprKind::Tuple(items), depth, start)
    }

    fn ends_tuple(&self, ends: &[&str]) -> bool {
        match self.kind() {
            TokenKind::VariableEnd | TokenKind::BlockEnd | TokenKind::Symbol(")") => true,
            TokenKind::Name(name) => ends.contains(name),
            _ => false,
        }
    }

    fn postfix(&mut self, mut expr: Expr<'s>) -> Result<Expr<'s>> {
        loop {
            expr = match self.kind() {
                TokenKind::Symbol(".") => self.attribute(expr)?,
                TokenKind::Symbol("[") => self.subscript(expr)?,
                TokenKind::Symbol("(") => self.call(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    pub(super) fn filters(&mut self, mut expr: Expr<'s>) -> Result<Expr<'s>> {
        loop {
            expr = match self.kind() {
                TokenKind::Symbol("|") => self.filter(Some(expr))?,
                TokenKind::Name("is") => self.test(expr)?,
                TokenKind::Symbol("(") => self.call(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    fn attribute(&mut self, of: Expr<'s>) -> Result<Expr<'s>> {
        let (start, depth) = (of.span, of.depth);
        self.advance();
        let kind = match *self.kind() {
            TokenKind::Name(name) => ExprKind::Attribute(Box::new(of), name),
            TokenKind::Int(index) => {
                let index = Expr { kind: ExprKind::Int(index), span: self.span(), depth: 1 };
                ExprKind::Item(Box::new(of), Box::new(index))
            }
            _ => return Err(self.unexpected("a name or a number")),
        };
        self.advance();
        self.node(kind, depth, start)
    }

    fn subscript(&mut self, of: Expr<'s>) -> Result<Expr<'s>> {
        let start = of.span;
        self.advance();
        let first = if self.is_symbol(":") { None } else { Some(self.expression()?) };
        if !self.is_symbol(":") {
            let Some(mut index) = first else { return Err(self.unexpected("an index")) };
            if self.is_symbol(",") {
                index = self.subscript_tuple(index)?;
            }
            self.expect_symbol("]")?;
            let depth = deepest([&of, &index]);
            return self.node(ExprKind::Item(Box::new(of), Box::new(index)), depth, start);
        }
        let mut parts = [first, None, None];
        for part in &mut parts[1..] {
            if !self.skip_symbol(":") {
                break;
            }
            if !self.is_symbol(":") && !self.is_symbol("]") {
                *part = Some(self.expression()?);
            }
        }
        self.expect_symbol("]")?;
        let depth = deepest(parts.iter().flatten().chain([&of]));
        self.node(ExprKind::Slice(Box::new(of), Box::new(parts)), depth, start)
    }

    fn subscript_tuple(&mut self, first: Expr<'s>) -> Result<Expr<'s>> {
        let start = first.span;
        let mut items = vec![first];
        while self.skip_symbol(",") && !self.is_symbol("]") {
            items.push(self.expression()?);
        }
        let depth = deepest(&items);
        self.node(ExprKind::Tuple(items), depth, start)
    }

    fn call(&mut self, function: Expr<'s>) -> Result<Expr<'s>> {
        let start = function.span;
        let arguments = self.arguments()?;
        let depth = arguments_depth(&arguments).max(function.depth);
        self.node(ExprKind::Call(Box::new(function), arguments), depth, start)
    }

    pub(super) fn arguments(&mut self) -> Result<Arguments<'s>> {
        let start = self.span();
        self.expect_symbol("(")?;
        let mut arguments = Arguments::default();
        let mut first = true;
        while !self.is_symbol(")") {
            if !first {
                self.expect_symbol(",")?;
                if self.is_symbol(")") {
                    break;
                }
            }
            first = false;
            if !self.argument(&mut arguments)? {
                return Err(self.fail("positional arguments come before keyword arguments", start));
            }
        }
        self.expect_symbol(")")?;
        Ok(arguments)
    }

    /// Parses one argument; false if it may not stand where it stands.
    fn argument(&mut self, arguments: &mut Arguments<'s>) -> Result<bool> {
        if self.skip_symbol("**") {
            let free = arguments.star_star.is_none();
            arguments.star_star = Some(Box::new(self.expression()?));
            return Ok(free);
        }
        if self.skip_symbol("*") {
            let free = arguments.star.is_none() && arguments.star_star.is_none();
            arguments.star = Some(Box::new(self.expression()?));
            return Ok(free);
        }
        if let (TokenKind::Name(name), TokenKind::Symbol("=")) = (self.kind(), self.kind_after()) {
            let name = *name;
            self.advance();
            self.advance();
            let free = arguments.star_star.is_none();
            arguments.keyword.push((name, self.expression()?));
            return Ok(free);
        }
        let free = arguments.star.is_none() && arguments.star_star.is_none() && arguments.keyword.is_empty();
        arguments.positional.push(self.expression()?);
        Ok(free)
    }

    /// A filter, with the `|` in front of it still to come.
    pub(super) fn filter(&mut self, of: Option<Expr<'s>>) -> Result<Expr<'s>> {
        self.advance();
        self.filter_named(of)
    }

    pub(super) fn filter_named(&mut self, of: Option<Expr<'s>>) -> Result<Expr<'s>> {
        let start = self.span();
        let name = self.expect_name()?;
        let arguments = if self.is_symbol("(") { self.arguments()? } else { Arguments::default() };
        let depth = arguments_depth(&arguments).max(of.as_ref().map_or(0, |of| of.depth));
        self.node(ExprKind::Filter(of.map(Box::new), name, arguments), depth, start)
    }

    fn test(&mut self, of: Expr<'s>) -> Result<Expr<'s>> {
        let start = of.span;
        self.advance();
        let negated = self.skip_name("not");
        let name = self.expect_name()?;
        let mut arguments = Arguments::default();
        match self.kind() {
            TokenKind::Symbol("(") => arguments = self.arguments()?,
            TokenKind::Name("else" | "or" | "and") => {}
            TokenKind::Name("is") => {
                return Err(self.fail("tests cannot be chained with `is`; use `and`", self.span()));
            }
            TokenKind::Name("if") => {}
            TokenKind::Name(_) | TokenKind::String(_) | TokenKind::Int(_) | TokenKind::Float(_) => {
                arguments.positional.push(self.test_argument()?);
            }
            TokenKind::Symbol("[" | "{") => arguments.positional.push(self.test_argument()?),
            _ => {}
        }
        let depth = arguments_depth(&arguments).max(of.depth);
        let test = self.node(ExprKind::Test(Box::new(of), name, arguments), depth, start)?;
        let depth = test.depth;
        if negated { self.node(ExprKind::Not(Box::new(test)), depth, start) } else { Ok(test) }
    }

    fn test_argument(&mut self) -> Result<Expr<'s>> {
        let primary = self.primary()?;
        self.postfix(primary)
    }
}

fn arguments_depth(arguments: &Arguments<'_>) -> u16 {
    let named = arguments.keyword.iter().map(|(_, expr)| expr);
    let starred = arguments.star.as_deref().into_iter().chain(arguments.star_star.as_deref());
    deepest(arguments.positional.iter().chain(named).chain(starred))
}
