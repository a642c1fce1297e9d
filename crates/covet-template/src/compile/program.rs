//! What a template is compiled to.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::builtins::{Filter, Test};
use crate::function::Custom;
use crate::html::{Escape, Position};
use crate::source::{Source, Span};
use crate::syntax::ast::{Binary, Compare};

/// A compiled template. Jumps stay inside of a unit; units call each other by number.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) source: Source,
    pub(crate) units: Vec<Unit>,
    pub(crate) texts: Vec<Box<str>>,
    pub(crate) constants: Vec<Constant>,
    /// The variables of the context that are mentioned.
    pub(crate) names: Vec<Box<str>>,
    /// Names of attributes, methods and exports.
    pub(crate) words: Vec<Box<str>>,
    pub(crate) calls: Vec<CallSite>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) sites: Vec<Site>,
    /// How long its output was the last time.
    pub(crate) usual_length: AtomicUsize,
}

impl Program {
    pub(crate) fn unit_name(&self, unit: usize) -> &str {
        self.units.get(unit).map_or("", |unit| &unit.name)
    }
}

/// Code that runs in a frame of its own: a template's body, a block, a macro, the body of a recursive loop.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) name: Box<str>,
    pub(crate) ops: Vec<Op>,
    pub(crate) spans: Vec<Span>,
    pub(crate) slots: usize,
    pub(crate) parameters: Vec<Box<str>>,
    pub(crate) defaults: usize,
    pub(crate) caller: Option<u32>,
    pub(crate) varargs: Option<u32>,
    pub(crate) kwargs: Option<u32>,
    /// Slots of this unit that begin with a value of the unit around it.
    pub(crate) captures: Vec<u32>,
    /// Whether the output is HTML that needs no escaping.
    pub(crate) safe: bool,
    pub(crate) entry: Position,
    pub(crate) exit: Position,
}

impl Unit {
    /// Whether a call of it gives values to its parameters only.
    pub(crate) fn is_plain(&self) -> bool {
        self.captures.is_empty() && self.caller.is_none() && self.varargs.is_none() && self.kwargs.is_none()
    }
}

#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) name: Box<str>,
    pub(crate) unit: usize,
    pub(crate) required: bool,
}

/// A place where another template or a block is rendered.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) name: Box<str>,
    /// The local variables that are visible there.
    pub(crate) locals: Vec<(Box<str>, u32)>,
    pub(crate) scoped: bool,
    pub(crate) ignore_missing: bool,
    pub(crate) with_context: bool,
    pub(crate) entry: Position,
    pub(crate) exit: Position,
    /// Whether the place is analysed as HTML at all.
    pub(crate) html: bool,
}

#[derive(Debug)]
pub(crate) enum Constant {
    /// What a conditional expression without `else` may be.
    Nothing,
    None,
    Bool(bool),
    Int(i64),
    Big(i128),
    Float(f64),
    Text(Box<str>),
}

/// The arguments of a call, and what is called where that is known.
#[derive(Debug)]
pub(crate) struct CallSite {
    pub(crate) callee: Callee,
    pub(crate) name: Box<str>,
    pub(crate) positional: usize,
    pub(crate) keywords: Vec<Box<str>>,
    pub(crate) star: bool,
    pub(crate) star_star: bool,
    pub(crate) escapes: bool,
}

impl CallSite {
    /// Whether there are positional arguments only.
    pub(crate) fn is_plain(&self) -> bool {
        self.keywords.is_empty() && !self.star && !self.star_star
    }
}

#[derive(Debug)]
pub(crate) enum Callee {
    /// What lies on the stack.
    Value,
    Filter(Filter),
    Test(Test),
    Custom(Arc<Custom>),
}

