//! From what lies on the stack to arguments.

use super::Vm;
use crate::builtins::Args;
use crate::compile::{CallSite, Unit};
use crate::error::{Error, Result};
use crate::value::{Arena, Cursor, Dict, V};

/// Arguments with everything that was starred in them.
pub(super) struct Expanded<'a> {
    pub(super) positional: Vec<V<'a>>,
    pub(super) keywords: Vec<Box<str>>,
    pub(super) values: Vec<V<'a>>,
}

impl<'a> Vm<'a> {
    /// Takes starred arguments off the stack and spreads them out, where there are any.
    pub(super) fn expand(&mut self, site: &CallSite) -> Result<Option<Expanded<'a>>> {
        if !site.star && !site.star_star {
            return Ok(None);
        }
        let named = if site.star_star { Some(self.pop().gathered(self.arena)?) } else { None };
        let listed = if site.star { Some(self.pop()) } else { None };
        let start = self.stack.len() - site.positional - site.keywords.len();
        let mut expanded = Expanded {
            positional: self.stack[start..start + site.positional].to_vec(),
            keywords: site.keywords.clone(),
            values: self.stack[start + site.positional..].to_vec(),
        };
        self.stack.truncate(start);
        if let Some(listed) = listed {
            expanded.positional.extend(Cursor::new(self.arena, listed)?.collect(self.arena)?);
        }
        for value in expanded.positional.iter_mut().chain(&mut expanded.values) {
            *value = value.gathered(self.arena)?;
        }
        match named {
            Some(V::Dict(dict)) => {
                self.arena.reserve(dict.len() * 64)?;
                for (key, value) in dict.iter() {
                    expanded.keywords.push(key.expect_str("the name of an argument")?.into());
                    expanded.values.push(value);
                }
            }
            Some(other) if !other.is_undefined() => return Err(other.mismatch("what follows `**`", "a dict")),
            _ => {}
        }
        Ok(Some(expanded))
    }
}

/// Puts arguments into the slots of a macro.
pub(super) fn bind<'a>(arena: &'a Arena, unit: &'a Unit, arguments: &Args<'_, 'a>, slots: &mut [V<'a>]) -> Result<()> {
    let parameters = &unit.parameters;
    let taken = arguments.positional.len().min(parameters.len());
    slots[..taken].copy_from_slice(&arguments.positional[..taken]);
    let rest = &arguments.positional[taken..];
    match unit.varargs {
        Some(slot) => slots[slot as usize] = V::Tuple(arena.values(rest)?),
        None if rest.is_empty() => {}
        None => {
            return Err(Error::type_(format!(
                "the macro `{}` takes {} arguments, and {} were given",
                unit.name,
                parameters.len(),
                arguments.positional.len()
            )));
        }
    }
    let mut others = Vec::new();
    for (keyword, value) in arguments.keywords.iter().zip(arguments.values) {
        match parameters.iter().position(|parameter| parameter == keyword) {
            Some(slot) if slot < taken => {
                return Err(Error::type_(format!("the argument `{keyword}` is given twice")));
            }
            Some(slot) => slots[slot] = *value,
            None => match unit.caller {
                Some(slot) if **keyword == *"caller" => slots[slot as usize] = *value,
                _ => others.push((V::Str(arena.str(keyword)?), *value)),
            },
        }
    }
    match (unit.kwargs, others.first()) {
        (Some(slot), _) => slots[slot as usize] = V::Dict(Dict::with_entries(arena, &others)?),
        (None, Some((name, _))) => {
            let name = name.as_str().unwrap_or_default();
            return Err(Error::type_(format!("the macro `{}` takes no argument `{name}`", unit.name)));
        }
        (None, None) => {}
    }
    let required = parameters.len() - unit.defaults;
    for (slot, parameter) in parameters.iter().enumerate().take(required) {
        if matches!(slots[slot], V::Unset) {
            slots[slot] = V::Undefined(parameter);
        }
    }
    if let Some(slot) = unit.caller
        && slot as usize >= parameters.len()
        && matches!(slots[slot as usize], V::Unset)
    {
        slots[slot as usize] = V::Undefined("caller");
    }
    Ok(())
}
