//! Calls of filters, tests, functions, methods and macros.

use super::Vm;
use super::arguments::bind;
use super::frame::{Frame, RunningBlock, Then};
use crate::builtins::{self, Args};
use crate::compile::{CallSite, Callee};
use crate::error::{Error, Result};
use crate::function::Custom;
use crate::policy::Undefined;
use crate::value::{self, MacroValue, Object, RecursiveLoop, V};

impl<'a> Vm<'a> {
    pub(super) fn filter(&mut self, frame: &Frame<'a>, site: u32) -> Result<()> {
        let site = &frame.instance.program.calls[site as usize];
        let cx = self.cx(site.escapes);
        let strict = self.undefined == Undefined::Strict && !takes_undefined(&site.name);
        self.with_arguments(site, |value, arguments| {
            if let V::Undefined(name) = value
                && strict
            {
                return Err(Error::undefined(name));
            }
            match &site.callee {
                Callee::Filter(filter) => filter(&cx, value, arguments),
                Callee::Custom(custom) => call_custom(&cx, custom, Some(value), arguments),
                _ => Err(super::dispatch::broken()),
            }
        })
    }

    pub(super) fn test(&mut self, frame: &Frame<'a>, site: u32) -> Result<()> {
        let site = &frame.instance.program.calls[site as usize];
        let cx = self.cx(site.escapes);
        self.with_arguments(site, |value, arguments| match &site.callee {
            Callee::Test(test) => test(&cx, value, arguments).map(V::Bool),
            Callee::Custom(custom) => call_custom(&cx, custom, Some(value), arguments),
            _ => Err(super::dispatch::broken()),
        })
    }

