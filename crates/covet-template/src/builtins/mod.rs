//! What templates can call without anybody adding it: Jinja2's filters, tests, functions, and methods of data.

mod args;
mod choose;
mod entities;
mod filters;
mod functions;
mod group;
mod links;
mod lists;
mod markup;
mod methods;
mod numbers;
mod pretty;
mod tests;
mod text_methods;
mod texts;

pub(crate) use args::Args;
pub(crate) use filters::{FILTERS, filter_named};
pub(crate) use functions::{function_at, function_named};
pub(crate) use methods::{has_method, method};
pub(crate) use tests::{TESTS, test_named};

use crate::engine::Engine;
use crate::error::Result;
use crate::value::{Arena, V};

/// What a function may use besides its arguments.
#[derive(Clone, Copy)]
pub(crate) struct Cx<'a> {
    pub(crate) arena: &'a Arena,
    pub(crate) engine: &'a Engine,
    /// Whether values are escaped where it is called.
    pub(crate) escapes: bool,
}

pub(crate) type Filter = for<'x, 'a> fn(&Cx<'a>, V<'a>, &Args<'x, 'a>) -> Result<V<'a>>;
pub(crate) type Test = for<'x, 'a> fn(&Cx<'a>, V<'a>, &Args<'x, 'a>) -> Result<bool>;
pub(crate) type Function = for<'x, 'a> fn(&Cx<'a>, &Args<'x, 'a>) -> Result<V<'a>>;
