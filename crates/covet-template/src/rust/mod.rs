//! Templates as Rust: what `#[derive(Template)]` writes.
//!
//! A template with all that it extends, includes and imports becomes one function: blocks, macros and included templates
//! stand where they are used. Paths through the struct are paths of Rust, so that the compiler checks their names and a
//! value is written without being looked for. Every other value is one of the engine's own, on which the engine's own
//! operators, filters and tests work, so that both ways to render a template give the same.
//!
//! What is decided only while rendering cannot be compiled, and is refused.

mod expression;
mod scope;
mod statement;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;

use self::scope::{Binding, Environment};
use crate::engine::{Engine, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::html::Position;
use crate::source::{Source, Span};
use crate::syntax::ast::{Block, Body, ExprKind, Macro, Stmt, StmtKind};
use crate::syntax::parse;

/// Blocks, macros and templates stand in each other to this depth.
const MAX_NESTING: usize = 24;
/// A template compiles to at most this much Rust, in bytes.
const MAX_CODE: usize = 4 << 20;

/// A field of the struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// The variable.
    pub name: String,
    /// The field in Rust, such as `r#type`.
    pub member: String,
    /// Whether it is read as at run time, and not walked through with Rust's types.
    pub dynamic: bool,
}

/// What a template was compiled to.
#[derive(Clone, Debug)]
pub struct Code {
    /// The body of [`Render::write`](crate::Render).
    pub body: String,
    /// The templates that take part, and their texts as they were compiled.
    pub sources: Vec<(String, String)>,
}

/// Compiles a template of an engine to Rust, for a struct with some fields.
///
/// # Errors
/// A template is not there or does not compile, it uses a name that is no field, or something that only a rendering knows.
pub fn compile(engine: &Engine, name: &str, fields: &[Field], krate: &str) -> std::result::Result<Code, Error> {
    let mut sources = BTreeMap::new();
    load(engine, name, &mut sources)?;
    let sources: Vec<Source> = sources.into_values().collect();
    let mut bodies = Vec::new();
    for source in &sources {
        bodies.push(parse(source, engine.syntax())?);
    }
    let mut generator = Generator {
        engine,
        sources: &sources,
        bodies: &bodies,
        fields,
        code: String::new(),
        read: RefCell::default(),
        next: 0,
        template: 0,
        nesting: 0,
        environment: Environment::default(),
        root_depth: 0,
        piped: Vec::new(),
        family: Rc::default(),
        running: Vec::new(),
        macros: Vec::new(),
        loops: Vec::new(),
        captures: Vec::new(),
        position: Position::default(),
        format: engine.format_of(name),
        escapes: engine.format_of(name) != Format::Text,
        silent: false,
        extends: false,
        branches: 0,
    };
    let template =
        generator.find(name).ok_or_else(|| generator.refuse("the template is not there", Span::default()))?;
    generator.family_of(template)?;
    let texts = sources.iter().map(|source| (source.name.to_string(), source.text.to_string()));
    let mut body = format!("use {krate}::{{Datum, compiled::{{Escape, Items}}}};\n");
    for index in generator.read.borrow().iter() {
        body.push_str(&format!("let f{index} = run.read(&self.{})?;\n", fields[*index].member));
    }
    body.push_str(&generator.code);
    Ok(Code { body, sources: texts.collect() })
}

/// Loads a template and all that it names.
fn load(engine: &Engine, name: &str, sources: &mut BTreeMap<String, Source>) -> Result<()> {
    if sources.contains_key(name) {
        return Ok(());
    }
    let source = engine.source(name)?;
    sources.insert(name.to_owned(), source.clone());
    let body = parse(&source, engine.syntax())?;
    for (other, span) in crate::variables::named_templates(&body) {
        load(engine, &other, sources).map_err(|error| error.at(&source, span))?;
    }
    for_each(&body, &mut |stmt| {
        if let StmtKind::Include { name, ignore_missing: true, .. } = &stmt.kind
            && let ExprKind::String(name) = &name.kind
        {
            match load(engine, name, sources) {
                Err(error) if error.kind() == ErrorKind::TemplateNotFound => {}
                loaded => return loaded,
            }
        }
        Ok(())
    })
}

