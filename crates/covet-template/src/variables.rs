//! What a template needs: the templates that it names, and the variables that it takes from its context.

use std::collections::{BTreeMap, BTreeSet};

use crate::builtins;
use crate::compile::Entry;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::source::{Source, Span};
use crate::syntax::ast::{Arguments, Body, Expr, ExprKind, Macro, Stmt, StmtKind, Target};
use crate::syntax::parse;

/// Names that the language itself gives a meaning.
const OWN: [&str; 6] = ["loop", "caller", "varargs", "kwargs", "self", "super"];

impl Engine {
    /// Compiles a template and those that it extends, includes or imports by a name that stands in it, and answers the
    /// variables that they together take from the context, sorted. A variable that a template asks about with `is
    /// defined` or gives a `default` is not among them, nor is one that any of them assigns.
    ///
    /// ```
    /// use covet_template::Engine;
    ///
    /// let mut engine = Engine::new();
    /// engine.add("base.html", "<title>{{ title }}</title>{% block body %}{% endblock %}")?;
    /// let page = "{% extends 'base.html' %}{% block body %}{% for book in books %}{{ book.title }}{% endfor %}{% endblock %}";
    /// engine.add("page.html", page)?;
    /// assert_eq!(engine.variables("page.html")?, ["books", "title"]);
    /// # Ok::<(), covet_template::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no such template, or one of them does not compile.
    pub fn variables(&self, name: &str) -> Result<Vec<String>, crate::Error> {
        Ok(self.free(name)?.into_keys().collect())
    }

    /// Checks that a template and those that it names take no [variables](Self::variables) but these.
    ///
    /// ```
    /// let mut engine = covet_template::Engine::new();
    /// engine.add("page.html", "<h1>{{ title }}</h1>\n<p>{{ txet }}</p>")?;
    /// let error = engine.check_variables("page.html", &["text", "title"]).unwrap_err();
    /// assert!(format!("{error:#}").contains("`txet` is undefined"));
    /// assert_eq!(error.places()[0].line, 2);
    /// # Ok::<(), covet_template::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`variables`](Self::variables), and an error of kind [`ErrorKind::Undefined`] with the place where the first of the others
    /// is read.
    pub fn check_variables(&self, name: &str, given: &[&str]) -> Result<(), crate::Error> {
        let free = self.free(name)?;
        let Some((name, (source, span))) = free.iter().find(|(name, _)| !given.contains(&name.as_str())) else {
            return Ok(());
        };
        let help = format!("there are `{}`", given.join("`, `"));
        Err(Error::undefined(name).with_help(help).at(source, *span))
    }

    /// The variables, each with the place where it is read first.
    fn free(&self, name: &str) -> Result<BTreeMap<String, (Source, Span)>> {
        let mut read = BTreeMap::new();
        let mut seen = Seen::default();
        let mut waiting = vec![(name.to_owned(), Vec::<(Source, Span)>::new())];
        let mut visited = BTreeSet::new();
        while let Some((name, way)) = waiting.pop() {
            if !visited.insert(name.clone()) {
                continue;
            }
            let source = self
                .look_at(&name, way.is_empty())
                .map_err(|error| way.iter().rev().fold(error, |error, (source, span)| error.at(source, *span)))?;
            let body = parse(&source, self.syntax())?;
            let mut walk = Walk { seen: &mut seen, named: Vec::new(), read: Vec::new() };
            walk.body(&body);
            for (variable, span) in walk.read {
                read.entry(variable).or_insert_with(|| (source.clone(), span));
            }
            for (other, span) in walk.named {
                let mut way = way.clone();
                way.push((source.clone(), span));
                waiting.push((other, way));
            }
        }
        read.retain(|name, _| {
            !seen.given.contains(name)
                && !OWN.contains(&name.as_str())
                && !self.has_function(name)
                && !self.is_global(name)
                && !self.is_built_in(name)
        });
        Ok(read)
    }

    /// The source of a template that compiles. One that others name may begin elsewhere in a page, which only they know.
    fn look_at(&self, name: &str, is_page: bool) -> Result<Source> {
        match self.program(name, &Entry::default()) {
            Ok(program) => Ok(program.source.clone()),
            Err(error) if error.kind() == ErrorKind::UnsafePosition && !is_page => self.source(name),
            Err(error) => Err(error),
        }
    }

    fn is_built_in(&self, name: &str) -> bool {
        builtins::function_named(name).is_some() && self.policy().allows_function(name)
    }
}

