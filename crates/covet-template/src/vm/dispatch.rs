//! The loop that runs instructions.
//!
//! Work is paid for where it can repeat: a frame pays for its whole unit when it is entered, and a loop for its body in
//! every iteration, which is never less than what then runs.

use super::Vm;
use super::frame::{Frame, LoopFrame};
use crate::compile::{Constant, Op, Unit};
use crate::error::{Error, ErrorKind, Result};
use crate::escape;
use crate::html::Escape;
use crate::policy::Undefined;
use crate::value::{self, Arena, Cursor, Dict, List, LoopState, MacroValue, Object, RecursiveLoop, Text, V};

use std::cell::Cell;

impl<'a> Vm<'a> {
    pub(super) fn dispatch(&mut self, frame: &mut Frame<'a>) -> Result<()> {
        let arena = self.arena;
        // The code and the place in it are kept at hand; the frame knows the place for errors and for calls.
        let mut unit: &'a Unit = frame.unit;
        let mut texts: &'a [Box<str>] = &frame.instance.program.texts;
        let mut ip = frame.ip;
        macro_rules! resume {
            () => {{
                unit = frame.unit;
                texts = &frame.instance.program.texts;
                ip = frame.ip;
            }};
        }
        loop {
            let Some(op) = unit.ops.get(ip) else { return Err(broken()) };
            ip += 1;
            frame.ip = ip;
            match *op {
                Op::Text(text) => self.out.push_str(&texts[text as usize])?,
                Op::TextEmitSlot(text, escape, slot) => {
                    self.out.push_str(&texts[text as usize])?;
                    let value = &self.slots[frame.base + slot as usize];
                    emit(arena, escape, value, &mut self.scratch, &mut self.out)?;
                }
                Op::TextEmitSlotAttribute(text, escape, slot, word) => {
                    self.out.push_str(&texts[text as usize])?;
                    let of = self.slots[frame.base + slot as usize];
                    match self.attribute(frame.instance, of, u32::from(word)) {
                        Ok(ref value) => emit(arena, escape, value, &mut self.scratch, &mut self.out)?,
                        Err(error) => return Err(error),
                    }
                }
                Op::TextAgain(text, start) => {
                    self.out.push_str(&texts[text as usize])?;
                    if let Some(running) = self.loops.last_mut() {
                        running.ended = true;
                    }
                    ip = start as usize;
                }
                Op::Emit(escape) => {
                    if let Some(value) = self.stack.last() {
                        emit(arena, escape, value, &mut self.scratch, &mut self.out)?;
                    }
                    self.stack.truncate(self.stack.len().saturating_sub(1));
                }
                Op::EmitSlot(escape, slot) => {
                    let value = &self.slots[frame.base + slot as usize];
                    emit(arena, escape, value, &mut self.scratch, &mut self.out)?;
                }
                Op::Constant(index) => {
                    let value = match &frame.instance.program.constants[index as usize] {
                        Constant::None => V::None,
                        Constant::Nothing => V::Undefined(""),
                        Constant::Bool(value) => V::Bool(*value),
                        Constant::Int(number) => V::Int(*number),
                        Constant::Big(number) => V::Big(number),
                        Constant::Float(number) => V::Float(*number),
                        Constant::Text(text) => V::Str(text),
                    };
                    self.stack.push(value);
                }
                Op::Slot(slot) => self.stack.push(self.slots[frame.base + slot as usize]),
                Op::SharedSlot(slot) => self.stack.push(self.slots[frame.base + slot as usize].unshared()),
                Op::Name(name) => {
                    let value = self.load_name(frame.instance, name)?;
                    self.stack.push(value);
                }
                Op::SetSlot(slot) => {
                    let value = self.pop();
                    self.slots[frame.base + slot as usize] = value;
                }
                Op::SetName(name) => {
                    let value = self.pop();
                    self.store_name(frame.instance, name, value)?;
                }
                Op::Pop => {
                    self.pop();
                }
                Op::Attribute(word) => {
                    let of = self.pop();
                    let value = self.attribute(frame.instance, of, word)?;
                    self.stack.push(value);
                }
                Op::SlotAttribute(slot, word) => {
                    let of = self.slots[frame.base + slot as usize];
                    let value = self.attribute(frame.instance, of, u32::from(word))?;
                    self.stack.push(value);
                }
                Op::EmitSlotAttribute(escape, slot, word) => {
                    let of = self.slots[frame.base + slot as usize];
                    match self.attribute(frame.instance, of, u32::from(word)) {
                        Ok(ref value) => emit(arena, escape, value, &mut self.scratch, &mut self.out)?,
                        Err(error) => return Err(error),
                    }
                }
                Op::LoopAttribute(slot, part) => {
                    let of = self.slots[frame.base + slot as usize];
                    let value = self.loop_attribute(of, part)?;
                    self.stack.push(value);
                }
                Op::Item => {
                    let (key, of) = (self.pop(), self.pop());
                    let value = self.item(of, key)?;
                    self.stack.push(value);
                }
                Op::Binary(operator) => {
                    let (right, left) = (self.pop(), self.pop());
                    self.stack.push(value::binary(arena, operator, left, right)?);
                }
                Op::Not => {
                    let operand = self.pop();
                    self.check_defined(operand)?;
                    self.stack.push(V::Bool(!operand.is_true()));
                }
                Op::Compare(operator) => {
                    let (right, left) = (self.pop(), self.pop());
                    self.check_defined(left)?;
                    self.check_defined(right)?;
                    self.stack.push(V::Bool(value::compare(arena, operator, left, right)?));
                }
                Op::Chain(operator, exit) => {
                    let (right, left) = (self.pop(), self.pop());
                    self.check_defined(left)?;
                    self.check_defined(right)?;
                    if value::compare(arena, operator, left, right)? {
                        self.stack.push(right);
                    } else {
                        self.stack.push(V::Bool(false));
                        ip = exit as usize;
                    }
                }
                Op::Jump(target) => ip = target as usize,
                Op::JumpIfFalse(target) => {
                    let condition = self.pop();
                    self.check_defined(condition)?;
                    if !condition.is_true() {
                        ip = target as usize;
                    }
                }
                Op::JumpIfMissing(target) => {
                    let value = self.pop();
                    if value.is_undefined() || value.is_none() {
                        ip = target as usize;
                    }
                }
                Op::JumpUnless(operator, target) => {
                    // Numbers are compared where they lie: moving what was just written is slow.
                    if let [.., V::Int(left), V::Int(right)] = self.stack.as_slice()
                        && let Some(holds) = operator.holds(left.cmp(right))
                    {
                        self.stack.truncate(self.stack.len() - 2);
                        if !holds {
                            ip = target as usize;
                        }
                        continue;
                    }
                    let (right, left) = (self.pop(), self.pop());
                    self.check_defined(left)?;
                    self.check_defined(right)?;
                    if !value::compare(arena, operator, left, right)? {
                        ip = target as usize;
                    }
                }
                Op::JumpUnlessLoop(slot, part, target) => {
                    let of = self.slots[frame.base + slot as usize];
                    let condition = self.loop_attribute(of, part)?;
                    self.check_defined(condition)?;
                    if !condition.is_true() {
                        ip = target as usize;
                    }
                }
                Op::JumpIfFalseOrPop(target) | Op::JumpIfTrueOrPop(target) => {
                    let condition = self.stack.last().copied().unwrap_or(V::None);
                    self.check_defined(condition)?;
                    if condition.is_true() == matches!(op, Op::JumpIfTrueOrPop(_)) {
                        ip = target as usize;
                    } else {
                        self.pop();
                    }
                }
                Op::Filter(site) => self.filter(frame, site)?,
                Op::Test(site) => self.test(frame, site)?,
                Op::Call(site) => {
                    self.call(frame, site)?;
                    resume!();
                }
                Op::CallToOutput(site) => {
                    self.call_to_output(frame, site)?;
                    resume!();
                }
                Op::Method(site) => {
                    self.method(frame, site)?;
                    resume!();
                }
                Op::For(slot) => {
                    let iterable = self.pop();
                    self.check_defined(iterable)?;
                    let cursor = Cursor::new(arena, iterable)?;
                    let mut object = None;
                    if let Some(slot) = slot {
                        let state = self.loop_object(frame, &cursor)?;
                        self.slots[frame.base + slot.get() as usize - 1] = V::Object(state);
                        if let Object::Loop(state) = state {
                            object = Some(state);
                        }
                    }
                    self.loops.push(LoopFrame { cursor, began: false, ended: false, object, item: V::None });
                }
                Op::Next(exit) => match self.next_item()? {
                    Some(item) => {
                        arena.spend((exit as usize).saturating_sub(ip))?;
                        self.stack.push(item);
                    }
                    None => ip = exit as usize,
                },
                Op::NextInto(slot, exit) => match self.next_item()? {
                    Some(item) => {
                        arena.spend((exit as usize).saturating_sub(ip))?;
                        self.slots[frame.base + slot as usize] = item;
                    }
                    None => ip = exit as usize,
                },
                Op::Again(start) => {
                    if let Some(running) = self.loops.last_mut() {
                        running.ended = true;
                    }
                    ip = start as usize;
                }
                Op::EndFor(target) => {
                    if self.loops.pop().is_some_and(|running| running.ended) {
                        ip = target as usize;
                    }
                }
                Op::IfGiven(slot, target) => {
                    if !matches!(self.slots[frame.base + slot as usize], V::Unset) {
                        ip = target as usize;
                    }
                }
                Op::Include(site) => {
                    self.include(frame, site)?;
                    resume!();
                }
                Op::Import(site) => {
                    self.import(frame, site)?;
                    resume!();
                }
                Op::Extends => self.extends(frame)?,
                Op::Block(site) => {
                    self.block(frame, site)?;
                    resume!();
                }
                Op::Super(levels) => {
                    self.super_block(frame, levels as usize)?;
                    resume!();
                }
                Op::IfExtends(target) => {
                    if frame.parent.is_some() {
                        ip = target as usize;
                    }
                }
                Op::Return => {
                    if !self.leave(frame)? {
                        return Ok(());
                    }
                    resume!();
                }
                _ => {
                    self.rare(frame, *op)?;
                    resume!();
                }
            }
        }
    }

