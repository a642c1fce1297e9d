//! Other templates and their blocks.

use super::Vm;
use super::context::{Context, Instance, Variables};
use super::frame::{Chain, Frame, RunningBlock, Then};
use crate::compile::{Entry, Program};
use crate::error::{Error, ErrorKind, Result};
use crate::html::Position;
use crate::value::{Cursor, Dict, V};

impl<'a> Vm<'a> {
    /// A frame that renders a whole template.
    pub(super) fn root(&mut self, program: &'a Program, context: &'a Context<'a>, then: Then<'a>) -> Result<Frame<'a>> {
        let instance = self.instance(program, context)?;
        self.register_blocks(instance);
        let base = self.slots.len();
        self.slots.resize(base + program.units[0].slots, V::Unset);
        Ok(self.frame(instance, 0, base, then))
    }

    /// Adds the blocks of a template behind those of the templates that extend it.
    fn register_blocks(&mut self, instance: &'a Instance<'a>) {
        let family = &mut self.families[instance.context.family];
        for block in &instance.program.blocks {
            let definition = (instance, block.unit, block.required);
            match family.iter_mut().find(|chain| chain.name == &*block.name) {
                Some(chain) => chain.definitions.push(definition),
                None => family.push(Chain { name: &block.name, definitions: vec![definition] }),
            }
        }
    }

    /// Loads a template, to be rendered at a position of a page.
    fn load(&mut self, name: &str, entry: Entry) -> Result<&'a Program> {
        self.includes += 1;
        if self.includes > self.engine.budget().includes {
            return Err(Error::budget("included templates"));
        }
        if let Some(program) = self.loaded(name, &entry) {
            return Ok(program);
        }
        let program = self.programs.push(self.engine.program(name, &entry)?);
        self.loaded.push((entry, program));
        Ok(program)
    }

    /// A template that this rendering has loaded already.
    fn loaded(&self, name: &str, entry: &Entry) -> Option<&'a Program> {
        let found = self.loaded.iter().find(|(found, program)| *program.source.name == *name && found == entry);
        found.map(|(_, program)| *program)
    }

    /// Loads the first template of a list of names, or the one with the name.
    fn load_any(&mut self, names: V<'a>, position: Position) -> Result<&'a Program> {
        let entry = || Entry { block: None, position };
        match names.gathered(self.arena)? {
            V::Str(name) | V::Safe(name) => self.load(name, entry()),
            V::List(_) | V::Tuple(_) => {
                let mut tried = Vec::new();
                for name in Cursor::new(self.arena, names)?.collect(self.arena)? {
                    let name = name.expect_str("the name of a template")?;
                    match self.load(name, entry()) {
                        Err(error) if error.kind() == ErrorKind::TemplateNotFound => tried.push(name),
                        loaded => return loaded,
                    }
                }
                let message = format!("none of these templates exists: {}", tried.join(", "));
                Err(Error::new(ErrorKind::TemplateNotFound, message))
            }
            names => Err(names.mismatch("the name of a template", "a string or a list of strings")),
        }
    }

    pub(super) fn include(&mut self, frame: &mut Frame<'a>, site: u32) -> Result<()> {
        let site = &frame.instance.program.sites[site as usize];
        let names = self.pop();
        let position = if site.html { site.entry } else { Position::default() };
        let program = match self.load_any(names, position) {
            Err(error) if site.ignore_missing && error.kind() == ErrorKind::TemplateNotFound => return Ok(()),
            loaded => loaded?,
        };
        if site.html && program.units[0].exit.after_unknown() != position.after_unknown() {
            return Err(ends_elsewhere(&program.source.name));
        }
        let context = if site.with_context {
            self.overlay(frame.instance, &site.locals, frame.base, None)?
        } else {
            let nothing = Variables::Dict(Dict::new(self.arena)?);
            self.context(nothing, None)?
        };
        let callee = self.root(program, context, Then::Nothing)?;
        self.enter(frame, callee)
    }

    pub(super) fn import(&mut self, frame: &mut Frame<'a>, site: u32) -> Result<()> {
        let site = &frame.instance.program.sites[site as usize];
        let names = self.pop();
        let program = self.load_any(names, Position::default())?;
        let context = if site.with_context {
            self.overlay(frame.instance, &site.locals, frame.base, None)?
        } else {
            let nothing = Variables::Dict(Dict::new(self.arena)?);
            self.context(nothing, None)?
        };
        let then = Then::Module { start: self.out.len(), name: &program.source.name };
        let callee = self.root(program, context, then)?;
        self.enter(frame, callee)
    }

    pub(super) fn extends(&mut self, frame: &mut Frame<'a>) -> Result<()> {
        let names = self.pop();
        if frame.parent.is_some() {
            return Err(Error::new(ErrorKind::Syntax, "the template extends two templates"));
        }
        let program = self.load_any(names, frame.unit.entry)?;
        let instance = self.instance(program, frame.instance.context)?;
        self.register_blocks(instance);
        frame.parent = Some((program, self.out.len()));
        Ok(())
    }

    pub(super) fn block(&mut self, frame: &mut Frame<'a>, site: u32) -> Result<()> {
        let site = &frame.instance.program.sites[site as usize];
        let family = frame.instance.context.family;
        let found = self.families[family].iter().position(|chain| *chain.name == *site.name);
        let Some(chain) = found else { return Err(super::dispatch::broken()) };
        let (mut instance, mut unit, required) = self.families[family][chain].definitions[0];
        if required {
            let message = format!("the block `{}` is required, and no template defines it", site.name);
            return Err(Error::new(ErrorKind::UnknownName, message));
        }
        if site.html {
            (instance, unit) = self.variant(instance, unit, &site.name, site.entry)?;
            if instance.program.units[unit].exit.after_unknown() != site.exit.after_unknown() {
                return Err(ends_elsewhere(&site.name));
            }
        }
        if site.scoped {
            let context = self.overlay(frame.instance, &site.locals, frame.base, Some(family))?;
            instance = self.instance(instance.program, context)?;
        }
        let base = self.slots.len();
        self.slots.resize(base + instance.program.units[unit].slots, V::Unset);
        let mut callee = self.frame(instance, unit, base, Then::Nothing);
        callee.block = Some(RunningBlock { chain, depth: 0 });
        self.enter(frame, callee)
    }

    /// The code of a block for the position where it is rendered.
    fn variant(
        &mut self,
        instance: &'a Instance<'a>,
        unit: usize,
        name: &str,
        position: Position,
    ) -> Result<(&'a Instance<'a>, usize)> {
        if instance.program.units[unit].entry == position {
            return Ok((instance, unit));
        }
        let entry = Entry { block: Some(name.into()), position };
        let source = &instance.program.source;
        let program = match self.loaded(&source.name, &entry) {
            Some(program) => program,
            None => {
                let program = self.programs.push(self.engine.variant(instance.program, &entry)?);
                self.loaded.push((entry, program));
                program
            }
        };
        let unit = program.blocks.iter().find(|block| *block.name == *name).map(|block| block.unit);
        let unit = unit.ok_or_else(super::dispatch::broken)?;
        Ok((self.instance(program, instance.context)?, unit))
    }

    /// Renders a block of `self`, as a value.
    pub(super) fn own_block(&mut self, frame: &mut Frame<'a>, family: usize, name: &str) -> Result<()> {
        let Some(chain) = self.families[family].iter().position(|chain| chain.name == name) else {
            return Err(Error::new(ErrorKind::UnknownName, format!("there is no block `{name}`")));
        };
        self.captured_block(frame, chain, 0)
    }

    pub(super) fn super_block(&mut self, frame: &mut Frame<'a>, levels: usize) -> Result<()> {
        let Some(block) = frame.block else { return Err(super::dispatch::broken()) };
        self.captured_block(frame, block.chain, block.depth + levels)
    }

    fn captured_block(&mut self, frame: &mut Frame<'a>, chain: usize, depth: usize) -> Result<()> {
        let blocks = &self.families[frame.instance.context.family][chain];
        let Some((instance, unit, _)) = blocks.definitions.get(depth).copied() else {
            return Err(Error::undefined("super").with_help(format!("no parent defines the block `{}`", blocks.name)));
        };
        let name = blocks.name;
        let (mut instance, unit) = self.variant(instance, unit, name, Position::default())?;
        // What the block around it sees, its parent's block sees as well.
        if depth > 0 && !std::ptr::eq(instance.context, frame.instance.context) {
            instance = self.instance(instance.program, frame.instance.context)?;
        }
        let base = self.slots.len();
        self.slots.resize(base + instance.program.units[unit].slots, V::Unset);
        let safe = instance.program.units[unit].safe;
        let then = Then::Value { start: self.out.len(), safe };
        let mut callee = self.frame(instance, unit, base, then);
        callee.block = Some(RunningBlock { chain, depth });
        self.enter(frame, callee)
    }
}

fn ends_elsewhere(name: &str) -> Error {
    let message = format!("`{name}` ends at another position of the page than what is around it continues at");
    Error::new(ErrorKind::UnsafePosition, message).with_help("close every tag, quote and script where it was opened")
}
