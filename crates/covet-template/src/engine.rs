//! The engine: its settings, its templates, and rendering.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

use crate::budget::Budget;
use crate::builtins;
use crate::compile::{self, Callee, Entry, Program};
use crate::error::{Error, ErrorKind, Result, closest};
use crate::function::{Custom, Function};
use crate::html::{AttributeKind, Attributes};
use crate::loader::Loader;
use crate::policy::{Policy, Undefined};
use crate::source::Source;
use crate::syntax::Syntax;
use crate::value::{self, Arena, Context, Dict, Object, V, Value};
use crate::vm::{Programs, Variables, Vm, Workspace};

/// The name of templates that are rendered from a text.
const TEXT: &str = "<text>";

/// What a template's output is, and so how values are escaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Text: values are written as they are.
    #[default]
    Text,
    /// HTML: values are escaped by the position in the page where they stand.
    Html,
    /// JSON: values are written as JSON.
    Json,
}

impl Format {
    /// The format that the ending of a name stands for, before an ending such as `.j2`.
    fn of(name: &str) -> Self {
        let name = [".j2", ".jinja", ".jinja2"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("html" | "htm" | "xhtml" | "xml" | "svg") => Format::Html,
            Some("json") => Format::Json,
            _ => Format::Text,
        }
    }
}

/// A template's programs, one for each position of a page where it begins.
type Variants = Vec<(Entry, Arc<Program>)>;

/// Templates and how they are rendered.
///
/// ```
/// use covet_template::Engine;
///
/// #[derive(serde::Serialize)]
/// struct Page<'a> {
///     title: &'a str,
///     books: Vec<&'a str>,
/// }
///
/// let mut engine = Engine::new();
/// engine.add("books.html", "<h1>{{ title }}</h1>{% for book in books %}<li>{{ book }}</li>{% endfor %}")?;
/// let page = engine.render("books.html", &Page { title: "New & old", books: vec!["Emma", "<Ulysses>"] })?;
/// assert_eq!(page, "<h1>New &amp; old</h1><li>Emma</li><li>&lt;Ulysses&gt;</li>");
/// # Ok::<(), covet_template::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Engine {
    syntax: Syntax,
    policy: Policy,
    undefined: Undefined,
    budget: Budget,
    format: Option<Format>,
    reloads: bool,
    loader: Loader,
    filters: HashMap<Box<str>, Arc<Custom>>,
    tests: HashMap<Box<str>, Arc<Custom>>,
    functions: HashMap<Box<str>, Arc<Custom>>,
    globals: HashMap<Box<str>, Value>,
    attributes: Attributes,
    nonce: Option<Box<str>>,
    compiled: RwLock<HashMap<Box<str>, Variants>>,
}

impl Engine {
    /// An engine without templates, for templates that are trusted.
    pub fn new() -> Self {
        Self::default()
    }

    /// An engine for templates of these authors.
    pub fn with_policy(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Adds a template, and compiles it to tell what is wrong with it.
    ///
    /// # Errors
    /// The template does not compile.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), Error> {
        self.loader.memory.insert(name.into(), text.into());
        self.forget();
        self.program(name, &Entry::default()).map(drop)
    }

    /// Adds templates that are part of the program, as pairs of names and texts. They are compiled when they are used.
    pub fn add_embedded(&mut self, templates: &[(&str, &str)]) {
        for (name, text) in templates {
            self.loader.memory.insert((*name).into(), (*text).into());
        }
        self.forget();
    }

    /// Loads templates that were not added from the files of a folder. Names are paths inside of it, with slashes.
    pub fn set_folder(&mut self, folder: impl Into<PathBuf>) {
        self.loader.folder = Some(folder.into());
        self.forget();
    }

    /// Reads and compiles every template again whenever it is rendered, for development.
    pub fn set_reload(&mut self, reloads: bool) {
        self.reloads = reloads;
    }

    /// Sets the delimiters and the handling of white space.
    pub fn set_syntax(&mut self, syntax: Syntax) {
        self.syntax = syntax;
        self.forget();
    }

    /// Sets the format of every template; `None`, the default, takes it from the ending of the name.
    pub fn set_format(&mut self, format: Option<Format>) {
        self.format = format;
        self.forget();
    }

    /// Sets what happens with what is undefined.
    pub fn set_undefined(&mut self, undefined: Undefined) {
        self.undefined = undefined;
    }

