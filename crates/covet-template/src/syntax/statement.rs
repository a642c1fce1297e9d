//! Statements.

use super::ast::{Arguments, Block, Body, Expr, ExprKind, For, Macro, Mentions, Stmt, StmtKind, Target};
use super::parser::Parser;
use super::token::TokenKind;
use crate::error::{Error, Result, closest};
use crate::source::Span;

/// A template has at most this many blocks.
const MAX_BLOCKS: usize = 1_000;
/// A macro has at most this many parameters.
const MAX_PARAMETERS: usize = 255;

const STATEMENTS: [&str; 19] = [
    "autoescape",
    "block",
    "break",
    "call",
    "continue",
    "do",
    "extends",
    "filter",
    "for",
    "from",
    "if",
    "import",
    "include",
    "macro",
    "print",
    "raw",
    "set",
    "with",
    "endfor",
];

impl<'s> Parser<'s> {
    /// Parses until the name of one of these statements, which stays to be read by the caller.
    pub(super) fn body(&mut self, ends: &[&str]) -> Result<Body<'s>> {
        let mut body = Vec::new();
        loop {
            let start = self.span();
            match self.kind() {
                TokenKind::Text(text) => {
                    body.push(Stmt { kind: StmtKind::Text(text), span: start });
                    self.advance();
                }
                TokenKind::VariableBegin => {
                    self.advance();
                    let expr = self.tuple()?;
                    self.expect_kind(&TokenKind::VariableEnd)?;
                    body.push(Stmt { span: expr.span, kind: StmtKind::Emit(expr) });
                }
                TokenKind::BlockBegin => {
                    self.advance();
                    if matches!(self.kind(), TokenKind::Name(name) if ends.contains(name)) {
                        return Ok(body);
                    }
                    let kind = self.nested(|parser| parser.statement(ends))?;
                    let span = start.to(self.previous_span());
                    self.expect_kind(&TokenKind::BlockEnd)?;
                    body.push(Stmt { kind, span: self.head(start, span) });
                }
                _ if ends.is_empty() => return Ok(body),
                _ => return Err(self.unclosed(ends)),
            }
        }
    }

    /// Only the head of a statement is shown in errors, since its end may be pages away.
    fn head(&self, start: Span, span: Span) -> Span {
        Span { start: start.start, end: span.end.min(start.end + 1) }
    }

    fn expect_kind(&mut self, kind: &TokenKind<'static>) -> Result<()> {
        if self.kind() != kind {
            return Err(self.unexpected(&kind.to_string()));
        }
        self.advance();
        Ok(())
    }

    fn unclosed(&self, ends: &[&str]) -> Error {
        let missing = ends.last().copied().unwrap_or_default();
        self.fail(format!("the template ends before `{missing}`"), self.span())
    }

    fn statement(&mut self, ends: &[&str]) -> Result<StmtKind<'s>> {
        let span = self.span();
        let name = self.expect_name()?;
        match name {
            "if" => self.if_statement(),
            "for" => self.for_statement(),
            "set" => self.set(),
            "with" => self.with(),
            "filter" => self.filter_block(),
            "macro" => self.macro_statement(),
            "call" => self.call_block(),
            "include" => self.include(),
            "import" => self.import(),
            "from" => self.import_names(),
            "extends" => Ok(StmtKind::Extends(self.expression()?)),
            "block" => self.block(),
            "autoescape" => self.autoescape(),
            "do" => Ok(StmtKind::Do(self.tuple()?)),
            "print" => self.print(),
            "break" | "continue" if self.loops == 0 => Err(self.fail(format!("`{name}` outside of a loop"), span)),
            "break" => Ok(StmtKind::Break),
            "continue" => Ok(StmtKind::Continue),
            _ => Err(self.unknown_statement(name, span, ends)),
        }
    }

    /// Several expressions in a row.
    fn print(&mut self) -> Result<StmtKind<'s>> {
        let mut printed = Vec::new();
        while !matches!(self.kind(), TokenKind::BlockEnd) {
            if !printed.is_empty() {
                self.expect_symbol(",")?;
            }
            printed.push(self.expression()?);
        }
        Ok(StmtKind::Print(printed))
    }

    fn unknown_statement(&self, name: &str, span: Span, ends: &[&str]) -> Error {
        if name.starts_with("end") || name.starts_with("el") {
            let expected = match ends.last() {
                Some(end) => format!("`{name}` closes nothing here; `{end}` is open"),
                None => format!("`{name}` closes nothing"),
            };
            return self.fail(expected, span);
        }
        let error = self.fail(format!("unknown statement `{name}`"), span);
        match closest(name, STATEMENTS) {
            Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
            None => error,
        }
    }

    /// Parses the body of a statement and the name that ends it.
    fn block_body(&mut self, end: &str) -> Result<Body<'s>> {
        self.expect_kind(&TokenKind::BlockEnd)?;
        let body = self.body(&[end])?;
        self.advance();
        Ok(body)
    }

    fn if_statement(&mut self) -> Result<StmtKind<'s>> {
        let mut branches = Vec::new();
        loop {
            let condition = self.condition()?;
            self.skip_symbol(":");
            self.expect_kind(&TokenKind::BlockEnd)?;
            branches.push((condition, self.body(&["elif", "else", "endif"])?));
            if !self.skip_name("elif") {
                break;
            }
        }
        let otherwise = if self.skip_name("else") { self.block_body("endif")? } else { self.end(Vec::new()) };
        Ok(StmtKind::If { branches, otherwise })
    }

    fn condition(&mut self) -> Result<Expr<'s>> {
        self.tuple_before(&["\u{0}"])
    }

    /// Skips the name that ends a statement without a second body.
    fn end(&mut self, body: Body<'s>) -> Body<'s> {
        self.advance();
        body
    }

    fn for_statement(&mut self) -> Result<StmtKind<'s>> {
        let span = self.span();
        let target = self.target(false)?;
        if target.assigns("loop") {
            return Err(self.fail("the items of a loop cannot be called `loop`", span));
        }
        self.expect_keyword("in")?;
        let iterable = self.tuple_before(&["recursive", "if"])?;
        let condition = if self.skip_name("if") { Some(self.expression()?) } else { None };
        let recursive = self.skip_name("recursive");
        self.skip_symbol(":");
        self.expect_kind(&TokenKind::BlockEnd)?;
        self.loops += 1;
        let body = self.mentioned(|parser| parser.body(&["else", "endfor"]));
        self.loops -= 1;
        let (body, mentions) = body?;
        let otherwise = if self.skip_name("else") { self.block_body("endfor")? } else { self.end(Vec::new()) };
        Ok(StmtKind::For(Box::new(For { target, iterable, condition, recursive, mentions, body, otherwise })))
    }

    /// One target, or several with commas between them.
    fn target(&mut self, with_attributes: bool) -> Result<Target<'s>> {
        let start = self.span();
        let mut targets = vec![self.single_target(with_attributes)?];
        let mut is_tuple = false;
        while self.skip_symbol(",") {
            is_tuple = true;
            if !matches!(self.kind(), TokenKind::Name(name) if *name != "in") && !self.is_symbol("(") {
                break;
            }
            targets.push(self.single_target(with_attributes)?);
        }
        match targets.pop() {
            Some(only) if !is_tuple => Ok(only),
            last => Ok(Target::Tuple(targets.into_iter().chain(last).collect(), start.to(self.previous_span()))),
        }
    }

    fn single_target(&mut self, with_attributes: bool) -> Result<Target<'s>> {
        let span = self.span();
        if self.skip_symbol("(") {
            let inner = self.nested(|parser| parser.target(with_attributes))?;
            self.expect_symbol(")")?;
            return Ok(inner);
        }
        let name = self.expect_name()?;
        if with_attributes && self.skip_symbol(".") {
            return Ok(Target::Attribute(name, self.expect_name()?, span));
        }
        if matches!(name, "true" | "True" | "false" | "False" | "none" | "None") {
            return Err(self.fail(format!("cannot assign to `{name}`"), span));
        }
        Ok(Target::Name(name))
    }

    fn set(&mut self) -> Result<StmtKind<'s>> {
        let target = self.target(true)?;
        if self.skip_symbol("=") {
            return Ok(StmtKind::Set { target, value: self.tuple()? });
        }
        let filter = if self.is_symbol("|") {
            let first = self.filter(None)?;
            Some(self.filters(first)?)
        } else {
            None
        };
        let body = self.block_body("endset")?;
        Ok(StmtKind::SetBlock { target, filter, body })
    }

    fn with(&mut self) -> Result<StmtKind<'s>> {
        let mut assignments = Vec::new();
        while !matches!(self.kind(), TokenKind::BlockEnd) {
            if !assignments.is_empty() {
                self.expect_symbol(",")?;
            }
            let target = self.single_target(false)?;
            self.expect_symbol("=")?;
            assignments.push((target, self.expression()?));
        }
        Ok(StmtKind::With { assignments, body: self.block_body("endwith")? })
    }

    fn filter_block(&mut self) -> Result<StmtKind<'s>> {
        let first = self.filter_named(None)?;
        let filter = self.filters(first)?;
        Ok(StmtKind::Filter { filter, body: self.block_body("endfilter")? })
    }

    fn macro_statement(&mut self) -> Result<StmtKind<'s>> {
        let name = self.expect_name()?;
        let parameters = self.parameters()?;
        let (body, mentions) = self.mentioned(|parser| parser.outside_of_loops("endmacro"))?;
        Ok(StmtKind::Macro(Macro { name, parameters, mentions, body }))
    }

    /// A body that runs on its own, so that a `break` in it would leave no loop.
    fn outside_of_loops(&mut self, end: &str) -> Result<Body<'s>> {
        let loops = std::mem::take(&mut self.loops);
        let body = self.block_body(end);
        self.loops = loops;
        body
    }

    fn parameters(&mut self) -> Result<Vec<(&'s str, Option<Expr<'s>>)>> {
        let mut parameters: Vec<(&'s str, Option<Expr<'s>>)> = Vec::new();
        self.expect_symbol("(")?;
        while !self.is_symbol(")") {
            if parameters.len() >= MAX_PARAMETERS {
                return Err(self.fail(format!("a macro has at most {MAX_PARAMETERS} parameters"), self.span()));
            }
            if !parameters.is_empty() {
                self.expect_symbol(",")?;
                if self.is_symbol(")") {
                    break;
                }
            }
            let span = self.span();
            let name = self.expect_name()?;
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(self.fail(format!("the parameter `{name}` is there twice"), span));
            }
            let default = if self.skip_symbol("=") { Some(self.expression()?) } else { None };
            if default.is_none() && name == "caller" {
                return Err(self.fail("the parameter `caller` must have a default, or be left out", span));
            }
            if default.is_none() && parameters.iter().any(|(_, default)| default.is_some()) {
                return Err(self.fail("a parameter without a default follows one with a default", span));
            }
            parameters.push((name, default));
        }
        self.expect_symbol(")")?;
        Ok(parameters)
    }

    fn call_block(&mut self) -> Result<StmtKind<'s>> {
        let parameters = if self.is_symbol("(") { self.parameters()? } else { Vec::new() };
        let span = self.span();
        let call = self.expression()?;
        if !matches!(call.kind, ExprKind::Call(..)) {
            return Err(self.fail("expected a call", span));
        }
        let (body, mentions) = self.mentioned(|parser| parser.outside_of_loops("endcall"))?;
        Ok(StmtKind::Call { call, caller: Macro { name: "caller", parameters, mentions, body } })
    }

    fn include(&mut self) -> Result<StmtKind<'s>> {
        let name = self.expression()?;
        let ignore_missing = self.is_name("ignore") && matches!(self.kind_after(), TokenKind::Name("missing"));
        if ignore_missing {
            self.advance();
            self.advance();
        }
        let with_context = self.context().unwrap_or(true);
        Ok(StmtKind::Include { name, ignore_missing, with_context })
    }

    /// `with context` or `without context`, where one of them stands.
    fn context(&mut self) -> Option<bool> {
        let with = match self.kind() {
            TokenKind::Name("with") => true,
            TokenKind::Name("without") => false,
            _ => return None,
        };
        if !matches!(self.kind_after(), TokenKind::Name("context")) {
            return None;
        }
        self.advance();
        self.advance();
        Some(with)
    }

    fn import(&mut self) -> Result<StmtKind<'s>> {
        let name = self.expression()?;
        self.expect_keyword("as")?;
        let target = self.expect_name()?;
        let with_context = self.context().unwrap_or(false);
        Ok(StmtKind::Import { name, target, with_context })
    }

    fn import_names(&mut self) -> Result<StmtKind<'s>> {
        let name = self.expression()?;
        self.expect_keyword("import")?;
        let mut names = Vec::new();
        let mut with_context = None;
        loop {
            if !names.is_empty() && !self.skip_symbol(",") {
                break;
            }
            with_context = self.context();
            if with_context.is_some() || (!names.is_empty() && matches!(self.kind(), TokenKind::BlockEnd)) {
                break;
            }
            names.push(self.imported_name()?);
        }
        let with_context = with_context.or_else(|| self.context()).unwrap_or(false);
        Ok(StmtKind::FromImport { name, names, with_context })
    }

    fn imported_name(&mut self) -> Result<(&'s str, &'s str)> {
        let span = self.span();
        let name = self.expect_name()?;
        if name.starts_with('_') {
            return Err(self.fail("names that begin with an underscore cannot be imported", span));
        }
        let alias = if self.skip_name("as") { self.expect_name()? } else { name };
        Ok((name, alias))
    }

    fn block(&mut self) -> Result<StmtKind<'s>> {
        let span = self.span();
        let name = self.expect_name()?;
        if self.blocks.len() >= MAX_BLOCKS {
            return Err(self.fail(format!("the template has more than {MAX_BLOCKS} blocks"), span));
        }
        if self.blocks.contains(&name) {
            return Err(self.fail(format!("the block `{name}` is there twice"), span));
        }
        self.blocks.push(name);
        let scoped = self.skip_name("scoped");
        let required = self.skip_name("required");
        if scoped {
            // A block of the same name elsewhere may ask for the loop around this one.
            self.mentions = self.mentions.with(Mentions::LOOP);
        }
        if self.is_symbol("-") {
            return Err(self.fail("a block's name has no hyphens; use an underscore", self.span()));
        }
        let body = self.outside_of_loops("endblock")?;
        let span = self.span();
        if let TokenKind::Name(end) = *self.kind() {
            if end != name {
                return Err(self.fail(format!("`endblock {end}` closes the block `{name}`"), span));
            }
            self.advance();
        }
        let is_blank = |stmt: &Stmt<'_>| matches!(stmt.kind, StmtKind::Text(text) if text.trim().is_empty());
        if required && !body.iter().all(is_blank) {
            return Err(self.fail(format!("the block `{name}` is required and must be empty"), span));
        }
        Ok(StmtKind::Block(Block { name, scoped, required, body }))
    }

    fn autoescape(&mut self) -> Result<StmtKind<'s>> {
        let enabled = self.expression()?;
        Ok(StmtKind::AutoEscape { enabled, body: self.block_body("endautoescape")? })
    }
}

impl Target<'_> {
    fn assigns(&self, name: &str) -> bool {
        match self {
            Target::Name(found) => *found == name,
            Target::Attribute(..) => false,
            Target::Tuple(parts, _) => parts.iter().any(|part| part.assigns(name)),
        }
    }
}

impl Arguments<'_> {
    pub(crate) fn is_plain(&self) -> bool {
        self.star.is_none() && self.star_star.is_none()
    }
}
