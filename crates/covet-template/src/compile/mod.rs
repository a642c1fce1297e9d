//! From a tree to flat code: names become slots, filters become functions, and every hole gets its escaping.

mod assigned;
mod expression;
mod loops;
mod macros;
mod program;
mod statement;
mod templates;
mod unit;

#[cfg(feature = "codegen")]
pub(crate) use assigned::targets;
pub(crate) use program::{CallSite, Callee, Constant, LoopPart, Op, Program, Site, Unit};

use std::collections::HashMap;

use self::unit::UnitBuilder;
use crate::engine::{Engine, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::html::Position;
use crate::source::{Source, Span};
use crate::syntax::ast::Body;
use crate::syntax::{parse, parse_expression};

/// A program has at most this many instructions; branches that are compiled twice count twice.
const MAX_OPS: usize = 500_000;
/// A unit has at most this many local variables.
const MAX_SLOTS: usize = 2_000;

/// Where in a page a template, or one of its blocks, is going to be rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    /// The block that begins there; the template's body if there is none.
    pub(crate) block: Option<Box<str>>,
    pub(crate) position: Position,
}

/// Compiles a template.
pub(crate) fn compile(engine: &Engine, source: &Source, format: Format, entry: &Entry) -> Result<Program> {
    let body = parse(source, engine.syntax())?;
    let mut compiler = Compiler::new(engine, source, format, entry);
    compiler.root(&body)?;
    Ok(compiler.finish())
}

/// Compiles an expression; its value is what is left on the stack.
pub(crate) fn compile_expression(engine: &Engine, source: &Source) -> Result<Program> {
    let expression = parse_expression(source)?;
    let entry = Entry::default();
    let mut compiler = Compiler::new(engine, source, Format::Text, &entry);
    compiler.units.push(UnitBuilder::new("", Position::default(), true));
    compiler.expression(&expression)?;
    compiler.close_root(expression.span);
    Ok(compiler.finish())
}

struct Compiler<'s, 'e> {
    engine: &'e Engine,
    source: &'s Source,
    program: Program,
    known_names: HashMap<Box<str>, u32>,
    known_words: HashMap<Box<str>, u32>,
    /// The units that are being compiled, the innermost last.
    units: Vec<UnitBuilder<'s>>,
    entry: &'e Entry,
    position: Position,
    format: Format,
    /// Whether values are escaped here.
    escapes: bool,
    /// How many branches surround the code; Jinja2 lets unknown filters fail there only when they are reached.
    branches: usize,
    /// Whether the template extends another one for certain, so that its own body has no output.
    extends: bool,
    ops: usize,
}

impl<'s, 'e> Compiler<'s, 'e> {
    fn new(engine: &'e Engine, source: &'s Source, format: Format, entry: &'e Entry) -> Self {
        let program = Program {
            source: source.clone(),
            units: Vec::new(),
            texts: Vec::new(),
            constants: Vec::new(),
            names: Vec::new(),
            words: Vec::new(),
            calls: Vec::new(),
            blocks: Vec::new(),
            sites: Vec::new(),
            usual_length: Default::default(),
        };
        Self {
            engine,
            source,
            program,
            known_names: HashMap::new(),
            known_words: HashMap::new(),
            units: Vec::new(),
            entry,
            position: Position::default(),
            format,
            escapes: format != Format::Text,
            branches: 0,
            extends: false,
            ops: 0,
        }
    }

    fn root(&mut self, body: &Body<'s>) -> Result<()> {
        if self.entry.block.is_none() {
            self.position = self.entry.position;
        }
        // The root is the first unit, and it is finished last.
        self.program.units.push(UnitBuilder::new("", self.position, true).unit);
        self.units.push(UnitBuilder::new("", self.position, true));
        self.body(body)?;
        self.close_root(Span::default());
        Ok(())
    }

    fn close_root(&mut self, span: Span) {
        self.emit(Op::Return, span);
        let position = self.position;
        let Some(mut builder) = self.units.pop() else { return };
        builder.unit.exit = position;
        builder.unit.safe = self.format == Format::Html;
        match self.program.units.first_mut() {
            Some(root) => *root = builder.unit,
            None => self.program.units.push(builder.unit),
        }
    }

    fn finish(self) -> Program {
        self.program
    }

