//! From the items of a binary format to a tree, within bounds that the sender does not set.

use std::borrow::Cow;

use crate::validation::{Code, Fault, MAX_DEPTH, Node};

/// How many values a body may hold. One byte can be a value, and a value in the tree takes some fifty: this bounds what a
/// body can make us allocate, whatever limit its bytes have.
const MAX_VALUES: usize = 1 << 20;

/// The next item of a document.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    Null,
    Bool(bool),
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// A list, with the number of its items where it stands at the front.
    List(Option<u64>),
    /// A map, with the number of its members where it stands at the front.
    Map(Option<u64>),
    /// The end of a list or a map without a number.
    Break,
}

/// A reader of one format.
pub(super) trait Tokens<'a> {
    /// The name of the format.
    const NAME: &'static str;

    /// The next item.
    fn next(&mut self) -> Result<Token<'a>, Broken>;

    /// How the bytes are read.
    fn bytes(&mut self) -> &mut Cursor<'a>;
}

/// Why bytes are not of the format.
#[derive(Debug)]
pub(super) struct Broken {
    code: Code,
    what: Cow<'static, str>,
}

impl Broken {
    pub(super) fn syntax(what: impl Into<Cow<'static, str>>) -> Self {
        Broken { code: Code::Syntax, what: what.into() }
    }
}

/// The bytes, and the place that is reached.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, at: 0 }
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], Broken> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| Broken::syntax("it ends in the middle of a value"))?;
        self.at += taken.len();
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Broken> {
        Ok(self.array::<1>()?[0])
    }

    /// A big-endian number of 1, 2, 4 or 8 bytes.
    pub(super) fn unsigned(&mut self, width: usize) -> Result<u64, Broken> {
        Ok(self.take(width as u64)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    pub(super) fn text(&mut self, length: u64) -> Result<&'a str, Broken> {
        utf8(self.take(length)?)
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Broken> {
    std::str::from_utf8(bytes).map_err(|_| Broken { code: Code::Encoding, what: "a text is not UTF-8".into() })
}

/// A whole number as the tree has it.
pub(super) fn whole<'a>(number: impl Into<i128>) -> Token<'a> {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let number = number.into();
    let digit = usize::try_from(number).ok().and_then(|digit| DIGITS.get(digit));
    Token::Number(digit.map_or_else(|| number.to_string().into(), |digit| Cow::Borrowed(*digit)))
}

/// A float as the tree has it, always with a fraction or an exponent. What is not finite keeps its name, which no
/// number type takes.
pub(super) fn float<'a>(number: f64) -> Token<'a> {
    Token::Number(format!("{number:?}").into())
}

/// Parses a whole document.
pub(super) fn parse<'a, R: Tokens<'a>>(reader: R) -> Result<Node<'a>, Box<Fault>> {
    let mut tree = Tree { reader, values: 0 };
    if tree.reader.bytes().left() == 0 {
        return Err(Box::new(Fault::new(Code::Empty, format!("must be {}, but is empty", R::NAME))));
    }
    let result = tree.document();
    result.map_err(|Broken { code, what }| {
        let at = tree.reader.bytes().at;
        let message = format!("must be {}, but {what} at byte {at}", R::NAME);
        Box::new(Fault::new(code, message).with("offset", at))
    })
}

struct Tree<R> {
    reader: R,
    values: usize,
}

impl<'a, R: Tokens<'a>> Tree<R> {
    fn document(&mut self) -> Result<Node<'a>, Broken> {
        let token = self.reader.next()?;
        let node = self.value(token, 0)?;
        match self.reader.bytes().left() {
            0 => Ok(node),
            _ => Err(Broken { code: Code::Trailing, what: "something follows the value".into() }),
        }
    }

    fn value(&mut self, token: Token<'a>, depth: usize) -> Result<Node<'a>, Broken> {
        self.count(1)?;
        Ok(match token {
            Token::Null => Node::Null,
            Token::Bool(value) => Node::Bool(value),
            Token::Number(text) => Node::Number(text),
            Token::Text(text) => Node::String(text),
            Token::Bytes(bytes) => self.byte_list(&bytes)?,
            Token::List(length) => self.list(length, depth + 1)?,
            Token::Map(length) => self.map(length, depth + 1)?,
            Token::Break => return Err(Broken::syntax("an end stands where nothing was begun")),
        })
    }

    fn count(&mut self, more: usize) -> Result<(), Broken> {
        self.values = self.values.saturating_add(more);
        if self.values > MAX_VALUES {
            let what = format!("it holds more than {MAX_VALUES} values");
            return Err(Broken { code: Code::MaxItems, what: what.into() });
        }
        Ok(())
    }

    /// A string of bytes is a list of numbers, as it is in JSON.
    fn byte_list(&mut self, bytes: &[u8]) -> Result<Node<'a>, Broken> {
        self.count(bytes.len())?;
        Ok(Node::Array(bytes.iter().map(|byte| Node::Number(byte.to_string().into())).collect()))
    }

    fn list(&mut self, length: Option<u64>, depth: usize) -> Result<Node<'a>, Broken> {
        self.open(length, depth)?;
        let mut items = Vec::new();
        let mut left = length;
        while let Some(token) = self.next_in(&mut left)? {
            items.push(self.value(token, depth)?);
        }
        Ok(Node::Array(items))
    }

    fn map(&mut self, length: Option<u64>, depth: usize) -> Result<Node<'a>, Broken> {
        self.open(length, depth)?;
        let mut members = Vec::new();
        let mut left = length;
        while let Some(token) = self.next_in(&mut left)? {
            let name = match token {
                Token::Text(name) | Token::Number(name) => name,
                _ => return Err(Broken::syntax("the name of a member is not a text")),
            };
            self.count(1)?;
            let token = self.reader.next()?;
            members.push((name, self.value(token, depth)?));
        }
        Ok(Node::Object(members))
    }

    /// The recursion of this parser, and of all that walks its tree, is bounded here; and a number of items that
    /// cannot be there is refused before the first of them is read.
    fn open(&mut self, length: Option<u64>, depth: usize) -> Result<(), Broken> {
        if depth > MAX_DEPTH {
            let what = format!("it is nested deeper than {MAX_DEPTH} levels");
            return Err(Broken { code: Code::Depth, what: what.into() });
        }
        if length.is_some_and(|length| length > self.reader.bytes().left() as u64) {
            return Err(Broken::syntax("more values are announced than there are bytes"));
        }
        Ok(())
    }

    fn next_in(&mut self, left: &mut Option<u64>) -> Result<Option<Token<'a>>, Broken> {
        match left {
            Some(0) => Ok(None),
            Some(left) => {
                *left -= 1;
                self.reader.next().map(Some)
            }
            None => Ok(Some(self.reader.next()?).filter(|token| *token != Token::Break)),
        }
    }
}