    /// Calls a native function with the value under the arguments, and leaves its answer in their place.
    fn with_arguments(
        &mut self,
        site: &'a CallSite,
        call: impl FnOnce(V<'a>, &Args<'_, 'a>) -> Result<V<'a>>,
    ) -> Result<()> {
        let answer = match self.expand(site)? {
            Some(expanded) => {
                let value = self.pop().gathered(self.arena)?;
                let arguments =
                    Args { positional: &expanded.positional, keywords: &expanded.keywords, values: &expanded.values };
                call(value, &arguments)?
            }
            None => {
                let start = self.stack.len() - site.positional - site.keywords.len();
                for value in &mut self.stack[start - 1..] {
                    if let V::Record(_) | V::Seq(_) = value {
                        *value = value.gathered(self.arena)?;
                    }
                }
                let (positional, values) = self.stack[start..].split_at(site.positional);
                let value = self.stack[start - 1];
                let answer = call(value, &Args { positional, keywords: &site.keywords, values })?;
                self.stack.truncate(start - 1);
                answer
            }
        };
        self.stack.push(answer);
        Ok(())
    }

    pub(super) fn method(&mut self, frame: &mut Frame<'a>, site_index: u32) -> Result<()> {
        let site = &frame.instance.program.calls[site_index as usize];
        let starred = usize::from(site.star) + usize::from(site.star_star);
        let at = self.stack.len() - site.positional - site.keywords.len() - starred - 1;
        let receiver = self.stack[at].gathered(self.arena)?;
        let name: &'a str = &site.name;
        if let V::Object(Object::Blocks(family)) = receiver {
            self.stack.truncate(at);
            return self.own_block(frame, *family, name);
        }
        if self.engine.policy().allows_methods() && builtins::has_method(receiver, name) {
            let cx = self.cx(site.escapes);
            return self.with_arguments(site, |value, arguments| builtins::method(&cx, value, name, arguments));
        }
        let callee = self.named_attribute(receiver, name)?;
        if callee.is_undefined() {
            return Err(Error::type_(format!("{} has no method `{name}`", receiver.type_name())));
        }
        self.stack[at] = callee;
        self.call(frame, site_index)
    }

    pub(super) fn call(&mut self, frame: &mut Frame<'a>, site: u32) -> Result<()> {
        let site = &frame.instance.program.calls[site as usize];
        let starred = usize::from(site.star) + usize::from(site.star_star);
        let at = self.stack.len() - site.positional - site.keywords.len() - starred - 1;
        let cx = self.cx(site.escapes);
        match self.stack[at] {
            V::Object(Object::Macro(callee)) => self.call_macro(frame, site, callee, false),
            V::Object(Object::Loop(state)) => {
                let Some(recursive) = state.recursive else {
                    return Err(Error::type_("only a loop that is marked `recursive` can be called"));
                };
                let iterable = self.stack.get(at + 1).copied().unwrap_or(V::Undefined("the argument of `loop`"));
                self.stack.truncate(at);
                let deeper = RecursiveLoop { depth: recursive.depth + 1, ..*recursive };
                let safe = recursive.instance.program.units[recursive.unit].safe;
                let then = Then::Value { start: self.out.len(), safe };
                self.enter_loop(frame, deeper, iterable, then)
            }
            V::Object(Object::Function(index)) => {
                let function = builtins::function_at(*index);
                self.with_arguments(site, |_, arguments| function(&cx, arguments))
            }
            V::Object(Object::Custom(custom)) => {
                self.with_arguments(site, |_, arguments| call_custom(&cx, custom, None, arguments))
            }
            V::Object(Object::Method(receiver, name)) => {
                self.with_arguments(site, |_, arguments| builtins::method(&cx, *receiver, name, arguments))
            }
            V::Object(Object::Joiner(joiner)) => {
                self.stack.truncate(at);
                let first = !joiner.used.replace(true);
                self.stack.push(if first { V::Str("") } else { joiner.separator });
                Ok(())
            }
            V::Undefined(name) => Err(Error::undefined(name)),
            callee => Err(Error::type_(format!("{} cannot be called", callee.type_name()))),
        }
    }

    /// A call whose answer is written at once.
    pub(super) fn call_to_output(&mut self, frame: &mut Frame<'a>, site_index: u32) -> Result<()> {
        let site = &frame.instance.program.calls[site_index as usize];
        let starred = usize::from(site.star) + usize::from(site.star_star);
        let at = self.stack.len() - site.positional - site.keywords.len() - starred - 1;
        if let V::Object(Object::Macro(callee)) = self.stack[at]
            && (callee.instance.program.units[callee.unit].safe || !site.escapes)
        {
            // Its text stays where it is, so that the next instruction has nothing to write.
            frame.ip += 1;
            return self.call_macro(frame, site, callee, true);
        }
        self.call(frame, site_index)
    }

    fn call_macro(
        &mut self,
        frame: &mut Frame<'a>,
        site: &'a CallSite,
        callee: &'a MacroValue<'a>,
        to_output: bool,
    ) -> Result<()> {
        let unit = &callee.instance.program.units[callee.unit];
        let base = self.slots.len();
        // The commonest call needs nothing but its arguments in the first slots.
        if site.is_plain() && unit.is_plain() && site.positional == unit.parameters.len() {
            let start = self.stack.len() - site.positional;
            self.slots.extend_from_slice(&self.stack[start..]);
            self.slots.resize(base + unit.slots, V::Unset);
            self.stack.truncate(start - 1);
            let then = if to_output { Then::Nothing } else { Then::Value { start: self.out.len(), safe: unit.safe } };
            let callee = self.frame(callee.instance, callee.unit, base, then);
            return self.enter(frame, callee);
        }
        let expanded = self.expand(site)?;
        self.slots.resize(base + unit.slots, V::Unset);
        let slots = &mut self.slots[base..];
        for (slot, value) in unit.captures.iter().zip(callee.captures) {
            slots[*slot as usize] = *value;
        }
        match expanded {
            Some(expanded) => {
                let arguments =
                    Args { positional: &expanded.positional, keywords: &expanded.keywords, values: &expanded.values };
                bind(self.arena, unit, &arguments, slots)?;
                self.pop();
            }
            None => {
                let start = self.stack.len() - site.positional - site.keywords.len();
                let (positional, values) = self.stack[start..].split_at(site.positional);
                bind(self.arena, unit, &Args { positional, keywords: &site.keywords, values }, slots)?;
                self.stack.truncate(start - 1);
            }
        }
        let then = if to_output { Then::Nothing } else { Then::Value { start: self.out.len(), safe: unit.safe } };
        let callee = self.frame(callee.instance, callee.unit, base, then);
        self.enter(frame, callee)
    }

    pub(super) fn enter_loop(
        &mut self,
        frame: &mut Frame<'a>,
        recursive: RecursiveLoop<'a>,
        iterable: V<'a>,
        then: Then<'a>,
    ) -> Result<()> {
        let unit = &recursive.instance.program.units[recursive.unit];
        let base = self.slots.len();
        self.slots.resize(base + unit.slots, V::Unset);
        self.slots[base] = iterable;
        for (slot, value) in unit.captures.iter().zip(recursive.captures) {
            self.slots[base + *slot as usize] = *value;
        }
        let mut callee = self.frame(recursive.instance, recursive.unit, base, then);
        callee.recursive = Some(self.arena.alloc(recursive)?);
        callee.block = frame.block;
        self.enter(frame, callee)
    }

    /// A frame for a unit whose slots begin at `base`.
    pub(super) fn frame(
        &self,
        instance: &'a super::Instance<'a>,
        unit: usize,
        base: usize,
        then: Then<'a>,
    ) -> Frame<'a> {
        Frame {
            instance,
            unit: &instance.program.units[unit],
            ip: 0,
            base,
            loops: self.loops.len(),
            block: None::<RunningBlock>,
            parent: None,
            recursive: None,
            then,
        }
    }
}

/// Whether a filter makes something of what is undefined.
pub(super) fn takes_undefined(filter: &str) -> bool {
    matches!(filter, "default" | "d" | "items" | "pprint")
}

pub(crate) fn call_custom<'a>(
    cx: &builtins::Cx<'a>,
    custom: &Custom,
    value: Option<V<'a>>,
    arguments: &Args<'_, 'a>,
) -> Result<V<'a>> {
    let all = value.into_iter().chain(arguments.positional.iter().copied());
    let owned = all.map(|value| value::to_owned_value(cx.arena, value)).collect::<Result<Vec<_>>>()?;
    let mut keywords = Vec::with_capacity(arguments.keywords.len());
    for (name, value) in arguments.keywords.iter().zip(arguments.values) {
        keywords.push((name.to_string(), value::to_owned_value(cx.arena, *value)?));
    }
    let answer = custom.call(owned, keywords)?;
    value::serialize(cx.arena, &answer)
}