    /// The limits of a rendering, to be changed.
    pub fn budget_mut(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Adds a filter, whose first argument is the value in front of the `|`. It replaces a built-in one of its name.
    pub fn add_filter<Arguments>(&mut self, name: &str, filter: impl Function<Arguments>) {
        self.filters.insert(name.into(), Arc::new(Custom::new(name, filter)));
        self.forget();
    }

    /// Adds a test, whose first argument is the value in front of the `is`.
    pub fn add_test<Arguments>(&mut self, name: &str, test: impl Function<Arguments>) {
        self.tests.insert(name.into(), Arc::new(Custom::new(name, test)));
        self.forget();
    }

    /// Adds a function.
    pub fn add_function<Arguments>(&mut self, name: &str, function: impl Function<Arguments>) {
        self.functions.insert(name.into(), Arc::new(Custom::new(name, function)));
        self.forget();
    }

    /// Says what the values of an attribute are, for those that HTML does not know: `*` at the end of a name stands for
    /// any end. What was said last about a name counts.
    ///
    /// htmx's `hx-get` and the like are known as addresses, and `hx-on*`, `x-*`, `@*`, `:*` and `v-*` as scripts.
    ///
    /// ```
    /// use covet_template::{AttributeKind, Engine};
    ///
    /// let mut engine = Engine::new();
    /// engine.add_attribute(":title", AttributeKind::Text);
    /// engine.add("a.html", "<a :title=\"{{ x }}\" x-text=\"{{ x }}\">")?;
    /// let page = engine.render("a.html", &std::collections::BTreeMap::from([("x", "a'b")]))?;
    /// assert_eq!(page, "<a :title=\"a&#39;b\" x-text=\"&#34;a\\u0027b&#34;\">");
    /// # Ok::<(), covet_template::Error>(())
    /// ```
    pub fn add_attribute(&mut self, name: &str, kind: AttributeKind) {
        self.attributes.add(name, kind);
        self.forget();
    }

    /// Names the variable whose text every tag of a script or a style gets as its `nonce`, for a content security
    /// policy. Where a rendering has no such variable, tags stay as they are.
    ///
    /// ```
    /// use covet_template::Engine;
    ///
    /// let mut engine = Engine::new();
    /// engine.set_nonce(Some("csp_nonce"));
    /// engine.add("page.html", "<script>let a = 1</script>")?;
    /// let page = engine.render("page.html", &std::collections::BTreeMap::from([("csp_nonce", "r4nd0m")]))?;
    /// assert_eq!(page, "<script nonce=\"r4nd0m\">let a = 1</script>");
    /// # Ok::<(), covet_template::Error>(())
    /// ```
    pub fn set_nonce(&mut self, variable: Option<&str>) {
        self.nonce = variable.map(Into::into);
        self.forget();
    }

    /// Adds a variable that every template sees.
    pub fn add_global(&mut self, name: &str, value: impl Into<Value>) {
        self.globals.insert(name.into(), value.into());
    }

    /// Renders a template with variables from anything that serializes to a map.
    ///
    /// # Errors
    /// There is no such template, it does not compile, or rendering fails.
    pub fn render<C: Serialize + ?Sized>(&self, name: &str, context: &C) -> Result<String, Error> {
        let program = self.program(name, &Entry::default())?;
        self.run(&program, |arena| value::serialize(arena, context))
    }

    /// Renders a template and writes the result once it is complete, so that a failure writes nothing.
    ///
    /// # Errors
    /// Rendering fails as in [`Engine::render`], or writing does.
    pub fn render_to<C: Serialize + ?Sized>(
        &self,
        name: &str,
        context: &C,
        writer: &mut dyn io::Write,
    ) -> Result<(), Error> {
        let rendered = self.render(name, context)?;
        writer
            .write_all(rendered.as_bytes())
            .map_err(|error| Error::new(ErrorKind::Write, "the output cannot be written").with_source(error))
    }

    /// Renders a text that is a template without a name; its format is text unless [`Engine::set_format`] says more.
    ///
    /// # Errors
    /// The text does not compile, or rendering fails.
    pub fn render_text<C: Serialize + ?Sized>(&self, text: &str, context: &C) -> Result<String, Error> {
        let source = Source::new(TEXT, text, self.syntax.keep_trailing_newline);
        let program = compile::compile(self, &source, self.format.unwrap_or_default(), &Entry::default())?;
        self.run(&program, |arena| value::serialize(arena, context))
    }

    /// Evaluates an expression.
    ///
    /// ```
    /// use covet_template::{Engine, Policy, Value};
    ///
    /// let engine = Engine::with_policy(Policy::ExpressionOnly);
    /// let context = std::collections::BTreeMap::from([("price", 40), ("count", 3)]);
    /// assert_eq!(engine.eval("price * count > 100", &context)?, Value::Bool(true));
    /// # Ok::<(), covet_template::Error>(())
    /// ```
    ///
    /// # Errors
    /// The text is no expression, it uses what the policy does not list, or evaluating fails.
    pub fn eval<C: Serialize + ?Sized>(&self, expression: &str, context: &C) -> Result<Value, Error> {
        let source = Source::new("<expression>", expression, true);
        let program = compile::compile_expression(self, &source)?;
        self.in_arena(|arena, workspace| {
            let programs = Programs::default();
            let variables = variables(arena, value::serialize(arena, context)?)?;
            let value = Vm::new(self, arena, &programs, workspace).evaluate(&program, variables)?;
            value::to_owned_value(arena, value)
        })
    }

    /// A compiled template, for those that render it often: it saves looking for it by its name.
    ///
    /// ```
    /// use covet_template::Engine;
    ///
    /// let mut engine = Engine::new();
    /// engine.add("greeting.txt", "Hello {{ name }}")?;
    /// let greeting = engine.template("greeting.txt")?;
    /// assert_eq!(greeting.render_serde(&std::collections::BTreeMap::from([("name", "Ann")]))?, "Hello Ann");
    /// # Ok::<(), covet_template::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no such template, or it does not compile.
    pub fn template(&self, name: &str) -> Result<Template<'_>, Error> {
        Ok(Template { engine: self, program: self.program(name, &Entry::default())? })
    }

