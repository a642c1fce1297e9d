//! Arguments of built-in functions.

use super::Cx;
use crate::error::{Error, Result};
use crate::value::{Text, V, print};

/// Positional arguments, and keyword arguments as names and values of equal number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args<'x, 'a> {
    pub(crate) positional: &'x [V<'a>],
    pub(crate) keywords: &'x [Box<str>],
    pub(crate) values: &'x [V<'a>],
}

impl<'x, 'a> Args<'x, 'a> {
    pub(crate) fn of(positional: &'x [V<'a>]) -> Self {
        Self { positional, keywords: &[], values: &[] }
    }

    /// The arguments in the order of their names.
    pub(crate) fn bind<const N: usize>(&self, names: [&str; N]) -> Result<[Option<V<'a>>; N]> {
        if self.positional.len() > N {
            let given = self.positional.len();
            return Err(Error::type_(format!("at most {N} arguments are taken, and {given} are given")));
        }
        let mut bound = [None; N];
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(*value);
        }
        for (keyword, value) in self.keywords.iter().zip(self.values) {
            let at = names.iter().position(|name| *name == &**keyword);
            let Some(at) = at else { return Err(Error::type_(format!("there is no argument `{keyword}`"))) };
            if bound[at].replace(*value).is_some() {
                return Err(Error::type_(format!("the argument `{keyword}` is given twice")));
            }
        }
        Ok(bound)
    }

    pub(crate) fn keyword(&self, name: &str) -> Option<V<'a>> {
        self.keywords.iter().position(|keyword| **keyword == *name).map(|at| self.values[at])
    }
}

/// Reading an argument that may be missing.
pub(super) trait Argument<'a> {
    fn int_or(self, name: &str, default: i64) -> Result<i64>;
    fn str_or(self, name: &str, default: &'a str) -> Result<&'a str>;
    fn truth_or(self, default: bool) -> bool;
    fn required(self, name: &str) -> Result<V<'a>>;
}

impl<'a> Argument<'a> for Option<V<'a>> {
    fn int_or(self, name: &str, default: i64) -> Result<i64> {
        self.map_or(Ok(default), |value| value.expect_int(name))
    }

    fn str_or(self, name: &str, default: &'a str) -> Result<&'a str> {
        self.map_or(Ok(default), |value| value.expect_str(name))
    }

    fn truth_or(self, default: bool) -> bool {
        self.map_or(default, V::is_true)
    }

    fn required(self, name: &str) -> Result<V<'a>> {
        self.ok_or_else(|| Error::type_(format!("the argument `{name}` is missing")))
    }
}

impl<'a> Cx<'a> {
    /// The text of any value, as `str` would give it, and whether it is HTML.
    pub(super) fn text(&self, value: V<'a>) -> Result<(&'a str, bool)> {
        match value {
            V::Str(text) => Ok((text, false)),
            V::Safe(text) => Ok((text, true)),
            value => {
                let mut text = Text::new(self.arena);
                print(self.arena, value, &mut text)?;
                Ok((self.arena.str(text.as_str())?, false))
            }
        }
    }

    /// A text like another one: HTML if that is.
    pub(super) fn like(&self, safe: bool, text: &str) -> Result<V<'a>> {
        let text = self.arena.str(text)?;
        Ok(if safe { V::Safe(text) } else { V::Str(text) })
    }
}