    /// Instructions that are not worth their place in the loop.
    #[inline(never)]
    fn rare(&mut self, frame: &mut Frame<'a>, op: Op) -> Result<()> {
        let arena = self.arena;
        match op {
            Op::Share(slot, shared) => {
                let value = self.slots[frame.base + slot as usize];
                let at = frame.base + shared as usize;
                match self.slots[at] {
                    V::Shared(cell) => cell.set(value),
                    _ => self.slots[at] = V::Shared(arena.alloc(Cell::new(value))?),
                }
                self.stack.push(self.slots[at]);
            }
            Op::Update(slot, shared) => {
                if let V::Shared(cell) = self.slots[frame.base + shared as usize] {
                    cell.set(self.slots[frame.base + slot as usize]);
                }
            }
            Op::Blocks => {
                let blocks = arena.alloc(Object::Blocks(frame.instance.context.family))?;
                self.stack.push(V::Object(blocks));
            }
            Op::SetAttribute(word) => {
                let (of, value) = (self.pop(), self.pop());
                set_attribute(arena, of, &frame.instance.program.words[word as usize], value)?;
            }
            Op::Slice => {
                let (step, stop, start) = (self.pop(), self.pop(), self.pop());
                let of = self.pop();
                if let V::Undefined(name) = of {
                    if self.undefined != Undefined::Chainable {
                        return Err(Error::undefined(name));
                    }
                    self.stack.push(of);
                    return Ok(());
                }
                self.stack.push(value::slice(arena, of, [start, stop, step])?);
            }
            Op::List(count) => {
                let start = self.stack.len() - count as usize;
                let list = List::new(arena, &self.stack[start..])?;
                self.stack.truncate(start);
                self.stack.push(V::List(list));
            }
            Op::Tuple(count) => {
                let start = self.stack.len() - count as usize;
                let items = arena.values(&self.stack[start..])?;
                self.stack.truncate(start);
                self.stack.push(V::Tuple(items));
            }
            Op::Dict(count) => {
                let start = self.stack.len() - 2 * count as usize;
                let dict = Dict::new(arena)?;
                for entry in self.stack[start..].chunks_exact(2) {
                    dict.insert(arena, entry[0], entry[1])?;
                }
                self.stack.truncate(start);
                self.stack.push(V::Dict(dict));
            }
            Op::Concat(count, escapes) => {
                let start = self.stack.len() - count as usize;
                for part in &self.stack[start..] {
                    self.check_defined(*part)?;
                }
                let text = value::concat(arena, &self.stack[start..], escapes)?;
                self.stack.truncate(start);
                self.stack.push(text);
            }
            Op::Negative => {
                let operand = self.pop();
                self.stack.push(value::negative(arena, operand)?);
            }
            Op::Positive => {
                let operand = self.pop();
                self.stack.push(positive(operand)?);
            }
            Op::Append => {
                let item = self.pop();
                if let Some(V::List(list)) = self.stack.last() {
                    list.insert(arena, list.len(), item)?;
                }
            }
            Op::Unpack(count) => self.unpack(count as usize)?,
            Op::Capture => self.captures.push(self.out.len()),
            Op::EndCapture(safe) => {
                let start = self.captures.pop().unwrap_or(self.out.len());
                let text = arena.str(&self.out.as_str()[start..])?;
                self.out.truncate(start);
                self.stack.push(if safe { V::Safe(text) } else { V::Str(text) });
            }
            Op::DropCapture => {
                if let Some(start) = self.captures.pop() {
                    self.out.truncate(start);
                }
            }
            Op::Macro(unit) => {
                let captures = self.popped_captures();
                let value = MacroValue { instance: frame.instance, unit: unit as usize, captures };
                self.stack.push(V::Object(arena.alloc(Object::Macro(value))?));
            }
            Op::ForRecursive(unit) => {
                let captures = self.popped_captures();
                let iterable = self.pop();
                let recursive = RecursiveLoop { instance: frame.instance, unit: unit as usize, captures, depth: 0 };
                self.enter_loop(frame, recursive, iterable, super::Then::Nothing)?;
            }
            Op::ImportName(word) => {
                let name: &'a str = &frame.instance.program.words[word as usize];
                if let Some(V::Object(Object::Module(module))) = self.stack.last() {
                    let value = super::context::export(arena, module.context, name)?;
                    self.stack.push(value);
                }
            }
            Op::Fail(text) => {
                let message = match &frame.instance.program.constants[text as usize] {
                    Constant::Text(message) => message.to_string(),
                    _ => String::new(),
                };
                return Err(Error::new(ErrorKind::UnknownName, message));
            }
            _ => return Err(broken()),
        }
        Ok(())
    }