/// Visits all statements of a body, also those inside of others.
fn for_each<'t, 's>(body: &'t Body<'s>, visit: &mut impl FnMut(&'t Stmt<'s>) -> Result<()>) -> Result<()> {
    for stmt in body {
        visit(stmt)?;
        match &stmt.kind {
            StmtKind::If { branches, otherwise } => {
                for (_, body) in branches {
                    for_each(body, visit)?;
                }
                for_each(otherwise, visit)?;
            }
            StmtKind::For(looped) => {
                for_each(&looped.body, visit)?;
                for_each(&looped.otherwise, visit)?;
            }
            StmtKind::SetBlock { body, .. }
            | StmtKind::With { body, .. }
            | StmtKind::Filter { body, .. }
            | StmtKind::AutoEscape { body, .. } => for_each(body, visit)?,
            StmtKind::Macro(definition) => for_each(&definition.body, visit)?,
            StmtKind::Call { caller, .. } => for_each(&caller.body, visit)?,
            StmtKind::Block(block) => for_each(&block.body, visit)?,
            _ => {}
        }
    }
    Ok(())
}

/// The blocks of a template and of those that it extends: the definitions of each, the most derived first.
type Family<'t> = BTreeMap<&'t str, Vec<(usize, &'t Block<'t>)>>;

struct Generator<'t> {
    engine: &'t Engine,
    sources: &'t [Source],
    bodies: &'t [Body<'t>],
    fields: &'t [Field],
    code: String,
    /// The dynamic fields that are used, each of which is read once.
    read: RefCell<BTreeSet<usize>>,
    /// The number of the next variable.
    next: usize,
    /// The template whose code is written.
    template: usize,
    nesting: usize,
    environment: Environment<'t>,
    /// How many scopes blocks see.
    root_depth: usize,
    /// What filters without a value are applied to.
    piped: Vec<String>,
    family: Rc<Family<'t>>,
    /// The blocks that are being written.
    running: Vec<Running<'t>>,
    /// The macros that are being written.
    macros: Vec<*const Macro<'t>>,
    loops: Vec<Loop>,
    /// Variables that hold where captures begin.
    captures: Vec<String>,
    position: Position,
    format: Format,
    escapes: bool,
    /// Whether there is no output, as behind `extends`.
    silent: bool,
    /// Whether the template extends another one.
    extends: bool,
    branches: usize,
}

/// A block that is being written.
struct Running<'t> {
    name: &'t str,
    /// Which of its definitions.
    depth: usize,
    /// What it sees.
    environment: Environment<'t>,
}

/// A loop that is being written.
struct Loop {
    label: String,
    captures: usize,
    position: Position,
}

impl<'t> Generator<'t> {
    fn find(&self, name: &str) -> Option<usize> {
        self.sources.iter().position(|source| *source.name == *name)
    }

