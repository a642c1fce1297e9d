//! From bytes to a tree, or to the one fault that says why they are not JSON (RFC 8259).

use std::borrow::Cow;

use super::Node;
use super::number::plain;
use super::strings::parse_string;
use crate::validation::code::Code;
use crate::validation::fault::Fault;

/// How many lists and objects may stand inside of each other.
pub(crate) const MAX_DEPTH: usize = 128;

/// Parses a whole document.
///
/// # Errors
///
/// A fault with `line`, `column` (counted from 1, in characters) and `offset` (counted from 0, in bytes).
pub(crate) fn parse(bytes: &[u8]) -> Result<Node<'_>, Box<Fault>> {
    let mut parser = Parser { bytes, at: 0 };
    parser.document().map_err(|broken| Box::new(broken.locate(bytes)))
}

/// What is wrong, and at which byte.
pub(super) struct Broken {
    pub(super) code: Code,
    pub(super) message: Cow<'static, str>,
    pub(super) at: usize,
}

impl Broken {
    pub(super) fn syntax(message: impl Into<Cow<'static, str>>, at: usize) -> Self {
        Self { code: Code::Syntax, message: message.into(), at }
    }

    fn locate(self, bytes: &[u8]) -> Fault {
        let before = &bytes[..self.at.min(bytes.len())];
        let line = before.split(|byte| *byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        let message = match self.code {
            Code::Empty => self.message.into_owned(),
            _ => format!("{} at line {line}, column {column}", self.message),
        };
        Fault::new(self.code, message).with("line", line).with("column", column).with("offset", before.len())
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Result<Node<'a>, Broken> {
        self.skip_space();
        if self.at == self.bytes.len() {
            return Err(Broken { code: Code::Empty, message: "must be JSON, but is empty".into(), at: self.at });
        }
        let node = self.value(0)?;
        self.skip_space();
        if self.at < self.bytes.len() {
            let message = "must be one JSON value, but something follows it".into();
            return Err(Broken { code: Code::Trailing, message, at: self.at });
        }
        Ok(node)
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Broken> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Node::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Node::Bool(true)),
            Some(b'f') => self.word("false", Node::Bool(false)),
            Some(b'n') => self.word("null", Node::Null),
            Some(_) => Err(self.unexpected("a value")),
            None => Err(self.unexpected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Node<'a>, Broken> {
        self.open(depth)?;
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Node::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected(if members.is_empty() {
                    "a member's name in double quotes or `}`"
                } else {
                    "a member's name in double quotes"
                }));
            }
            let name = self.string()?;
            if !self.take(b':') {
                return Err(self.unexpected("`:` after a member's name"));
            }
            members.push((name, self.value(depth + 1)?));
            if self.take(b'}') {
                return Ok(Node::Object(members));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `}` after a member"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Node<'a>, Broken> {
        self.open(depth)?;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Node::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Node::Array(items));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `]` after an item"));
            }
        }
    }

    /// Steps over an opening bracket. The recursion of this parser, and of all that walks its tree, is bounded here.
    fn open(&mut self, depth: usize) -> Result<(), Broken> {
        if depth >= MAX_DEPTH {
            let message = format!("must not be nested deeper than {MAX_DEPTH} levels, but is").into();
            return Err(Broken { code: Code::Depth, message, at: self.at });
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Broken> {
        let (text, end) = parse_string(self.bytes, self.at)?;
        self.at = end;
        Ok(text)
    }

    fn number(&mut self) -> Result<Node<'a>, Broken> {
        let length = super::number::length(&self.bytes[self.at..]).map_err(|within| {
            Broken::syntax("must be JSON, but here is a number that is not written as one", self.at + within)
        })?;
        let digits = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(Node::Number(plain(String::from_utf8_lossy(digits))))
    }

    fn word(&mut self, word: &'static str, node: Node<'a>) -> Result<Node<'a>, Broken> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(node)
    }

    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn unexpected(&self, expected: &str) -> Broken {
        match self.bytes.get(self.at..).and_then(first_character) {
            None if self.at >= self.bytes.len() => {
                Broken::syntax(format!("must be JSON, but it ends where {expected} is expected"), self.at)
            }
            None => Broken { code: Code::Encoding, message: "must be UTF-8, but is not".into(), at: self.at },
            Some(found) => Broken::syntax(
                format!("must be JSON, but `{}` stands where {expected} is expected", found.escape_debug()),
                self.at,
            ),
        }
    }
}

fn first_character(bytes: &[u8]) -> Option<char> {
    let longest = bytes.len().min(4);
    (1..=longest).find_map(|length| std::str::from_utf8(&bytes[..length]).ok()?.chars().next())
}
