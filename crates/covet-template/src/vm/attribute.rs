//! Attributes and items.

use super::Vm;
use super::context::{Instance, export};
use crate::builtins;
use crate::compile::LoopPart;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::policy::Undefined;
use crate::value::{self, Arena, LoopState, MacroValue, Memory, Object, V};

impl<'a> Vm<'a> {
    /// An attribute, which for data is an entry and nothing else. Where it was found is remembered for the next time.
    #[inline]
    pub(super) fn attribute(&self, instance: &'a Instance<'a>, of: V<'a>, word: u32) -> Result<V<'a>> {
        let name: &'a str = &instance.program.words[word as usize];
        match of {
            V::Record(record) => {
                if let Some(at) = instance.field(record.names(), word, name) {
                    return Ok(record.field(at, Memory(self.arena))?.0);
                }
            }
            V::Dict(dict) => {
                let hint = &instance.hints[word as usize];
                if let Some((value, found)) = dict.get_hinted(self.arena, name, hint.get())? {
                    hint.set(found);
                    return Ok(value);
                }
            }
            _ => {}
        }
        other_attribute(self.engine, self.arena, of, name)
    }

    /// A field of `loop`, whose name was resolved while compiling.
    #[inline]
    pub(super) fn loop_attribute(&self, of: V<'a>, part: LoopPart) -> Result<V<'a>> {
        match of {
            V::Object(Object::Loop(state)) => Ok(loop_part(state, part)),
            V::Dict(_) | V::Record(_) => self.item(of, V::Str(part.name())),
            of => other_attribute(self.engine, self.arena, of, part.name()),
        }
    }

    /// An attribute by its name.
    pub(super) fn named_attribute(&self, of: V<'a>, name: &'a str) -> Result<V<'a>> {
        named_attribute(self.engine, self.arena, of, name)
    }

    pub(super) fn item(&self, of: V<'a>, key: V<'a>) -> Result<V<'a>> {
        item(self.engine, self.arena, of, key)
    }
}

/// An attribute by its name.
pub(super) fn named_attribute<'a>(engine: &'a Engine, arena: &'a Arena, of: V<'a>, name: &'a str) -> Result<V<'a>> {
    if let V::Dict(_) | V::Record(_) = of
        && let Some(value) = value::item(arena, of, V::Str(name))?
    {
        return Ok(value);
    }
    other_attribute(engine, arena, of, name)
}

fn other_attribute<'a>(engine: &'a Engine, arena: &'a Arena, of: V<'a>, name: &'a str) -> Result<V<'a>> {
    let found = match of {
        V::Undefined(_) if engine.undefined() == Undefined::Chainable => return Ok(of),
        V::Undefined(undefined) => return Err(Error::undefined(undefined)),
        V::Object(object) => object_attribute(arena, object, name)?,
        V::Range(range) => match name {
            "start" => Some(V::Int(range.start)),
            "stop" => Some(V::Int(range.stop)),
            "step" => Some(V::Int(range.step)),
            _ => None,
        },
        _ => None,
    };
    if let Some(value) = found {
        return Ok(value);
    }
    if engine.policy().allows_methods() && builtins::has_method(of, name) {
        return Ok(V::Object(arena.alloc(Object::Method(of, name))?));
    }
    Ok(V::Undefined(name))
}

/// An item, or an attribute of the name that the key is.
pub(super) fn item<'a>(engine: &'a Engine, arena: &'a Arena, of: V<'a>, key: V<'a>) -> Result<V<'a>> {
    match key {
        V::Undefined(name) if arena.is_strict() && !name.is_empty() => return Err(Error::undefined(name)),
        _ => {}
    }
    match of {
        V::Undefined(_) if engine.undefined() == Undefined::Chainable => return Ok(of),
        V::Undefined(name) => return Err(Error::undefined(name)),
        _ => {}
    }
    // A key that cannot be one is not there, as in Jinja2.
    if matches!((of, key), (V::Dict(_), V::List(_) | V::Dict(_))) {
        return Ok(V::Undefined("item"));
    }
    if let Some(value) = value::item(arena, of, key)? {
        return Ok(value);
    }
    match key {
        V::Str(name) | V::Safe(name) => other_attribute(engine, arena, of, name),
        V::Int(index) => Ok(V::Undefined(arena.str(&index.to_string())?)),
        _ => Ok(V::Undefined("item")),
    }
}

/// An attribute of what the engine itself brings into a template.
pub(crate) fn object_attribute<'a>(arena: &'a Arena, object: &'a Object<'a>, name: &'a str) -> Result<Option<V<'a>>> {
    Ok(match object {
        Object::Namespace(dict) => dict.get_str(arena, name)?,
        Object::Module(module) => Some(export(arena, module.context, name)?),
        Object::Loop(state) => loop_attribute(state, name),
        Object::Group(pair) => match name {
            "grouper" => Some(pair[0]),
            "list" => Some(pair[1]),
            _ => None,
        },
        Object::Cycler(cycler) if name == "current" => cycler.items.get(cycler.at.get()).copied(),
        Object::Macro(value) => macro_attribute(arena, value, name)?,
        _ => None,
    })
}

fn macro_attribute<'a>(arena: &'a Arena, value: &'a MacroValue<'a>, name: &str) -> Result<Option<V<'a>>> {
    let unit = &value.instance.program.units[value.unit];
    Ok(Some(match name {
        "name" => V::Str(&unit.name),
        "arguments" => {
            let names: Vec<V<'a>> = unit.parameters.iter().map(|name| V::Str(name)).collect();
            V::Tuple(arena.values(&names)?)
        }
        "catch_kwargs" => V::Bool(unit.kwargs.is_some()),
        "catch_varargs" => V::Bool(unit.varargs.is_some()),
        "caller" => V::Bool(unit.caller.is_some()),
        _ => return Ok(None),
    }))
}

fn loop_attribute<'a>(state: &LoopState<'a>, name: &str) -> Option<V<'a>> {
    LoopPart::named(name).map(|part| loop_part(state, part))
}

#[inline]
fn loop_part<'a>(state: &LoopState<'a>, part: LoopPart) -> V<'a> {
    let index = state.index.get() as i64;
    let length = state.length as i64;
    match part {
        LoopPart::Index => V::Int(index + 1),
        LoopPart::Index0 => V::Int(index),
        LoopPart::RevIndex => V::Int(length - index),
        LoopPart::RevIndex0 => V::Int(length - index - 1),
        LoopPart::First => V::Bool(index == 0),
        LoopPart::Last => V::Bool(index + 1 == length),
        LoopPart::Length => V::Int(length),
        LoopPart::Depth => V::Int(state.depth as i64 + 1),
        LoopPart::Depth0 => V::Int(state.depth as i64),
        LoopPart::PrevItem => state.previous.get(),
        LoopPart::NextItem => state.ahead.get().next().unwrap_or(V::Undefined("loop.nextitem")),
    }
}
