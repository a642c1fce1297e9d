//! What templates call that were compiled to Rust. The derive writes such calls; nobody else should.
//!
//! Paths through structs and slices are Rust; every other value is one of the machine's, so that the two ways to render a
//! template share their operators, filters, tests and escaping.

#![expect(missing_docs, clippy::missing_errors_doc, reason = "what the derive writes calls it, and nobody else")]

use std::sync::LazyLock;

use super::Workspace;
use super::dispatch::emit;
use crate::builtins::{self, Args};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::escape;
pub use crate::html::Escape;
use crate::policy::Undefined;
use crate::source::{Source, Span};
use crate::syntax::ast::{Binary, Compare};
use crate::value::{self, Arena, Cursor, Data, Datum, Dict, List, Memory, Object, Text, V};

/// The engine behind templates that were compiled to Rust: its budget and its behaviour where something is undefined.
static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::new);

/// A struct whose template was compiled to Rust. `#[derive(Template)]` writes it.
///
/// In a build with debug assertions [`render`](Render::render) reads the templates anew from their folder, so that a
/// change shows without a build; in others it runs the code that they were compiled to.
pub trait Render: value::Context {
    /// The template's name.
    const TEMPLATE: &'static str;
    /// The folder of the templates when the program was built.
    #[doc(hidden)]
    const FOLDER: &'static str;
    /// The names and texts of all templates that take part.
    #[doc(hidden)]
    const SOURCES: &'static [(&'static str, &'static str)];
    /// Whether the folder is read at run time.
    #[doc(hidden)]
    const RELOADS: bool;

    #[doc(hidden)]
    fn write<'a>(&'a self, run: &mut Run<'a>) -> Result<(), Error>;

    /// Renders the struct's template.
    ///
    /// # Errors
    /// Rendering fails, such as by dividing by zero, or exceeds the default [`Budget`](crate::Budget). In development,
    /// also what is wrong with the templates in the folder.
    fn render(&self) -> Result<String, Error>
    where
        Self: Sized,
    {
        if Self::RELOADS {
            let mut engine = Engine::new();
            engine.set_folder(Self::FOLDER);
            return engine.template(Self::TEMPLATE)?.render(self);
        }
        self.render_compiled(&ENGINE)
    }

    /// Runs the code that the template was compiled to, with an engine's budget and behaviour where something is
    /// undefined.
    ///
    /// # Errors
    /// Rendering fails.
    #[doc(hidden)]
    fn render_compiled(&self, engine: &Engine) -> Result<String, Error>
    where
        Self: Sized,
    {
        engine.in_arena(|arena, workspace| {
            let mut run = Run::new(engine, arena, workspace, Self::SOURCES);
            run.out.make_room(usual_length::<Self>());
            match self.write(&mut run) {
                // What could not be read where no error can be answered comes to light here.
                Ok(()) => arena.spend(1).map_err(|error| run.place(error))?,
                Err(error) => return Err(run.place(error)),
            }
            let text = std::mem::replace(&mut run.out, Text::output(0)).into_string();
            workspace.put_scratch(run.scratch);
            Ok(text)
        })
    }
}

/// How much room an output gets at first: more than its constant parts.
fn usual_length<R: Render>() -> usize {
    R::SOURCES.iter().map(|(_, text)| text.len() * 4).sum()
}

/// One rendering.
#[derive(Debug)]
pub struct Run<'a> {
    arena: &'a Arena,
    engine: &'a Engine,
    out: Text,
    scratch: Text,
    sources: &'static [(&'static str, &'static str)],
    /// Where the last operation stands that can fail.
    here: (u32, u32, u32),
}

