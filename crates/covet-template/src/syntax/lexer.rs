//! From text to tokens.

use super::literal;
use super::options::Syntax;
use super::token::{Token, TokenKind};
use crate::error::{Error, Result};
use crate::source::{Source, Span};

/// A template longer than this is refused.
const MAX_SOURCE: usize = 1 << 20;
/// A template of more tokens than this is refused.
const MAX_TOKENS: usize = 200_000;

const SYMBOLS: [&str; 26] = [
    "**", "//", "==", "!=", "<=", ">=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
];

#[derive(Clone, Copy, PartialEq)]
enum Tag {
    Block,
    Variable,
    Comment,
    LineStatement,
    LineComment,
}

/// Divides a template into tokens; the last one is always `End`.
pub(super) fn lex<'s>(source: &'s Source, syntax: &Syntax) -> Result<Vec<Token<'s>>> {
    if source.text.len() > MAX_SOURCE {
        return Err(Error::syntax(format!("the template is longer than {MAX_SOURCE} bytes")));
    }
    let mut lexer = Lexer { source, text: &source.text, syntax, at: 0, trim: Trim::None, tokens: Vec::new() };
    lexer.run()?;
    Ok(lexer.tokens)
}

/// Lexes a text that is an expression and nothing else.
pub(super) fn lex_expression(source: &Source) -> Result<Vec<Token<'_>>> {
    let syntax = Syntax::default();
    if source.text.len() > MAX_SOURCE {
        return Err(Error::syntax(format!("the expression is longer than {MAX_SOURCE} bytes")));
    }
    let mut lexer = Lexer { source, text: &source.text, syntax: &syntax, at: 0, trim: Trim::None, tokens: Vec::new() };
    lexer.push(TokenKind::VariableBegin, 0)?;
    loop {
        lexer.skip_white_space();
        if lexer.at >= lexer.text.len() {
            break;
        }
        lexer.token()?;
    }
    lexer.push(TokenKind::VariableEnd, lexer.at)?;
    lexer.push(TokenKind::End, lexer.at)?;
    Ok(lexer.tokens)
}

/// What the tag before a text takes from the text's beginning.
#[derive(Clone, Copy, PartialEq)]
enum Trim {
    None,
    Newline,
    All,
}

struct Lexer<'s, 'o> {
    source: &'s Source,
    text: &'s str,
    syntax: &'o Syntax,
    at: usize,
    trim: Trim,
    tokens: Vec<Token<'s>>,
}