    fn run<'c>(
        &'c self,
        program: &'c Program,
        context: impl for<'a> FnOnce(&'a Arena) -> Result<V<'a>>,
    ) -> Result<String> {
        self.in_arena(|arena, workspace| {
            let programs = Programs::default();
            let variables = variables(arena, context(arena)?)?;
            Vm::new(self, arena, &programs, workspace).render(program, variables, workspace)
        })
    }

    /// Runs with an arena, in memory that the last rendering left.
    pub(crate) fn in_arena<T>(&self, run: impl FnOnce(&Arena, &mut Workspace) -> Result<T>) -> Result<T> {
        let mut workspace = Workspace::take();
        let bump = std::mem::take(&mut workspace.bump);
        let arena = Arena::new(&self.budget, self.undefined == Undefined::Strict, bump);
        let outcome = run(&arena, &mut workspace);
        workspace.bump = arena.into_bump();
        workspace.leave();
        outcome
    }

    fn forget(&mut self) {
        self.compiled.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A compiled template, or the variant of it that begins at another position of a page.
    pub(crate) fn program(&self, name: &str, entry: &Entry) -> Result<Arc<Program>> {
        if !self.reloads {
            let compiled = self.compiled.read().unwrap_or_else(PoisonError::into_inner);
            let variants = compiled.get(name);
            if let Some((_, program)) = variants.and_then(|found| found.iter().find(|(found, _)| found == entry)) {
                return Ok(program.clone());
            }
        }
        let source = self.source(name)?;
        let format = self.format.unwrap_or_else(|| Format::of(name));
        let program = Arc::new(compile::compile(self, &source, format, entry)?);
        let mut compiled = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
        compiled.entry(name.into()).or_default().push((entry.clone(), program.clone()));
        Ok(program)
    }

    /// What a template's output is.
    #[cfg(feature = "codegen")]
    pub(crate) fn format_of(&self, name: &str) -> Format {
        self.format.unwrap_or_else(|| Format::of(name))
    }

    /// The variant of a template that is running; one without a name is compiled from its text.
    pub(crate) fn variant(&self, program: &Program, entry: &Entry) -> Result<Arc<Program>> {
        if *program.source.name != *TEXT {
            return self.program(&program.source.name, entry);
        }
        compile::compile(self, &program.source, self.format.unwrap_or_default(), entry).map(Arc::new)
    }

    pub(crate) fn syntax(&self) -> &Syntax {
        &self.syntax
    }

    /// The names of functions and of variables that every template sees.
    pub(crate) fn own_names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().chain(self.globals.keys()).map(|name| &**name)
    }

    pub(crate) fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    pub(crate) fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    pub(crate) fn policy(&self) -> Policy {
        self.policy
    }

    pub(crate) fn undefined(&self) -> Undefined {
        self.undefined
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The filter of a name, if the policy lists it. Every use of a filter's name, written or computed, comes here.
    pub(crate) fn find_filter(&self, name: &str) -> Result<Callee> {
        if let Some(custom) = self.filters.get(name) {
            return Ok(Callee::Custom(custom.clone()));
        }
        if self.policy.allows_filter(name)
            && let Some(filter) = builtins::filter_named(name)
        {
            return Ok(Callee::Filter(filter));
        }
        let listed = builtins::FILTERS.iter().map(|(name, _)| *name).filter(|name| self.policy.allows_filter(name));
        Err(unknown("filter", name, listed.chain(self.filters.keys().map(|name| &**name))))
    }

    /// The test of a name, if the policy lists it.
    pub(crate) fn find_test(&self, name: &str) -> Result<Callee> {
        if let Some(custom) = self.tests.get(name) {
            return Ok(Callee::Custom(custom.clone()));
        }
        if self.policy.allows_test(name)
            && let Some(test) = builtins::test_named(name)
        {
            return Ok(Callee::Test(test));
        }
        let listed = builtins::TESTS.iter().map(|(name, _)| *name).filter(|name| self.policy.allows_test(name));
        Err(unknown("test", name, listed.chain(self.tests.keys().map(|name| &**name))))
    }

    /// A function of this name that the application added.
    pub(crate) fn has_function(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    /// Whether the application added a variable of this name.
    pub(crate) fn is_global(&self, name: &str) -> bool {
        self.globals.contains_key(name)
    }

    /// The text of a template.
    pub(crate) fn source(&self, name: &str) -> Result<Source> {
        Ok(Source::new(name, &self.loader.load(name)?, self.syntax.keep_trailing_newline))
    }

    /// What a name means that no template and no context has given a meaning.
    pub(crate) fn global<'a>(&'a self, arena: &'a Arena, name: &'a str) -> Result<V<'a>> {
        if let Some(value) = self.globals.get(name) {
            return value::serialize(arena, value);
        }
        if let Some(custom) = self.functions.get(name) {
            return Ok(V::Object(arena.alloc(Object::Custom(custom))?));
        }
        match builtins::function_named(name).filter(|_| self.policy.allows_function(name)) {
            Some(index) => Ok(V::Object(arena.alloc(Object::Function(index))?)),
            None => Ok(V::Undefined(name)),
        }
    }
}

