//! Running compiled templates.
//!
//! Calls of macros, blocks, loops and other templates are frames on a list and never calls of Rust functions, so that
//! no template can exhaust the native stack, and their depth is a number with a limit.

mod arguments;
mod attribute;
mod call;
pub(crate) mod compiled;
mod context;
mod dispatch;
mod frame;
mod programs;
mod template;
mod workspace;

pub(crate) use attribute::object_attribute;
pub(crate) use call::call_custom;
pub(crate) use context::{Context, Instance, Variables};
pub(crate) use programs::Programs;
pub(crate) use workspace::Workspace;

use self::frame::{Chain, Frame, LoopFrame, Then};
use self::workspace::Lists;
use crate::builtins::Cx;
use crate::compile::Program;
use crate::engine::Engine;
use crate::error::{Error, Result, closest};
use crate::policy::Undefined;
use crate::value::{Arena, Text, V};

use std::sync::atomic::Ordering;

/// The state of one rendering.
pub(crate) struct Vm<'a> {
    arena: &'a Arena,
    engine: &'a Engine,
    programs: &'a Programs,
    loaded: Vec<(crate::compile::Entry, &'a Program)>,
    out: Text,
    /// Where values are printed that have to be escaped.
    scratch: Text,
    stack: Vec<V<'a>>,
    slots: Vec<V<'a>>,
    loops: Vec<LoopFrame<'a>>,
    captures: Vec<usize>,
    frames: Vec<Frame<'a>>,
    families: Vec<Vec<Chain<'a>>>,
    includes: usize,
    undefined: Undefined,
}

impl<'a> Vm<'a> {
    pub(crate) fn new(engine: &'a Engine, arena: &'a Arena, programs: &'a Programs, workspace: &mut Workspace) -> Self {
        let Lists { stack, slots, loops, frames } = workspace.lists();
        Self {
            arena,
            engine,
            programs,
            loaded: Vec::new(),
            out: Text::output(engine.budget().output),
            scratch: Text::within(workspace.take_scratch(), engine.budget().memory / 4),
            stack,
            slots,
            loops,
            captures: Vec::new(),
            frames,
            families: Vec::new(),
            includes: 0,
            undefined: engine.undefined(),
        }
    }

    /// Renders a program and answers its output.
    pub(crate) fn render(
        mut self,
        program: &'a Program,
        variables: Variables<'a>,
        workspace: &mut Workspace,
    ) -> Result<String> {
        // The last rendering tells how much room this one will need.
        self.out.make_room(program.usual_length.load(Ordering::Relaxed));
        let context = self.context(variables, None)?;
        let frame = self.root(program, context, Then::Nothing)?;
        self.run(frame)?;
        let rendered = self.out.into_string();
        program.usual_length.store(rendered.len(), Ordering::Relaxed);
        let Self { stack, slots, loops, frames, .. } = self;
        workspace.put_back(Lists { stack, slots, loops, frames });
        workspace.put_scratch(self.scratch);
        Ok(rendered)
    }

    /// Runs a program that is an expression and answers its value.
    pub(crate) fn evaluate(mut self, program: &'a Program, variables: Variables<'a>) -> Result<V<'a>> {
        let context = self.context(variables, None)?;
        let frame = self.root(program, context, Then::Nothing)?;
        self.run(frame)?;
        Ok(self.stack.pop().unwrap_or(V::None))
    }

    fn cx(&self, escapes: bool) -> Cx<'a> {
        Cx { arena: self.arena, engine: self.engine, escapes }
    }

    fn pop(&mut self) -> V<'a> {
        self.stack.pop().unwrap_or(V::None)
    }

    /// Refuses what is undefined where the behaviour says so.
    #[inline]
    fn check_defined(&self, value: V<'a>) -> Result<()> {
        match value {
            V::Undefined(name) if self.undefined == Undefined::Strict && !name.is_empty() => {
                Err(Error::undefined(name))
            }
            _ => Ok(()),
        }
    }

    /// Runs until the first frame returns, and says where it went wrong.
    fn run(&mut self, mut frame: Frame<'a>) -> Result<()> {
        let outcome = self.arena.spend(frame.unit.ops.len()).and_then(|()| self.dispatch(&mut frame));
        // An error where none can be answered, while the last values were read, comes to light here at the latest.
        let Err(mut error) = outcome.and_then(|()| self.arena.spend(1)) else { return Ok(()) };
        if let Some(name) = error.helpless_name()
            && frame.instance.program.names.iter().any(|known| **known == *name)
            && name.len() > 1
            && let Some(meant) = closest(name, self.known_names(frame.instance))
            && meant != name
        {
            error = error.with_help(format!("did you mean `{meant}`?"));
        }
        error = frame.place(error);
        let mut program: *const Program = frame.instance.program;
        while let Some(caller) = self.frames.pop() {
            if !std::ptr::eq(program, caller.instance.program) {
                error = caller.place(error);
                program = caller.instance.program;
            }
        }
        Err(error)
    }

    /// Enters a frame; what is running now waits until it returns.
    fn enter(&mut self, frame: &mut Frame<'a>, callee: Frame<'a>) -> Result<()> {
        if self.frames.len() >= self.engine.budget().call_depth {
            self.slots.truncate(callee.base);
            return Err(Error::budget("call depth"));
        }
        self.arena.spend(callee.unit.ops.len())?;
        self.frames.push(std::mem::replace(frame, callee));
        Ok(())
    }

    /// Leaves a frame; false if it was the first.
    fn leave(&mut self, frame: &mut Frame<'a>) -> Result<bool> {
        if let Some((parent, start)) = frame.parent.take() {
            self.out.truncate(start);
            let context = frame.instance.context;
            let instance = self.instance(parent, context)?;
            frame.unit = &parent.units[0];
            self.arena.spend(frame.unit.ops.len())?;
            frame.instance = instance;
            frame.ip = 0;
            self.slots.resize(frame.base + frame.unit.slots, V::Unset);
            return Ok(true);
        }
        self.slots.truncate(frame.base);
        self.loops.truncate(frame.loops);
        match frame.then {
            Then::Nothing => {}
            Then::Value { start, safe } => {
                let text = self.arena.str(&self.out.as_str()[start..])?;
                self.out.truncate(start);
                self.stack.push(if safe { V::Safe(text) } else { V::Str(text) });
            }
            Then::Module { start, name } => {
                let body = self.arena.str(&self.out.as_str()[start..])?;
                self.out.truncate(start);
                let module = crate::value::Module { name, context: frame.instance.context, body };
                self.stack.push(V::Object(self.arena.alloc(crate::value::Object::Module(module))?));
            }
        }
        match self.frames.pop() {
            Some(caller) => {
                *frame = caller;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