    #[inline]
    fn next_item(&mut self) -> Result<Option<V<'a>>> {
        let Some(running) = self.loops.last_mut() else { return Err(broken()) };
        let item = running.cursor.next();
        if let (Some(item), Some(state)) = (item, running.object) {
            if running.began {
                state.index.set(state.index.get() + 1);
                state.previous.set(running.item);
            }
            state.ahead.set(running.cursor);
            running.item = item;
            running.began = true;
        }
        Ok(item)
    }

    fn popped_captures(&mut self) -> &'a [V<'a>] {
        match self.pop() {
            V::Tuple(captures) => captures,
            _ => &[],
        }
    }

    fn unpack(&mut self, count: usize) -> Result<()> {
        let value = self.pop();
        self.check_defined(value)?;
        let items = Cursor::new(self.arena, value)?.collect(self.arena)?;
        if items.len() != count {
            return Err(Error::value(format!("expected {count} values to unpack, found {}", items.len())));
        }
        self.stack.extend(items.into_iter().rev());
        Ok(())
    }

    fn loop_object(&mut self, frame: &Frame<'a>, cursor: &Cursor<'a>) -> Result<&'a Object<'a>> {
        let is_outermost = self.loops.len() == frame.loops;
        let recursive = frame.recursive.filter(|_| is_outermost);
        self.arena.alloc(Object::Loop(LoopState {
            index: Cell::new(0),
            length: cursor.remaining(),
            depth: recursive.map_or(0, |recursive| recursive.depth),
            previous: Cell::new(V::Undefined("loop.previtem")),
            ahead: Cell::new(*cursor),
            changed: Cell::new(None),
            recursive,
        }))
    }
}

