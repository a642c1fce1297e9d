//! From tokens to a tree.

use super::ast::{Body, Expr, ExprKind, Mentions};
use super::lexer;
use super::options::Syntax;
use super::token::{Token, TokenKind};
use crate::error::{Error, Result};
use crate::source::{Source, Span};

/// The tree of an expression is no deeper than this, chains of operators, attributes and filters included.
const MAX_DEPTH: u16 = 150;
/// Expressions stand no deeper inside of each other than this, which bounds the recursion of the parser.
const MAX_ENCLOSED: u16 = 64;
/// Statements nest no deeper than this.
const MAX_NESTING: usize = 60;

/// Parses a template.
pub(crate) fn parse<'s>(source: &'s Source, syntax: &Syntax) -> Result<Body<'s>> {
    let tokens = lexer::lex(source, syntax)?;
    let mut parser = Parser::new(source, tokens);
    parser.body(&[])
}

/// Parses a text that is one expression.
pub(crate) fn parse_expression(source: &Source) -> Result<Expr<'_>> {
    let tokens = lexer::lex_expression(source)?;
    let mut parser = Parser::new(source, tokens);
    parser.advance();
    let expression = parser.tuple()?;
    match parser.kind() {
        TokenKind::VariableEnd => Ok(expression),
        _ => Err(parser.unexpected("the end of the expression")),
    }
}

pub(super) struct Parser<'s> {
    source: &'s Source,
    tokens: Vec<Token<'s>>,
    at: usize,
    /// How many expressions enclose the one that is parsed now.
    pub(super) depth: u16,
    pub(super) nesting: usize,
    pub(super) loops: usize,
    pub(super) blocks: Vec<&'s str>,
    pub(super) mentions: Mentions,
}

impl<'s> Parser<'s> {
    fn new(source: &'s Source, tokens: Vec<Token<'s>>) -> Self {
        Self {
            source,
            tokens,
            at: 0,
            depth: 0,
            nesting: 0,
            loops: 0,
            blocks: Vec::new(),
            mentions: Mentions::default(),
        }
    }

    pub(super) fn kind(&self) -> &TokenKind<'s> {
        &self.tokens[self.at].kind
    }

    pub(super) fn kind_after(&self) -> &TokenKind<'s> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].kind
    }

    pub(super) fn span(&self) -> Span {
        self.tokens[self.at].span
    }

    pub(super) fn previous_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    pub(super) fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    /// Takes the current token's kind out of the list, which nobody reads twice.
    pub(super) fn take(&mut self) -> TokenKind<'s> {
        let kind = std::mem::replace(&mut self.tokens[self.at].kind, TokenKind::End);
        self.advance();
        kind
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.kind(), TokenKind::Symbol(found) if *found == symbol)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.kind(), TokenKind::Name(found) if *found == name)
    }

    pub(super) fn skip_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn skip_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Result<()> {
        if self.skip_symbol(symbol) { Ok(()) } else { Err(self.unexpected(&format!("`{symbol}`"))) }
    }

    pub(super) fn expect_keyword(&mut self, name: &str) -> Result<()> {
        if self.skip_name(name) { Ok(()) } else { Err(self.unexpected(&format!("`{name}`"))) }
    }

    pub(super) fn expect_name(&mut self) -> Result<&'s str> {
        let TokenKind::Name(name) = *self.kind() else { return Err(self.unexpected("a name")) };
        self.advance();
        Ok(name)
    }

    pub(super) fn unexpected(&self, expected: &str) -> Error {
        self.fail(format!("expected {expected}, found {}", self.kind()), self.span())
    }

    pub(super) fn fail(&self, message: impl Into<String>, span: Span) -> Error {
        Error::syntax(message).at(self.source, span)
    }

    /// Counts one level of statements in and, after `parse`, out again.
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAX_NESTING {
            return Err(self.fail(format!("statements nest deeper than {MAX_NESTING} levels"), self.span()));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }

    /// What `parse` mentions, which also counts for what surrounds it.
    pub(super) fn mentioned<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<(T, Mentions)> {
        let outside = std::mem::take(&mut self.mentions);
        let parsed = parse(self);
        let inside = std::mem::replace(&mut self.mentions, outside);
        self.mentions = outside.with(inside);
        Ok((parsed?, inside))
    }

    /// Counts one level of expressions in.
    pub(super) fn enter(&mut self) -> Result<()> {
        if self.depth >= MAX_ENCLOSED {
            return Err(self.too_deep(self.span()));
        }
        self.depth += 1;
        Ok(())
    }

    fn too_deep(&self, span: Span) -> Error {
        self.fail(format!("the expression nests deeper than {MAX_DEPTH} levels"), span)
    }

    /// Makes a node that is one level deeper than the deepest of its parts.
    pub(super) fn node(&self, kind: ExprKind<'s>, parts: u16, start: Span) -> Result<Expr<'s>> {
        let span = start.to(self.previous_span());
        if parts >= MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        Ok(Expr { kind, span, depth: parts + 1 })
    }
}