    fn source(&self) -> &'t Source {
        &self.sources[self.template]
    }

    fn fail(&self, kind: ErrorKind, message: impl Into<String>, span: Span) -> Error {
        Error::new(kind, message).at(self.source(), span)
    }

    fn refuse(&self, what: impl Into<String>, span: Span) -> Error {
        let help = "render this template with an engine, or write it without";
        self.fail(ErrorKind::Syntax, format!("{}, which cannot be compiled to Rust", what.into()), span).with_help(help)
    }

    fn html(&self) -> bool {
        self.format == Format::Html
    }

    /// A new variable of the code.
    fn variable(&mut self) -> String {
        self.next += 1;
        format!("v{}", self.next)
    }

    fn line(&mut self, line: impl AsRef<str>) {
        self.code.push_str(line.as_ref());
        self.code.push('\n');
    }

    /// Says where the next line stands, which can fail.
    fn at(&mut self, span: Span) {
        let line = format!("run.at({}, {}, {});", self.template, span.start, span.end);
        self.line(line);
    }

    /// A variable that holds what an expression of Rust gives.
    fn bind(&mut self, expression: impl AsRef<str>) -> String {
        let variable = self.variable();
        let line = format!("let {variable} = {};", expression.as_ref());
        self.line(line);
        variable
    }

    fn nested<T>(&mut self, span: Span, write: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAX_NESTING {
            return Err(self.refuse("the templates, blocks or macros stand in themselves", span));
        }
        if self.code.len() > MAX_CODE {
            return Err(self.refuse("the template becomes too much code", span));
        }
        self.nesting += 1;
        let written = write(self);
        self.nesting -= 1;
        written
    }

    /// The code of a template and of those that it extends.
    fn family_of(&mut self, template: usize) -> Result<()> {
        let mut chain = vec![template];
        while let Some(parent) = self.parent(chain[chain.len() - 1])? {
            if chain.contains(&parent) {
                return Err(self.refuse("the template extends itself", Span::default()));
            }
            chain.push(parent);
        }
        let bodies = self.bodies;
        let mut family = Family::new();
        for template in &chain {
            for_each(&bodies[*template], &mut |stmt| {
                if let StmtKind::Block(block) = &stmt.kind {
                    family.entry(block.name).or_default().push((*template, block));
                }
                Ok(())
            })?;
        }
        let outer_family = std::mem::replace(&mut self.family, Rc::new(family));
        let outer_running = std::mem::take(&mut self.running);
        let outer_template = self.template;
        self.environment.open();
        for template in &chain {
            self.declare_assigned(&bodies[*template], Span::default())?;
        }
        let outer_root = std::mem::replace(&mut self.root_depth, self.environment.depth());
        let (outer_silent, outer_extends) = (self.silent, self.extends);
        let position = self.position;
        let (format, escapes) = (self.format, self.escapes);
        for (index, template) in chain.iter().enumerate() {
            self.template = *template;
            self.silent = outer_silent;
            self.extends = index + 1 < chain.len();
            self.position = position;
            self.speak_as(*template);
            self.body(&bodies[*template])?;
        }
        (self.format, self.escapes) = (format, escapes);
        (self.silent, self.extends) = (outer_silent, outer_extends);
        self.root_depth = outer_root;
        self.environment.close();
        self.template = outer_template;
        self.running = outer_running;
        self.family = outer_family;
        Ok(())
    }

    /// The format of a template's own text.
    fn speak_as(&mut self, template: usize) {
        self.format = self.engine.format_of(&self.sources[template].name);
        self.escapes = self.format != Format::Text;
    }

    /// The template that a template extends.
    fn parent(&mut self, template: usize) -> Result<Option<usize>> {
        self.template = template;
        let mut extended = None;
        let body = &self.bodies[template];
        for stmt in body {
            let StmtKind::Extends(name) = &stmt.kind else { continue };
            let ExprKind::String(name) = &name.kind else {
                return Err(self.refuse("the name of the template is computed", name.span));
            };
            if extended.replace((name, stmt.span)).is_some() {
                return Err(self.fail(ErrorKind::Syntax, "the template extends two templates", stmt.span));
            }
        }
        let Some((name, span)) = extended else { return Ok(None) };
        self.find(name).map(Some).ok_or_else(|| self.refuse("the template is not there", span))
    }

    /// What a name means.
    fn lookup(&self, name: &str) -> Option<Binding<'t>> {
        if let Some(found) = self.environment.find(name) {
            return Some(found);
        }
        if !self.environment.sees_fields {
            return None;
        }
        let index = self.fields.iter().position(|field| field.name == name)?;
        if self.fields[index].dynamic {
            self.read.borrow_mut().insert(index);
            return Some(Binding::Value(format!("f{index}")));
        }
        Some(Binding::Place(format!("self.{}", self.fields[index].member)))
    }

    /// A text as it stands in Rust.
    fn literal(text: &str) -> String {
        let mut literal = String::with_capacity(text.len() + 2);
        // Writing to a `String` does not fail.
        let _ = write!(literal, "{text:?}");
        literal
    }
}