impl<'s> Lexer<'s, '_> {
    fn run(&mut self) -> Result<()> {
        while let Some((begin, tag)) = self.next_tag() {
            let open = self.opening(tag).len();
            let mark = self.text.as_bytes().get(begin + open).copied();
            let strips = tag != Tag::LineComment && mark == Some(b'-');
            let keeps = tag != Tag::LineComment && mark == Some(b'+');
            let is_line = matches!(tag, Tag::LineStatement | Tag::LineComment);
            let lstrip = is_line || (self.syntax.lstrip_blocks && tag != Tag::Variable && !keeps);
            self.text_until(begin, strips, lstrip)?;
            if tag == Tag::LineComment {
                self.trim_line_end();
            }
            self.at = begin + open + usize::from(strips || (keeps && !is_line));
            match tag {
                Tag::Comment => self.comment(begin)?,
                Tag::LineComment => self.line_comment(),
                Tag::LineStatement => self.line_statement(begin)?,
                Tag::Variable => self.variable(begin)?,
                Tag::Block if self.is_raw() => self.raw(begin)?,
                Tag::Block => self.block(begin)?,
            }
        }
        self.text_until(self.text.len(), false, false)?;
        self.push(TokenKind::End, self.text.len())
    }

    fn opening(&self, tag: Tag) -> &str {
        match tag {
            Tag::Block => &self.syntax.block.0,
            Tag::Variable => &self.syntax.variable.0,
            Tag::Comment => &self.syntax.comment.0,
            Tag::LineStatement => self.syntax.line_statement.as_deref().unwrap_or_default(),
            Tag::LineComment => self.syntax.line_comment.as_deref().unwrap_or_default(),
        }
    }

    /// The nearest tag; where two begin at one place the longer opening is meant.
    fn next_tag(&self) -> Option<(usize, Tag)> {
        let rest = &self.text[self.at..];
        let tags = [Tag::Comment, Tag::Block, Tag::Variable];
        let first_byte = self.opening(Tag::Block).as_bytes().first()?;
        let common = tags.iter().all(|tag| self.opening(*tag).as_bytes().first() == Some(first_byte));
        let plain = self.syntax.line_statement.is_none() && self.syntax.line_comment.is_none();
        if common && plain && first_byte.is_ascii() {
            return self.next_tag_from(rest, *first_byte as char);
        }
        let found = tags.iter().filter_map(|tag| Some((rest.find(self.opening(*tag))?, *tag)));
        let found = found.chain(self.line_tag(rest));
        let (at, tag) = found.min_by_key(|(at, tag)| (*at, usize::MAX - self.opening(*tag).len()))?;
        Some((self.at + at, tag))
    }

    fn next_tag_from(&self, rest: &str, first: char) -> Option<(usize, Tag)> {
        let mut from = 0;
        while let Some(found) = rest[from..].find(first) {
            let here = &rest[from + found..];
            let tags = [Tag::Comment, Tag::Block, Tag::Variable].into_iter();
            let matching = tags.filter(|tag| here.starts_with(self.opening(*tag)));
            if let Some(tag) = matching.max_by_key(|tag| self.opening(*tag).len()) {
                return Some((self.at + from + found, tag));
            }
            from += found + first.len_utf8();
        }
        None
    }

    fn line_tag(&self, rest: &str) -> Option<(usize, Tag)> {
        let statement = self.syntax.line_statement.as_deref().filter(|prefix| !prefix.is_empty());
        let comment = self.syntax.line_comment.as_deref().filter(|prefix| !prefix.is_empty());
        let statement = statement
            .and_then(|prefix| rest.match_indices(prefix).map(|(at, _)| at).find(|at| self.starts_line(self.at + at)));
        let comment = comment.and_then(|prefix| rest.find(prefix));
        match (statement, comment) {
            (Some(at), Some(other)) if other < at || (other == at && self.comment_is_longer()) => {
                Some((other, Tag::LineComment))
            }
            (Some(at), _) => Some((at, Tag::LineStatement)),
            (None, at) => Some((at?, Tag::LineComment)),
        }
    }

    fn comment_is_longer(&self) -> bool {
        self.opening(Tag::LineComment).len() > self.opening(Tag::LineStatement).len()
    }

    fn starts_line(&self, at: usize) -> bool {
        let line = self.text[..at].rsplit('\n').next().unwrap_or_default();
        line.chars().all(|c| c == ' ' || c == '\t' || c == '\u{b}')
    }

    /// Emits the text before a tag, without what the tags on both sides take from it.
    fn text_until(&mut self, end: usize, strips: bool, lstrip: bool) -> Result<()> {
        let mut text = &self.text[self.at..end];
        let mut start = self.at;
        let trimmed = match self.trim {
            Trim::None => text,
            Trim::Newline => text.strip_prefix('\n').unwrap_or(text),
            Trim::All => text.trim_start(),
        };
        start += text.len() - trimmed.len();
        text = trimmed;
        if strips {
            text = text.trim_end();
        } else if lstrip && self.starts_line(end) {
            let line_start = text.rfind('\n').map_or(0, |at| at + 1);
            // What is left of the line before the tag may belong to an earlier tag, and then it stays.
            let whole_line = line_start > 0 || self.text[..start].ends_with('\n') || start == 0;
            if whole_line {
                text = &text[..line_start];
            }
        }
        self.trim = Trim::None;
        self.at = end;
        if text.is_empty() {
            return Ok(());
        }
        self.push_span(TokenKind::Text(text), Span::new(start, start + text.len()))
    }

    /// The blanks before a comment of a line belong to it.
    fn trim_line_end(&mut self) {
        let Some(Token { kind: TokenKind::Text(text), span }) = self.tokens.last_mut() else { return };
        if span.end as usize != self.at {
            return;
        }
        *text = text.trim_end_matches([' ', '\t']);
        span.end = span.start + text.len() as u32;
    }

    fn comment(&mut self, begin: usize) -> Result<()> {
        let close = &self.syntax.comment.1;
        let Some(found) = self.text[self.at..].find(close.as_str()) else {
            return Err(self.fail("the comment is not closed", begin, begin + 2));
        };
        let inside = &self.text[self.at..self.at + found];
        self.trim = self.closing_trim(inside.bytes().last());
        self.at += found + close.len();
        Ok(())
    }

    /// What follows a statement or a comment that was closed with this mark.
    fn closing_trim(&self, mark: Option<u8>) -> Trim {
        match mark {
            Some(b'-') => Trim::All,
            Some(b'+') => Trim::None,
            _ if self.syntax.trim_blocks => Trim::Newline,
            _ => Trim::None,
        }
    }

    fn line_comment(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    fn line_statement(&mut self, begin: usize) -> Result<()> {
        self.push_span(TokenKind::BlockBegin, Span::new(begin, self.at))?;
        let mut depth = 0_usize;
        loop {
            let blank = self.text[self.at..].find(|c: char| !matches!(c, ' ' | '\t' | '\u{b}' | '\r'));
            self.at = blank.map_or(self.text.len(), |blank| self.at + blank);
            let rest = &self.text[self.at..];
            let comment = self.syntax.line_comment.as_deref().filter(|prefix| rest.starts_with(*prefix));
            if comment.is_some() {
                self.line_comment();
                continue;
            }
            if rest.is_empty() || (depth == 0 && rest.starts_with('\n')) {
                self.push(TokenKind::BlockEnd, self.at)?;
                // Empty lines behind the statement belong to it, as in Jinja2.
                let blank = rest.len() - rest.trim_start().len();
                let taken = if blank == rest.len() { blank } else { rest[..blank].rfind('\n').map_or(0, |at| at + 1) };
                self.at += taken;
                return Ok(());
            }
            if rest.starts_with('\n') {
                self.at += 1;
                continue;
            }
            self.token()?;
            self.balance(&mut depth);
        }
    }

    fn variable(&mut self, begin: usize) -> Result<()> {
        self.push_span(TokenKind::VariableBegin, Span::new(begin, self.at))?;
        let close = self.syntax.variable.1.clone();
        let mark = self.tokens_until(&close, begin, "the expression is not closed")?;
        self.trim = if mark == Some(b'-') { Trim::All } else { Trim::None };
        self.push_span(TokenKind::VariableEnd, Span::new(self.at - close.len(), self.at))
    }

    fn block(&mut self, begin: usize) -> Result<()> {
        self.push_span(TokenKind::BlockBegin, Span::new(begin, self.at))?;
        let close = self.syntax.block.1.clone();
        let mark = self.tokens_until(&close, begin, "the statement is not closed")?;
        self.trim = self.closing_trim(mark);
        self.push_span(TokenKind::BlockEnd, Span::new(self.at - close.len(), self.at))
    }

    /// Lexes until a closing delimiter outside of brackets, and answers the mark in front of it.
    fn tokens_until(&mut self, close: &str, begin: usize, unclosed: &str) -> Result<Option<u8>> {
        let mut depth = 0_usize;
        loop {
            self.skip_white_space();
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return Err(self.fail(unclosed, begin, begin + 2));
            }
            if depth == 0 {
                let mark = rest.bytes().next().filter(|byte| matches!(byte, b'-' | b'+'));
                if mark.is_some() && rest[1..].starts_with(close) {
                    self.at += 1 + close.len();
                    return Ok(mark);
                }
                if rest.starts_with(close) {
                    self.at += close.len();
                    return Ok(None);
                }
            }
            self.token()?;
            self.balance(&mut depth);
        }
    }

    fn balance(&self, depth: &mut usize) {
        match self.tokens.last().map(|token| &token.kind) {
            Some(TokenKind::Symbol("(" | "[" | "{")) => *depth += 1,
            Some(TokenKind::Symbol(")" | "]" | "}")) => *depth = depth.saturating_sub(1),
            _ => {}
        }
    }

    fn is_raw(&self) -> bool {
        let rest = self.text[self.at..].trim_start();
        let Some(rest) = rest.strip_prefix("raw") else { return false };
        let rest = rest.trim_start();
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        rest.starts_with(self.syntax.block.1.as_str())
    }

    fn raw(&mut self, begin: usize) -> Result<()> {
        let (open, close) = (self.syntax.block.0.as_str(), self.syntax.block.1.as_str());
        let head = self.text[self.at..].find(close).unwrap_or_default();
        let mark = self.text.as_bytes().get(self.at + head - 1).copied();
        // What follows `raw` is raw, also where line ends behind other statements are dropped.
        self.trim = if mark == Some(b'-') { Trim::All } else { Trim::None };
        self.at += head + close.len();
        let mut from = self.at;
        while let Some(found) = self.text[from..].find(open) {
            let tag = from + found;
            let inside = &self.text[tag + open.len()..];
            let (mark, inside) = match inside.bytes().next() {
                Some(mark @ (b'-' | b'+')) => (Some(mark), &inside[1..]),
                _ => (None, inside),
            };
            let Some(after) = inside.trim_start().strip_prefix("endraw") else {
                from = tag + open.len();
                continue;
            };
            let after = after.trim_start();
            let closing = after.bytes().next().filter(|byte| matches!(byte, b'-' | b'+'));
            let after = if closing.is_some() { &after[1..] } else { after };
            let Some(after) = after.strip_prefix(close) else {
                from = tag + open.len();
                continue;
            };
            self.text_until(tag, mark == Some(b'-'), self.syntax.lstrip_blocks && mark != Some(b'+'))?;
            self.trim = self.closing_trim(closing);
            self.at = self.text.len() - after.len();
            return Ok(());
        }
        Err(self.fail("`raw` is not closed by `endraw`", begin, self.at))
    }

    fn skip_white_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn token(&mut self) -> Result<()> {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return Ok(()) };
        let begin = self.at;
        let kind = match first {
            '"' | '\'' => self.string(first)?,
            '0'..='9' => {
                let follows_dot = matches!(self.tokens.last(), Some(Token { kind: TokenKind::Symbol("."), span }) if span.end as usize == begin);
                let number = if follows_dot { literal::index(rest) } else { literal::number(rest) };
                let (kind, length) = number.map_err(|why| self.fail(why, begin, begin + 1))?;
                self.at += length;
                kind
            }
            c if c.is_alphabetic() || c == '_' => {
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                self.at += length;
                TokenKind::Name(&rest[..length])
            }
            _ => {
                let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
                let Some(symbol) = symbol else {
                    return Err(self.fail(&format!("unexpected character `{first}`"), begin, begin + first.len_utf8()));
                };
                self.at += symbol.len();
                TokenKind::Symbol(symbol)
            }
        };
        self.push_span(kind, Span::new(begin, self.at))
    }

    fn string(&mut self, quote: char) -> Result<TokenKind<'s>> {
        let begin = self.at;
        let mut escaped = false;
        for (index, byte) in self.text.as_bytes()[begin + 1..].iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                byte if *byte == quote as u8 => {
                    let end = begin + 1 + index;
                    self.at = end + 1;
                    let value = literal::string(&self.text[begin + 1..end]);
                    return Ok(TokenKind::String(value.map_err(|why| self.fail(why, begin, end + 1))?));
                }
                _ => {}
            }
        }
        Err(self.fail("the string is not closed", begin, begin + 1))
    }

    fn push(&mut self, kind: TokenKind<'s>, at: usize) -> Result<()> {
        self.push_span(kind, Span::new(at, at))
    }

    fn push_span(&mut self, kind: TokenKind<'s>, span: Span) -> Result<()> {
        if self.tokens.len() >= MAX_TOKENS {
            return Err(Error::syntax(format!("the template has more than {MAX_TOKENS} tokens")).at(self.source, span));
        }
        self.tokens.push(Token { kind, span });
        Ok(())
    }

    fn fail(&self, message: &str, start: usize, end: usize) -> Error {
        Error::syntax(message).at(self.source, Span::new(start, end))
    }
}
