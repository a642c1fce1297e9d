//! The tree of a template.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::source::Span;

/// An expression. Its depth is limited while parsing, so walking and dropping it may recurse.
#[derive(Debug)]
pub(crate) struct Expr<'s> {
    pub(crate) kind: ExprKind<'s>,
    pub(crate) span: Span,
    pub(crate) depth: u16,
}

#[derive(Debug)]
pub(crate) enum ExprKind<'s> {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    String(Cow<'s, str>),
    Name(&'s str),
    List(Vec<Expr<'s>>),
    Tuple(Vec<Expr<'s>>),
    Dict(Vec<(Expr<'s>, Expr<'s>)>),
    Attribute(Box<Expr<'s>>, &'s str),
    Item(Box<Expr<'s>>, Box<Expr<'s>>),
    Slice(Box<Expr<'s>>, Box<[Option<Expr<'s>>; 3]>),
    Call(Box<Expr<'s>>, Arguments<'s>),
    /// A filter; without a value it is applied to the body of a `filter` or `set` statement.
    Filter(Option<Box<Expr<'s>>>, &'s str, Arguments<'s>),
    Test(Box<Expr<'s>>, &'s str, Arguments<'s>),
    Not(Box<Expr<'s>>),
    Negative(Box<Expr<'s>>),
    Positive(Box<Expr<'s>>),
    Binary(Binary, Box<Expr<'s>>, Box<Expr<'s>>),
    Concat(Vec<Expr<'s>>),
    Compare(Box<Expr<'s>>, Vec<(Compare, Expr<'s>)>),
    And(Box<Expr<'s>>, Box<Expr<'s>>),
    Or(Box<Expr<'s>>, Box<Expr<'s>>),
    If {
        condition: Box<Expr<'s>>,
        then: Box<Expr<'s>>,
        otherwise: Option<Box<Expr<'s>>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}

impl Compare {
    /// Whether the comparison of two values in this order holds; nothing for membership.
    pub(crate) fn holds(self, order: Ordering) -> Option<bool> {
        match self {
            Compare::Equal => Some(order.is_eq()),
            Compare::NotEqual => Some(order.is_ne()),
            Compare::Less => Some(order.is_lt()),
            Compare::LessEqual => Some(order.is_le()),
            Compare::Greater => Some(order.is_gt()),
            Compare::GreaterEqual => Some(order.is_ge()),
            Compare::In | Compare::NotIn => None,
        }
    }
}

/// The arguments of a call, a filter or a test.
#[derive(Debug, Default)]
pub(crate) struct Arguments<'s> {
    pub(crate) positional: Vec<Expr<'s>>,
    pub(crate) keyword: Vec<(&'s str, Expr<'s>)>,
    pub(crate) star: Option<Box<Expr<'s>>>,
    pub(crate) star_star: Option<Box<Expr<'s>>>,
}

/// What `set`, `for` and `with` assign to.
#[derive(Debug)]
pub(crate) enum Target<'s> {
    Name(&'s str),
    Attribute(&'s str, &'s str, Span),
    Tuple(Vec<Target<'s>>, Span),
}

/// A part of a template.
#[derive(Debug)]
pub(crate) struct Stmt<'s> {
    pub(crate) kind: StmtKind<'s>,
    pub(crate) span: Span,
}

pub(crate) type Body<'s> = Vec<Stmt<'s>>;

#[derive(Debug)]
pub(crate) enum StmtKind<'s> {
    Text(&'s str),
    Emit(Expr<'s>),
    Print(Vec<Expr<'s>>),
    If { branches: Vec<(Expr<'s>, Body<'s>)>, otherwise: Body<'s> },
    For(Box<For<'s>>),
    Set { target: Target<'s>, value: Expr<'s> },
    SetBlock { target: Target<'s>, filter: Option<Expr<'s>>, body: Body<'s> },
    With { assignments: Vec<(Target<'s>, Expr<'s>)>, body: Body<'s> },
    Filter { filter: Expr<'s>, body: Body<'s> },
    Macro(Macro<'s>),
    Call { call: Expr<'s>, caller: Macro<'s> },
    Include { name: Expr<'s>, ignore_missing: bool, with_context: bool },
    Import { name: Expr<'s>, target: &'s str, with_context: bool },
    FromImport { name: Expr<'s>, names: Vec<(&'s str, &'s str)>, with_context: bool },
    Extends(Expr<'s>),
    Block(Block<'s>),
    AutoEscape { enabled: Expr<'s>, body: Body<'s> },
    Do(Expr<'s>),
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct For<'s> {
    pub(crate) target: Target<'s>,
    pub(crate) iterable: Expr<'s>,
    pub(crate) condition: Option<Expr<'s>>,
    pub(crate) recursive: bool,
    pub(crate) mentions: Mentions,
    pub(crate) body: Body<'s>,
    pub(crate) otherwise: Body<'s>,
}

#[derive(Debug)]
pub(crate) struct Macro<'s> {
    pub(crate) name: &'s str,
    pub(crate) parameters: Vec<(&'s str, Option<Expr<'s>>)>,
    pub(crate) mentions: Mentions,
    pub(crate) body: Body<'s>,
}

#[derive(Debug)]
pub(crate) struct Block<'s> {
    pub(crate) name: &'s str,
    pub(crate) scoped: bool,
    pub(crate) required: bool,
    pub(crate) body: Body<'s>,
}

/// Which of the names that cost something to provide a body mentions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mentions(u8);

impl Mentions {
    pub(crate) const LOOP: Mentions = Mentions(1);
    pub(crate) const CALLER: Mentions = Mentions(2);
    pub(crate) const VARARGS: Mentions = Mentions(4);
    pub(crate) const KWARGS: Mentions = Mentions(8);

    pub(crate) fn of(name: &str) -> Self {
        match name {
            "loop" => Self::LOOP,
            "caller" => Self::CALLER,
            "varargs" => Self::VARARGS,
            "kwargs" => Self::KWARGS,
            _ => Self(0),
        }
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