/// Assigns to an attribute, which only namespaces allow.
pub(super) fn set_attribute<'a>(arena: &'a Arena, of: V<'a>, name: &'a str, value: V<'a>) -> Result<()> {
    let V::Object(Object::Namespace(dict)) = of else {
        let message = format!("attributes are assigned to a namespace only, not to {}", of.type_name());
        return Err(Error::type_(message));
    };
    dict.insert(arena, V::Str(name), value)
}

/// What a `+` in front of a number makes of it.
pub(super) fn positive(operand: V<'_>) -> Result<V<'_>> {
    match operand {
        V::Bool(value) => Ok(V::Int(i64::from(value))),
        V::Int(_) | V::Big(_) | V::Float(_) => Ok(operand),
        _ => Err(operand.mismatch("what follows the sign", "a number")),
    }
}

/// Writes a value. It is looked at where it lies, since copying what was just written is slow.
#[inline]
pub(super) fn emit<'a>(
    arena: &'a Arena,
    escape: Escape,
    value: &V<'a>,
    scratch: &mut Text,
    out: &mut Text,
) -> Result<()> {
    match (escape, value) {
        (Escape::Html | Escape::Attribute, V::Str(text)) => {
            arena.spend(text.len() / 32)?;
            escape::push(text, out)
        }
        (Escape::Html | Escape::None, V::Safe(text)) | (Escape::None, V::Str(text)) => {
            arena.spend(text.len() / 64)?;
            out.push_str(text)
        }
        // Digits and a sign are harmless in every text, attribute and address.
        (escape, V::Int(number)) if escape.takes_digits() => out.push_int(*number),
        (_, V::Undefined(name)) if arena.is_strict() => match name.is_empty() {
            true => Ok(()),
            false => Err(Error::undefined(name)),
        },
        (escape, value) => {
            scratch.clear();
            escape::write(arena, escape, *value, scratch, out)
        }
    }
}

/// An instruction without what the compiler put before it, which does not happen.
pub(super) fn broken() -> Error {
    Error::new(ErrorKind::Value, "the compiled template is inconsistent")
}