impl<'a> Run<'a> {
    fn new(
        engine: &'a Engine,
        arena: &'a Arena,
        workspace: &mut Workspace,
        sources: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            arena,
            engine,
            out: Text::output(engine.budget().output),
            scratch: Text::within(workspace.take_scratch(), engine.budget().memory / 4),
            sources,
            here: (0, 0, 0),
        }
    }

    fn place(&self, error: Error) -> Error {
        let (source, start, end) = self.here;
        match self.sources.get(source as usize) {
            Some((name, text)) => error.at(&Source::new(name, text, true), Span { start, end }),
            None => error,
        }
    }

    /// Says where the next operation stands: the number of the template, and the bytes.
    #[inline]
    pub fn at(&mut self, source: u32, start: u32, end: u32) {
        self.here = (source, start, end);
    }

    /// The memory of the rendering.
    #[inline]
    pub fn memory(&self) -> Memory<'a> {
        Memory(self.arena)
    }

    /// Pays for work.
    #[inline]
    pub fn spend(&self, operations: usize) -> Result<()> {
        self.arena.spend(operations)
    }

    /// Reads what lies in a struct.
    #[inline]
    pub fn read<T: Data + ?Sized>(&self, value: &'a T) -> Result<Datum<'a>> {
        value.read(Memory(self.arena))
    }

    #[inline(always)]
    pub fn text(&mut self, text: &str) -> Result<()> {
        self.out.push_str(text)
    }

    /// Writes a value. The types of the struct and the place in the page leave one of the cases, and Rust sees which.
    #[inline(always)]
    pub fn emit(&mut self, escape: Escape, value: Datum<'a>) -> Result<()> {
        match (escape, value.0) {
            (Escape::Html | Escape::Attribute, V::Str(text)) => {
                self.arena.spend(text.len() / 32)?;
                escape::push(text, &mut self.out)
            }
            (escape, V::Int(number)) if escape.takes_digits() => self.out.push_int(number),
            (escape, value) => self.emit_other(escape, value),
        }
    }

    #[inline(never)]
    fn emit_other(&mut self, escape: Escape, value: V<'a>) -> Result<()> {
        emit(self.arena, escape, &value, &mut self.scratch, &mut self.out)
    }

    /// Where the output ends now.
    pub fn start(&self) -> usize {
        self.out.len()
    }

    /// The output from a place on, as a value.
    pub fn capture(&mut self, start: usize, safe: bool) -> Result<Datum<'a>> {
        let text = self.arena.str(&self.out.as_str()[start..])?;
        self.out.truncate(start);
        Ok(Datum(if safe { V::Safe(text) } else { V::Str(text) }))
    }

    pub fn truncate(&mut self, start: usize) {
        self.out.truncate(start);
    }

    fn defined(&self, value: V<'a>) -> Result<V<'a>> {
        match value {
            V::Undefined(name) if self.arena.is_strict() && !name.is_empty() => Err(Error::undefined(name)),
            value => Ok(value),
        }
    }

    #[inline]
    pub fn truth(&self, value: Datum<'a>) -> Result<bool> {
        match value.0 {
            V::Bool(value) => Ok(value),
            value => Ok(self.defined(value)?.is_true()),
        }
    }

    #[inline]
    pub fn is_missing(&self, value: Datum<'a>) -> bool {
        value.0.is_undefined() || value.0.is_none()
    }

    /// The items of what is iterated.
    pub fn items(&self, value: Datum<'a>) -> Result<Vec<Datum<'a>>> {
        let items = Cursor::new(self.arena, self.defined(value.0)?)?.collect(self.arena)?;
        Ok(items.into_iter().map(Datum).collect())
    }

    /// So many items of what is taken apart.
    pub fn unpack(&self, value: Datum<'a>, count: usize) -> Result<Vec<Datum<'a>>> {
        let items = self.items(value)?;
        if items.len() != count {
            return Err(Error::value(format!("expected {count} values to unpack, found {}", items.len())));
        }
        Ok(items)
    }

    pub fn list(&self, items: &[Datum<'a>]) -> Result<Datum<'a>> {
        let items: Vec<V<'a>> = items.iter().map(|item| item.0).collect();
        Ok(Datum(V::List(List::new(self.arena, &items)?)))
    }

    pub fn tuple(&self, items: &[Datum<'a>]) -> Result<Datum<'a>> {
        let items: Vec<V<'a>> = items.iter().map(|item| item.0).collect();
        Ok(Datum(V::Tuple(self.arena.values(&items)?)))
    }

    pub fn dict(&self, entries: &[(Datum<'a>, Datum<'a>)]) -> Result<Datum<'a>> {
        let dict = Dict::new(self.arena)?;
        for (key, value) in entries {
            dict.insert(self.arena, key.0, value.0)?;
        }
        Ok(Datum(V::Dict(dict)))
    }

    pub fn concat(&self, parts: &[Datum<'a>], escapes: bool) -> Result<Datum<'a>> {
        let parts = parts.iter().map(|part| self.defined(part.0)).collect::<Result<Vec<_>>>()?;
        value::concat(self.arena, &parts, escapes).map(Datum)
    }

    pub fn negative(&self, operand: Datum<'a>) -> Result<Datum<'a>> {
        value::negative(self.arena, operand.0).map(Datum)
    }

    pub fn positive(&self, operand: Datum<'a>) -> Result<Datum<'a>> {
        super::dispatch::positive(operand.0).map(Datum)
    }

    pub fn slice(&self, of: Datum<'a>, bounds: [Datum<'a>; 3]) -> Result<Datum<'a>> {
        if let V::Undefined(name) = of.0 {
            return if self.engine.undefined() == Undefined::Chainable { Ok(of) } else { Err(Error::undefined(name)) };
        }
        value::slice(self.arena, of.0, bounds.map(|bound| bound.0)).map(Datum)
    }

    pub fn attribute(&self, of: Datum<'a>, name: &'static str) -> Result<Datum<'a>> {
        super::attribute::named_attribute(self.engine, self.arena, of.0, name).map(Datum)
    }

    pub fn item(&self, of: Datum<'a>, key: Datum<'a>) -> Result<Datum<'a>> {
        super::attribute::item(self.engine, self.arena, of.0, key.0).map(Datum)
    }

    pub fn set_attribute(&self, of: Datum<'a>, name: &'static str, value: Datum<'a>) -> Result<()> {
        super::dispatch::set_attribute(self.arena, of.0, name, value.0)
    }

    fn cx(&self, escapes: bool) -> builtins::Cx<'a> {
        builtins::Cx { arena: self.arena, engine: self.engine, escapes }
    }

    /// Calls something with its arguments as the machine's filters, tests and functions take them.
    fn with_arguments<T>(
        &self,
        value: V<'a>,
        positional: &[Datum<'a>],
        keywords: &[(&str, Datum<'a>)],
        call: impl FnOnce(V<'a>, &Args<'_, 'a>) -> Result<T>,
    ) -> Result<T> {
        let positional = positional.iter().map(|one| one.0.gathered(self.arena)).collect::<Result<Vec<_>>>()?;
        let values = keywords.iter().map(|(_, one)| one.0.gathered(self.arena)).collect::<Result<Vec<_>>>()?;
        let names: Vec<Box<str>> = keywords.iter().map(|(name, _)| (*name).into()).collect();
        call(value.gathered(self.arena)?, &Args { positional: &positional, keywords: &names, values: &values })
    }

    /// A filter, by its place in the list of them.
    pub fn filter(
        &self,
        filter: usize,
        value: Datum<'a>,
        positional: &[Datum<'a>],
        keywords: &[(&str, Datum<'a>)],
        escapes: bool,
    ) -> Result<Datum<'a>> {
        let (name, filter) = builtins::FILTERS[filter];
        if let V::Undefined(undefined) = value.0
            && self.arena.is_strict()
            && !super::call::takes_undefined(name)
        {
            return Err(Error::undefined(undefined));
        }
        self.with_arguments(value.0, positional, keywords, |value, args| filter(&self.cx(escapes), value, args))
            .map(Datum)
    }

    /// A test, by its place in the list of them.
    pub fn test(
        &self,
        test: usize,
        value: Datum<'a>,
        positional: &[Datum<'a>],
        keywords: &[(&str, Datum<'a>)],
        escapes: bool,
    ) -> Result<bool> {
        let (_, test) = builtins::TESTS[test];
        self.with_arguments(value.0, positional, keywords, |value, args| test(&self.cx(escapes), value, args))
    }

    /// A built-in function, by its place in the list of them.
    pub fn function(
        &self,
        function: usize,
        positional: &[Datum<'a>],
        keywords: &[(&str, Datum<'a>)],
        escapes: bool,
    ) -> Result<Datum<'a>> {
        let function = builtins::function_at(function);
        self.with_arguments(V::None, positional, keywords, |_, args| function(&self.cx(escapes), args)).map(Datum)
    }

    /// Calls a value.
    pub fn call(
        &self,
        callee: Datum<'a>,
        positional: &[Datum<'a>],
        keywords: &[(&str, Datum<'a>)],
        escapes: bool,
    ) -> Result<Datum<'a>> {
        let cx = self.cx(escapes);
        match callee.0 {
            V::Object(Object::Function(index)) => self.function(*index, positional, keywords, escapes),
            V::Object(Object::Method(receiver, name)) => self
                .with_arguments(*receiver, positional, keywords, |value, args| builtins::method(&cx, value, name, args))
                .map(Datum),
            V::Object(Object::Joiner(joiner)) => {
                let first = !joiner.used.replace(true);
                Ok(Datum(if first { V::Str("") } else { joiner.separator }))
            }
            V::Undefined(name) => Err(Error::undefined(name)),
            callee => Err(Error::type_(format!("{} cannot be called", callee.type_name()))),
        }
    }

    /// Calls a method of data, or what lies under its name.
    pub fn method(
        &self,
        receiver: Datum<'a>,
        name: &'static str,
        positional: &[Datum<'a>],
        keywords: &[(&str, Datum<'a>)],
        escapes: bool,
    ) -> Result<Datum<'a>> {
        let cx = self.cx(escapes);
        let value = receiver.0.gathered(self.arena)?;
        if builtins::has_method(value, name) {
            let call = |value: V<'a>, args: &Args<'_, 'a>| builtins::method(&cx, value, name, args);
            return self.with_arguments(value, positional, keywords, call).map(Datum);
        }
        let callee = self.attribute(Datum(value), name)?;
        if callee.0.is_undefined() {
            return Err(Error::type_(format!("{} has no method `{name}`", value.type_name())));
        }
        self.call(callee, positional, keywords, escapes)
    }
}

macro_rules! operators {
    ($($name:ident $operator:ident)*) => {
        impl<'a> Run<'a> {$(
            #[inline]
            pub fn $name(&self, left: Datum<'a>, right: Datum<'a>) -> Result<Datum<'a>> {
                value::binary(self.arena, Binary::$operator, left.0, right.0).map(Datum)
            }
        )*}
    };
}

operators! { add Add sub Sub mul Mul div Div floor_div FloorDiv rem Rem pow Pow }

macro_rules! comparisons {
    ($($name:ident $operator:ident)*) => {
        impl<'a> Run<'a> {$(
            #[inline]
            pub fn $name(&self, left: Datum<'a>, right: Datum<'a>) -> Result<bool> {
                if let (V::Int(left), V::Int(right)) = (left.0, right.0)
                    && let Some(holds) = Compare::$operator.holds(left.cmp(&right))
                {
                    return Ok(holds);
                }
                value::compare(self.arena, Compare::$operator, self.defined(left.0)?, self.defined(right.0)?)
            }
        )*}
    };
}

comparisons! {
    equal Equal not_equal NotEqual less Less less_equal LessEqual greater Greater greater_equal GreaterEqual
    within In not_within NotIn
}

#[doc(hidden)]
impl Datum<'_> {
    pub const NONE: Self = Self(V::None);
    /// What a condition without `else` may be.
    pub const NOTHING: Self = Self(V::Undefined(""));
}

#[doc(hidden)]
impl<'a> Datum<'a> {
    #[inline]
    pub fn bool(value: bool) -> Self {
        Self(V::Bool(value))
    }

    #[inline]
    pub fn int(number: i64) -> Self {
        Self(V::Int(number))
    }

    #[inline]
    pub fn index(number: usize) -> Self {
        Self(V::Int(number as i64))
    }

    #[inline]
    pub fn big(number: &'static i128) -> Self {
        Self(V::Big(number))
    }

    #[inline]
    pub fn float(number: f64) -> Self {
        Self(V::Float(number))
    }

    #[inline]
    pub fn text(text: &'a str) -> Self {
        Self(V::Str(text))
    }

    #[inline]
    pub fn undefined(name: &'static str) -> Self {
        Self(V::Undefined(name))
    }
}

/// What a loop walks over with the types of its items.
#[diagnostic::on_unimplemented(
    message = "a compiled template walks over lists, and `{Self}` is none",
    note = "`#[template(dynamic)]` on the field reads it as templates do that are not compiled"
)]
pub trait Items {
    /// The type of the items.
    type Item;

    fn items(&self) -> &[Self::Item];
}

impl<T> Items for Vec<T> {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

impl<T> Items for [T] {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

impl<T, const N: usize> Items for [T; N] {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

macro_rules! pointers {
    ($($type:ty)*) => {$(
        impl<I: Items + ?Sized> Items for $type {
            type Item = I::Item;

            #[inline]
            fn items(&self) -> &[Self::Item] {
                (**self).items()
            }
        }
    )*};
}

pointers!(&I Box<I> std::rc::Rc<I> std::sync::Arc<I>);