    fn builder(&mut self) -> &mut UnitBuilder<'s> {
        let last = self.units.len() - 1;
        &mut self.units[last]
    }

    fn emit(&mut self, op: Op, span: Span) -> usize {
        self.ops += 1;
        self.builder().emit(op, span)
    }

    fn check_size(&self, span: Span) -> Result<()> {
        let slots = self.units.last().map_or(0, |unit| unit.unit.slots);
        if self.ops > MAX_OPS || slots > MAX_SLOTS {
            return Err(self.fail(ErrorKind::Syntax, "the template compiles to too much code", span));
        }
        Ok(())
    }

    fn land(&mut self, jump: usize) {
        self.builder().land(jump);
    }

    fn fail(&self, kind: ErrorKind, message: impl Into<String>, span: Span) -> Error {
        Error::new(kind, message).at(self.source, span)
    }

    fn html(&self) -> bool {
        self.format == Format::Html
    }

    fn constant(&mut self, constant: Constant, span: Span) {
        self.program.constants.push(constant);
        let index = self.program.constants.len() as u32 - 1;
        self.emit(Op::Constant(index), span);
    }

    fn name(&mut self, name: &str) -> u32 {
        intern(&mut self.program.names, &mut self.known_names, name)
    }

    fn word(&mut self, name: &str) -> u32 {
        intern(&mut self.program.words, &mut self.known_words, name)
    }

    /// The slot of a name in the innermost unit, captured from the units around it where it is theirs.
    fn resolve(&mut self, name: &'s str) -> Option<u32> {
        let owner = self.units.iter().rposition(|unit| unit.local(name).is_some())?;
        for unit in &mut self.units[owner + 1..] {
            unit.capture(name);
        }
        self.builder().local(name)
    }

    fn load(&mut self, name: &'s str, span: Span) {
        let op = match self.resolve(name) {
            Some(slot) if self.builder().is_captured(slot) => Op::SharedSlot(slot),
            Some(slot) => Op::Slot(slot),
            None if name == "self" => Op::Blocks,
            None => Op::Name(self.name(name)),
        };
        self.emit(op, span);
    }

    /// Stores the top of the stack in a name of the innermost scope.
    fn store(&mut self, name: &'s str, span: Span) {
        if self.builder().is_root() {
            let name = self.name(name);
            self.emit(Op::SetName(name), span);
            return;
        }
        let slot = match self.builder().own(name) {
            Some(slot) => slot,
            None => self.builder().declare(name),
        };
        self.emit(Op::SetSlot(slot), span);
        if let Some(shared) = self.builder().shared(slot) {
            self.emit(Op::Update(slot, shared), span);
        }
    }

    /// Opens a scope in which the names that the body assigns begin with what they are outside of it.
    fn open_scope(&mut self, body: &Body<'s>, span: Span) {
        self.builder().open_scope();
        self.declare_assigned(body, span);
    }

    fn declare_assigned(&mut self, body: &Body<'s>, span: Span) {
        let mut names = Vec::new();
        assigned::assigned(body, &mut names);
        for name in names {
            if self.builder().own(name).is_some() {
                continue;
            }
            self.load(name, span);
            let slot = self.builder().declare(name);
            self.emit(Op::SetSlot(slot), span);
        }
    }

    fn close_scope(&mut self) {
        self.builder().close_scope();
    }

    /// The local variables that another template would see from here.
    fn visible_locals(&mut self) -> Vec<(Box<str>, u32)> {
        let mut names: Vec<&'s str> = Vec::new();
        for unit in &self.units {
            for name in unit.visible() {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names.into_iter().filter_map(|name| Some((name.into(), self.resolve(name)?))).collect()
    }

    /// Finishes the innermost unit and answers its number and the names it captures.
    fn close_unit(&mut self, safe: bool, span: Span) -> (usize, Vec<&'s str>) {
        self.emit(Op::Return, span);
        let position = self.position;
        let Some(mut builder) = self.units.pop() else { return (0, Vec::new()) };
        builder.unit.exit = position;
        builder.unit.safe = safe;
        self.program.units.push(builder.unit);
        (self.program.units.len() - 1, builder.captured)
    }

    /// Pushes what a unit uses of the scopes around it. What a macro uses, it shares, so that it sees what is assigned
    /// after it was defined: itself, for one.
    fn load_captures(&mut self, captured: &[&'s str], shares: bool, span: Span) {
        for name in captured {
            let Some(slot) = self.resolve(name) else {
                self.load(name, span);
                continue;
            };
            let op = if shares && !self.builder().is_captured(slot) {
                Op::Share(slot, self.builder().share(slot))
            } else {
                Op::Slot(slot)
            };
            self.emit(op, span);
        }
        let count = captured.len() as u32;
        self.emit(Op::Tuple(count), span);
    }
}

/// The number of a name, the same one every time.
fn intern(names: &mut Vec<Box<str>>, known: &mut HashMap<Box<str>, u32>, name: &str) -> u32 {
    if let Some(number) = known.get(name) {
        return *number;
    }
    let number = names.len() as u32;
    names.push(name.into());
    known.insert(name.into(), number);
    number
}