/// The templates that a body names, and where.
#[cfg(feature = "codegen")]
pub(crate) fn named_templates(body: &Body<'_>) -> Vec<(String, Span)> {
    let mut walk = Walk { seen: &mut Seen::default(), named: Vec::new(), read: Vec::new() };
    walk.body(body);
    walk.named
}

/// The names that are there, or may be absent without harm.
#[derive(Default)]
struct Seen {
    given: BTreeSet<String>,
}

struct Walk<'w> {
    seen: &'w mut Seen,
    /// The templates that are named, and where.
    named: Vec<(String, Span)>,
    /// The names that are read, and where.
    read: Vec<(String, Span)>,
}

impl Walk<'_> {
    fn body(&mut self, body: &Body<'_>) {
        body.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) {
        match &stmt.kind {
            StmtKind::Text(_) | StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Emit(expr) | StmtKind::Do(expr) => self.expr(expr),
            StmtKind::Print(exprs) => exprs.iter().for_each(|expr| self.expr(expr)),
            StmtKind::If { branches, otherwise } => {
                for (condition, body) in branches {
                    self.expr(condition);
                    self.body(body);
                }
                self.body(otherwise);
            }
            StmtKind::For(looped) => {
                self.give(&looped.target);
                self.expr(&looped.iterable);
                looped.condition.iter().for_each(|condition| self.expr(condition));
                self.body(&looped.body);
                self.body(&looped.otherwise);
            }
            StmtKind::Set { target, value } => {
                self.give(target);
                self.expr(value);
            }
            StmtKind::SetBlock { target, filter, body } => {
                self.give(target);
                filter.iter().for_each(|filter| self.expr(filter));
                self.body(body);
            }
            StmtKind::With { assignments, body } => {
                for (target, value) in assignments {
                    self.give(target);
                    self.expr(value);
                }
                self.body(body);
            }
            StmtKind::Filter { filter, body } => {
                self.expr(filter);
                self.body(body);
            }
            StmtKind::Macro(definition) => self.definition(definition),
            StmtKind::Call { call, caller } => {
                self.expr(call);
                self.definition(caller);
            }
            StmtKind::Include { name, ignore_missing, .. } => self.template(name, *ignore_missing),
            StmtKind::Import { name, target, .. } => {
                self.give_name(target);
                self.template(name, false);
            }
            StmtKind::FromImport { name, names, .. } => {
                names.iter().for_each(|(_, alias)| self.give_name(alias));
                self.template(name, false);
            }
            StmtKind::Extends(name) => self.template(name, false),
            StmtKind::Block(block) => self.body(&block.body),
            StmtKind::AutoEscape { enabled, body } => {
                self.expr(enabled);
                self.body(body);
            }
        }
    }

    fn definition(&mut self, definition: &Macro<'_>) {
        self.give_name(definition.name);
        for (name, default) in &definition.parameters {
            self.give_name(name);
            default.iter().for_each(|default| self.expr(default));
        }
        self.body(&definition.body);
    }

    /// One that may be missing is not looked for, and of one that is computed nothing is known.
    fn template(&mut self, name: &Expr<'_>, may_be_missing: bool) {
        match &name.kind {
            ExprKind::String(text) if !may_be_missing => self.named.push((text.to_string(), name.span)),
            _ => self.expr(name),
        }
    }

    fn give(&mut self, target: &Target<'_>) {
        match target {
            Target::Name(name) => self.give_name(name),
            Target::Attribute(..) => {}
            Target::Tuple(parts, _) => parts.iter().for_each(|part| self.give(part)),
        }
    }

    fn give_name(&mut self, name: &str) {
        self.seen.given.insert(name.to_owned());
    }

    fn exprs(&mut self, exprs: &[Expr<'_>]) {
        exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr<'_>) {
        match &expr.kind {
            ExprKind::None | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::String(_) => {}
            ExprKind::Name(name) => {
                self.read.push(((*name).to_owned(), expr.span));
            }
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Concat(items) => self.exprs(items),
            ExprKind::Dict(entries) => entries.iter().for_each(|(key, value)| {
                self.expr(key);
                self.expr(value);
            }),
            ExprKind::Attribute(of, _) | ExprKind::Not(of) | ExprKind::Negative(of) | ExprKind::Positive(of) => {
                self.expr(of);
            }
            ExprKind::Item(left, right)
            | ExprKind::Binary(_, left, right)
            | ExprKind::And(left, right)
            | ExprKind::Or(left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Slice(of, bounds) => {
                self.expr(of);
                bounds.iter().flatten().for_each(|bound| self.expr(bound));
            }
            ExprKind::Call(callee, arguments) => {
                self.expr(callee);
                self.arguments(arguments);
            }
            ExprKind::Filter(of, name, arguments) => {
                self.asked(of.as_deref(), matches!(*name, "default" | "d"));
                self.arguments(arguments);
            }
            ExprKind::Test(of, name, arguments) => {
                self.asked(Some(of), matches!(*name, "defined" | "undefined"));
                self.arguments(arguments);
            }
            ExprKind::Compare(first, rest) => {
                self.expr(first);
                rest.iter().for_each(|(_, expr)| self.expr(expr));
            }
            ExprKind::If { condition, then, otherwise } => {
                self.expr(condition);
                self.expr(then);
                otherwise.iter().for_each(|otherwise| self.expr(otherwise));
            }
        }
    }

    /// What a filter or a test is applied to, which may be one that is made for what is absent.
    fn asked(&mut self, of: Option<&Expr<'_>>, may_be_absent: bool) {
        let Some(of) = of else { return };
        match &of.kind {
            ExprKind::Name(name) if may_be_absent => self.give_name(name),
            _ => self.expr(of),
        }
    }

    fn arguments(&mut self, arguments: &Arguments<'_>) {
        self.exprs(&arguments.positional);
        arguments.keyword.iter().for_each(|(_, value)| self.expr(value));
        arguments.star.iter().chain(&arguments.star_star).for_each(|value| self.expr(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(templates: &[(&str, &str)], expected: &[&str]) {
        let mut engine = Engine::new();
        engine.add_embedded(templates);
        engine.add_function("shop", || "Shop");
        assert_eq!(engine.variables(templates[0].0).unwrap(), expected, "{templates:?}");
    }

    #[test]
    fn variables_are_those_that_nothing_gives() {
        check(
            &[("a", "{{ x }}{{ y.z[w] }}{{ range(n) }}{{ shop() }}{{ u|join(sep) }}")],
            &["n", "sep", "u", "w", "x", "y"],
        );
        check(&[("a", "{% set s = x %}{{ s }}{% for i, j in y %}{{ i }}{{ loop.index }}{% endfor %}")], &["x", "y"]);
        check(
            &[("a", "{% macro m(p, q=x) %}{{ p }}{{ caller() }}{% endmacro %}{% call m(y) %}{{ z }}{% endcall %}")],
            &["x", "y", "z"],
        );
        check(&[("a", "{% if x is defined %}{{ x }}{% endif %}{{ y|default('') }}{{ 1 if z else 2 }}")], &["z"]);
        check(
            &[("a", "{% with v = x %}{{ v }}{% endwith %}{% set ns = namespace(n=0) %}{% set ns.n = y %}")],
            &["x", "y"],
        );
    }

    #[test]
    fn templates_that_are_named_are_followed() {
        let base = ("base", "{{ title }}{% block b %}{% endblock %}{{ self.b() }}");
        let form = ("form", "{% macro field(name) %}{{ name }}{{ language }}{% endmacro %}");
        let child =
            "{% extends 'base' %}{% from 'form' import field as f %}{% block b %}{{ super() }}{{ f(x) }}{% endblock %}";
        check(&[("child", child), base, form], &["language", "title", "x"]);
        check(&[("a", "{% include 'b' ignore missing %}{% include name %}")], &["name"]);
        check(&[("a", "{% include 'a' %}{{ x }}")], &["x"]);
    }

    #[test]
    fn a_template_that_is_missing_is_told_with_the_way_to_it() {
        let mut engine = Engine::new();
        engine.add_embedded(&[("a", "{% extends 'b' %}"), ("b", "\n{% include 'c' %}")]);
        let error = engine.variables("a").unwrap_err();
        let places: Vec<_> = error.places().iter().map(|place| (&*place.template, place.line)).collect();
        assert_eq!((error.kind(), places), (ErrorKind::TemplateNotFound, vec![("b", 2), ("a", 1)]));
    }

    #[test]
    fn a_template_that_begins_elsewhere_in_a_page_is_no_error() {
        check(&[("a.html", "<p {% include 'b.html' %}>"), ("b.html", "title=\"{{ x }}\"{{ y|xmlattr }}")], &["x", "y"]);
    }
}