/// An instruction of the stack machine.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Text(u32),
    /// A text before a slot, and before an attribute of a slot.
    TextEmitSlot(u32, Escape, u16),
    TextEmitSlotAttribute(u32, Escape, u16, u16),
    /// A text that ends an iteration.
    TextAgain(u32, u32),
    Emit(Escape),
    /// Writes a slot, the commonest expression.
    EmitSlot(Escape, u32),
    Constant(u32),
    Slot(u32),
    /// A slot that is shared with the unit around this one.
    SharedSlot(u32),
    /// Pushes what a macro shares of a slot; the second slot holds it.
    Share(u32, u32),
    /// Tells those who share a slot what it holds now.
    Update(u32, u32),
    Name(u32),
    Blocks,
    SetSlot(u32),
    SetName(u32),
    SetAttribute(u32),
    Pop,
    Attribute(u32),
    /// An attribute of a slot, the commonest pair of instructions.
    SlotAttribute(u16, u16),
    /// Writes an attribute of a slot.
    EmitSlotAttribute(Escape, u16, u16),
    /// A field of the `loop` in a slot.
    LoopAttribute(u16, LoopPart),
    Item,
    Slice,
    List(u32),
    Tuple(u32),
    Dict(u32),
    Concat(u32, bool),
    Binary(Binary),
    Not,
    Negative,
    Positive,
    Compare(Compare),
    /// A link of a chain: keeps the right side, or leaves the chain with false.
    Chain(Compare, u32),
    Jump(u32),
    JumpIfFalse(u32),
    /// The same after a comparison, and after asking a `loop` in a slot.
    JumpUnless(Compare, u32),
    JumpUnlessLoop(u16, LoopPart, u32),
    /// Pops, and jumps if it was undefined or none.
    JumpIfMissing(u32),
    JumpIfFalseOrPop(u32),
    JumpIfTrueOrPop(u32),
    Filter(u32),
    Test(u32),
    Call(u32),
    /// The same before an `Emit`, which a macro whose text needs no escaping makes needless.
    CallToOutput(u32),
    Method(u32),
    /// Starts a loop over what is on the stack; with a slot for `loop` where the body mentions it.
    For(Option<std::num::NonZeroU32>),
    /// The next item, or a jump to the end.
    Next(u32),
    /// The same, into a slot.
    NextInto(u32, u32),
    /// Ends an iteration.
    Again(u32),
    /// Ends a loop and jumps over its `else` if an iteration came to its end.
    EndFor(u32),
    /// Appends to the list under the item.
    Append,
    Unpack(u32),
    Capture,
    EndCapture(bool),
    DropCapture,
    Macro(u32),
    ForRecursive(u32),
    /// Jumps if an argument was given.
    IfGiven(u32, u32),
    Include(u32),
    Import(u32),
    ImportName(u32),
    Extends,
    Block(u32),
    Super(u32),
    /// Jumps if the template extends another one, which decided so at run time.
    IfExtends(u32),
    Fail(u32),
    Return,
}

/// What a template can ask of a `loop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoopPart {
    Index,
    Index0,
    RevIndex,
    RevIndex0,
    First,
    Last,
    Length,
    Depth,
    Depth0,
    PrevItem,
    NextItem,
}

const LOOP_PARTS: [(&str, LoopPart); 11] = [
    ("index", LoopPart::Index),
    ("index0", LoopPart::Index0),
    ("revindex", LoopPart::RevIndex),
    ("revindex0", LoopPart::RevIndex0),
    ("first", LoopPart::First),
    ("last", LoopPart::Last),
    ("length", LoopPart::Length),
    ("depth", LoopPart::Depth),
    ("depth0", LoopPart::Depth0),
    ("previtem", LoopPart::PrevItem),
    ("nextitem", LoopPart::NextItem),
];

impl LoopPart {
    pub(crate) fn named(name: &str) -> Option<Self> {
        LOOP_PARTS.iter().find(|(found, _)| *found == name).map(|(_, part)| *part)
    }

    pub(crate) fn name(self) -> &'static str {
        LOOP_PARTS.iter().find(|(_, part)| *part == self).map_or("", |(name, _)| name)
    }
}