/// A compiled template of an engine.
#[derive(Clone, Debug)]
pub struct Template<'e> {
    engine: &'e Engine,
    program: Arc<Program>,
}

impl Template<'_> {
    /// Renders the template with variables that are read where they lie.
    ///
    /// # Errors
    /// Rendering fails.
    pub fn render(&self, context: &dyn Context) -> Result<String, Error> {
        self.engine.in_arena(|arena, workspace| {
            let programs = Programs::default();
            let vm = Vm::new(self.engine, arena, &programs, workspace);
            vm.render(&self.program, Variables::Record(context), workspace)
        })
    }

    /// Renders the template with variables from anything that serializes to a map.
    ///
    /// # Errors
    /// The context does not serialize to a map, or rendering fails.
    pub fn render_serde<C: Serialize + ?Sized>(&self, context: &C) -> Result<String, Error> {
        self.engine.run(&self.program, |arena| value::serialize(arena, context))
    }
}

fn unknown<'c>(what: &str, name: &str, candidates: impl Iterator<Item = &'c str>) -> Error {
    let error = Error::new(ErrorKind::UnknownName, format!("unknown {what} `{name}`"));
    match closest(name, candidates) {
        Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
        None => error,
    }
}

/// The variables of a context, which has to be a map or nothing.
fn variables<'a>(arena: &'a Arena, context: V<'a>) -> Result<Variables<'a>> {
    match context {
        V::Dict(dict) => Ok(Variables::Dict(dict)),
        V::Record(record) => Ok(Variables::Record(record)),
        V::None => Ok(Variables::Dict(Dict::new(arena)?)),
        _ => Err(Error::new(ErrorKind::Serialize, "the context must serialize to a map or a struct")),
    }
}
