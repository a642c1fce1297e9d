//! Statements.

use std::rc::Rc;

use super::scope::{Binding, Environment, LoopBinding, MacroBinding};
use super::{Generator, Loop, Running, for_each};
use crate::engine::Format;
use crate::error::{ErrorKind, Result};
use crate::html::{Escape, Position};
use crate::source::Span;
use crate::syntax::ast::{Block, Body, Expr, ExprKind, For, Macro, Mentions, Stmt, StmtKind, Target};

/// What is put aside while code of another place is written.
pub(super) struct Aside<'t> {
    environment: Environment<'t>,
    root_depth: usize,
    template: usize,
    position: Position,
    format: Format,
    escapes: bool,
    silent: bool,
    branches: usize,
    loops: Vec<Loop>,
    captures: Vec<String>,
    running: Vec<Running<'t>>,
}

impl<'t> Generator<'t> {
    /// Puts all that belongs to a place aside; what is written next begins in an environment of its own.
    fn put_aside(&mut self, environment: Environment<'t>, root_depth: usize) -> Aside<'t> {
        Aside {
            environment: std::mem::replace(&mut self.environment, environment),
            root_depth: std::mem::replace(&mut self.root_depth, root_depth),
            template: self.template,
            position: self.position,
            format: self.format,
            escapes: self.escapes,
            silent: std::mem::take(&mut self.silent),
            branches: std::mem::take(&mut self.branches),
            loops: std::mem::take(&mut self.loops),
            captures: std::mem::take(&mut self.captures),
            running: std::mem::take(&mut self.running),
        }
    }

    fn take_up(&mut self, aside: Aside<'t>) {
        self.environment = aside.environment;
        self.root_depth = aside.root_depth;
        self.template = aside.template;
        self.position = aside.position;
        self.format = aside.format;
        self.escapes = aside.escapes;
        self.silent = aside.silent;
        self.branches = aside.branches;
        self.loops = aside.loops;
        self.captures = aside.captures;
        self.running = aside.running;
    }

    pub(super) fn body(&mut self, body: &'t Body<'t>) -> Result<()> {
        body.iter().try_for_each(|stmt| self.statement(stmt))
    }

    /// A body in a scope of its own.
    fn scoped(&mut self, body: &'t Body<'t>, span: Span) -> Result<()> {
        self.environment.open();
        self.declare_assigned(body, span)?;
        self.body(body)?;
        self.environment.close();
        Ok(())
    }

    fn statement(&mut self, stmt: &'t Stmt<'t>) -> Result<()> {
        let span = stmt.span;
        match &stmt.kind {
            StmtKind::Text(_) | StmtKind::Emit(_) | StmtKind::Print(_) | StmtKind::Include { .. } if self.silent => {}
            StmtKind::Text(text) => return self.text(text, span),
            StmtKind::Emit(expr) => return self.output(expr, span),
            StmtKind::Print(exprs) => return exprs.iter().try_for_each(|expr| self.output(expr, span)),
            StmtKind::If { branches, otherwise } => return self.if_statement(branches, otherwise, span),
            StmtKind::For(looped) => return self.for_statement(looped, span),
            StmtKind::Set { target, value } => {
                let value = self.value(value)?;
                return self.assign(target, &value, span);
            }
            StmtKind::SetBlock { target, filter, body } => {
                let mut value = self.captured(body, span)?;
                if let Some(filter) = filter {
                    value = self.filtered(filter, value)?;
                }
                return self.assign(target, &value, span);
            }
            StmtKind::With { assignments, body } => return self.with(assignments, body, span),
            StmtKind::Filter { filter, body } => {
                let value = self.captured(body, span)?;
                let value = self.filtered(filter, value)?;
                if !self.silent {
                    let escape = self.hole(span)?;
                    self.emit(escape, &value, span);
                }
            }
            StmtKind::Macro(definition) => {
                self.check_certain("a macro in a branch", span)?;
                let binding = self.macro_binding(definition);
                self.environment.bind(definition.name, Binding::Macro(Rc::new(binding)));
            }
            StmtKind::Call { call, caller } => return self.call_block(call, caller, span),
            StmtKind::Include { name, ignore_missing, with_context } => {
                return self.include(name, *ignore_missing, *with_context, span);
            }
            StmtKind::Import { name, target, with_context } => {
                let module = self.import(name, *with_context, span)?;
                self.environment.bind(target, Binding::Module(Rc::new(module)));
            }
            StmtKind::FromImport { name, names, with_context } => {
                let module = self.import(name, *with_context, span)?;
                for (export, alias) in names {
                    let found = module.iter().rev().find(|(name, _)| name == export && !export.starts_with('_'));
                    let Some((_, binding)) = found else {
                        return Err(self.refuse(format!("the template offers no `{export}`"), span));
                    };
                    self.environment.bind(alias, binding.clone());
                }
            }
            StmtKind::Extends(_) => {
                let is_outermost = self.environment.depth() == self.root_depth && self.running.is_empty();
                if self.branches > 0 || !self.loops.is_empty() || !is_outermost {
                    return Err(self.refuse("`extends` in a branch, a loop or a scope", span));
                }
                self.silent |= self.extends;
            }
            StmtKind::Block(_) if self.silent => {}
            StmtKind::Block(block) => return self.block(block, span),
            StmtKind::AutoEscape { enabled, body } => {
                let enabled = match enabled.kind {
                    ExprKind::Bool(enabled) => enabled,
                    ExprKind::None => false,
                    _ => return Err(self.refuse("`autoescape` with a value that is computed", span)),
                };
                let (escapes, format) = (self.escapes, self.format);
                self.escapes = enabled;
                if enabled && format == Format::Text {
                    self.format = Format::Html;
                    self.position = Position::default();
                }
                self.line("{");
                self.scoped(body, span)?;
                self.line("}");
                (self.escapes, self.format) = (escapes, format);
            }
            StmtKind::Do(expr) => {
                self.value(expr)?;
            }
            StmtKind::Break => return self.leave_loop("break", span),
            StmtKind::Continue => return self.leave_loop("continue", span),
        }
        Ok(())
    }

    fn check_certain(&self, what: &str, span: Span) -> Result<()> {
        if self.branches > 0 { Err(self.refuse(what, span)) } else { Ok(()) }
    }

    fn text(&mut self, text: &'t str, span: Span) -> Result<()> {
        if self.html() {
            let source = self.source();
            let mut nonces = Vec::new();
            let after = self.position.after(text, self.engine.attributes(), &mut nonces);
            self.position = after.map_err(|refusal| refusal.at(source, span))?;
        }
        let line = format!("run.text({})?;", Self::literal(text));
        self.line(line);
        Ok(())
    }

    /// The escaping of a value here.
    fn hole(&mut self, span: Span) -> Result<Escape> {
        let escape = match self.format {
            Format::Text => Escape::None,
            Format::Json => Escape::Json,
            Format::Html if self.escapes => {
                let source = self.source();
                let (escape, position) = self.position.hole().map_err(|refusal| refusal.at(source, span))?;
                self.position = position;
                escape
            }
            Format::Html => {
                self.position = self.position.after_hole();
                Escape::None
            }
        };
        Ok(if self.escapes { escape } else { Escape::None })
    }

    fn emit(&mut self, escape: Escape, value: &str, span: Span) {
        if !value.starts_with("read(") {
            self.at(span);
        }
        let line = format!("run.emit(Escape::{escape:?}, {value})?;");
        self.line(line);
    }

    fn output(&mut self, expr: &'t Expr<'t>, span: Span) -> Result<()> {
        if matches!(expr.kind, ExprKind::Filter(_, "xmlattr", _)) && self.html() && self.position.is_among_attributes()
        {
            let value = self.value(expr)?;
            self.emit(Escape::Html, &value, span);
            return Ok(());
        }
        let escape = self.hole(span)?;
        if matches!(escape, Escape::Html | Escape::None) && self.direct(expr)? {
            return Ok(());
        }
        if let Some(place) = self.place(expr)? {
            let line = format!("let value = run.read(&{place})?; run.emit(Escape::{escape:?}, value)?;");
            self.line(format!("{{ {line} }}"));
            return Ok(());
        }
        let value = self.value(expr)?;
        self.emit(escape, &value, span);
        Ok(())
    }

    /// Ways to a place have to leave the page in the same position.
    fn join(&mut self, other: Position, span: Span) -> Result<()> {
        if !self.html() {
            return Ok(());
        }
        self.position = self.position.join(other).ok_or_else(|| {
            self.fail(ErrorKind::UnsafePosition, "the branches end at different positions of the page", span)
        })?;
        Ok(())
    }

    fn if_statement(
        &mut self,
        branches: &'t [(Expr<'t>, Body<'t>)],
        otherwise: &'t Body<'t>,
        span: Span,
    ) -> Result<()> {
        let before = self.position;
        let mut ends = Vec::new();
        self.branches += 1;
        for (condition, body) in branches {
            let condition = self.condition(condition)?;
            self.line(format!("if {condition} {{"));
            self.position = before;
            self.body(body)?;
            ends.push(self.position);
            self.line("} else {");
        }
        self.position = before;
        self.body(otherwise)?;
        self.line("}".repeat(branches.len()));
        self.branches -= 1;
        ends.into_iter().try_for_each(|end| self.join(end, span))
    }

    fn for_statement(&mut self, looped: &'t For<'t>, span: Span) -> Result<()> {
        if looped.recursive {
            return Err(self.refuse("a loop that is `recursive`", span));
        }
        self.line("{");
        let typed = self.place(&looped.iterable)?;
        let dynamic = typed.is_none();
        let mut items = match typed {
            Some(place) => self.bind(format!("Items::items(&{place})")),
            None => {
                let value = self.value(&looped.iterable)?;
                self.at(looped.iterable.span);
                self.bind(format!("run.items({value})?"))
            }
        };
        if let Some(condition) = &looped.condition {
            let (kept, item) = (self.variable(), self.variable());
            let walk = if dynamic { format!("{items}.iter().copied()") } else { format!("{items}.iter()") };
            self.line(format!("let mut {kept} = ::std::vec::Vec::new(); for {item} in {walk} {{ run.spend(4)?;"));
            self.environment.open();
            self.bind_item(&looped.target, &item, dynamic, span)?;
            let condition = self.condition(condition)?;
            self.environment.close();
            self.line(format!("if {condition} {{ {kept}.push({item}); }} }}"));
            items = kept;
        }
        let copied = if dynamic || looped.condition.is_some() { ".copied()" } else { "" };
        let reference = if looped.condition.is_some() { "" } else { "&" };
        let (index, item, ended, label) = (self.variable(), self.variable(), self.variable(), self.variable());
        let cost = looped.body.len() + 3;
        self.line(format!("let mut {ended} = false;"));
        self.line(format!("'{label}: for ({index}, {item}) in {items}.iter(){copied}.enumerate() {{"));
        self.line(format!("run.spend({cost})?;"));
        self.environment.open();
        if looped.mentions.has(Mentions::LOOP) {
            let binding = LoopBinding { index, items, dynamic, reference };
            self.environment.bind("loop", Binding::Loop(Rc::new(binding)));
        }
        self.bind_item(&looped.target, &item, dynamic, span)?;
        self.declare_assigned(&looped.body, span)?;
        let before = self.position;
        self.loops.push(Loop { label, captures: self.captures.len(), position: before });
        self.branches += 1;
        self.body(&looped.body)?;
        self.branches -= 1;
        self.loops.pop();
        self.environment.close();
        self.join(before, span)?;
        if self.html() && self.position != before {
            let message = "the loop ends at another position of the page than it began";
            return Err(self.fail(ErrorKind::UnsafePosition, message, span));
        }
        self.line(format!("{ended} = true; }}"));
        if !looped.otherwise.is_empty() {
            self.line(format!("if !{ended} {{"));
            self.branches += 1;
            self.body(&looped.otherwise)?;
            self.branches -= 1;
            self.line("}");
        }
        self.line("}");
        self.join(before, span)
    }

    /// Gives the names of a loop's target their meaning.
    fn bind_item(&mut self, target: &'t Target<'t>, item: &str, dynamic: bool, span: Span) -> Result<()> {
        match target {
            Target::Name(name) if dynamic => self.environment.bind(name, Binding::Value(item.to_owned())),
            Target::Name(name) => self.environment.bind(name, Binding::Place(format!("(*{item})"))),
            target => {
                let value = if dynamic { item.to_owned() } else { self.bind(format!("run.read(&*{item})?")) };
                self.declare(target);
                self.assign(target, &value, span)?;
            }
        }
        Ok(())
    }

    /// Gives the names of a target variables of their own.
    fn declare(&mut self, target: &'t Target<'t>) {
        match target {
            Target::Name(name) => {
                let variable = self.variable();
                self.line(format!("let mut {variable} = Datum::NONE;"));
                self.environment.bind(name, Binding::Value(variable));
            }
            Target::Attribute(..) => {}
            Target::Tuple(parts, _) => parts.iter().for_each(|part| self.declare(part)),
        }
    }

    /// Gives what a body assigns in its own scope variables that begin with what the names mean outside of it.
    pub(super) fn declare_assigned(&mut self, body: &'t Body<'t>, span: Span) -> Result<()> {
        let mut names = Vec::new();
        assigned(body, &mut names);
        for name in names {
            if matches!(self.environment.own(name), Some(Binding::Value(_))) {
                continue;
            }
            let value = match self.lookup(name) {
                None => format!("Datum::undefined({})", Self::literal(name)),
                Some(binding) => self.read(&binding, name, span)?,
            };
            let variable = self.variable();
            self.line(format!("let mut {variable} = {value};"));
            self.environment.bind(name, Binding::Value(variable));
        }
        Ok(())
    }

    fn assign(&mut self, target: &'t Target<'t>, value: &str, span: Span) -> Result<()> {
        match target {
            Target::Name(name) => match self.environment.own(name) {
                Some(Binding::Value(variable)) => self.line(format!("{variable} = {value};")),
                _ => return Err(self.refuse(format!("the name `{name}` is assigned and means something else"), span)),
            },
            Target::Attribute(name, attribute, at) => {
                let of = match self.lookup(name) {
                    Some(binding) => self.read(&binding, name, *at)?,
                    None => return Err(self.unknown(name, *at)),
                };
                self.at(*at);
                self.line(format!("run.set_attribute({of}, {}, {value})?;", Self::literal(attribute)));
            }
            Target::Tuple(parts, at) => {
                self.at(*at);
                let items = self.bind(format!("run.unpack({value}, {})?", parts.len()));
                for (index, part) in parts.iter().enumerate() {
                    self.assign(part, &format!("{items}[{index}]"), *at)?;
                }
            }
        }
        Ok(())
    }

    /// A body whose output becomes a value.
    fn captured(&mut self, body: &'t Body<'t>, span: Span) -> Result<String> {
        let outside = std::mem::take(&mut self.position);
        let silent = std::mem::take(&mut self.silent);
        let start = self.bind("run.start()");
        self.captures.push(start.clone());
        self.line("{");
        self.scoped(body, span)?;
        self.line("}");
        self.captures.pop();
        self.check_text_end(span)?;
        let safe = self.html() && self.escapes;
        self.position = outside;
        self.silent = silent;
        Ok(self.bind(format!("run.capture({start}, {safe})?")))
    }

    fn check_text_end(&self, span: Span) -> Result<()> {
        if self.html() && !self.position.is_text() {
            let message = "the body ends inside of a tag, a script, a style or a comment";
            return Err(self.fail(ErrorKind::UnsafePosition, message, span));
        }
        Ok(())
    }

    fn filtered(&mut self, filter: &'t Expr<'t>, value: String) -> Result<String> {
        self.piped.push(value);
        let filtered = self.value(filter);
        self.piped.pop();
        filtered
    }

    fn with(&mut self, assignments: &'t [(Target<'t>, Expr<'t>)], body: &'t Body<'t>, span: Span) -> Result<()> {
        self.line("{");
        let mut values = Vec::new();
        for (target, value) in assignments {
            let place = if matches!(target, Target::Name(_)) { self.place(value)? } else { None };
            values.push(match place {
                Some(place) => Binding::Place(place),
                None => Binding::Value(self.value(value)?),
            });
        }
        self.environment.open();
        for ((target, _), value) in assignments.iter().zip(values).rev() {
            match (target, value) {
                (Target::Name(name), place @ Binding::Place(_)) => self.environment.bind(name, place),
                (target, Binding::Value(value)) => {
                    self.declare(target);
                    self.assign(target, &value, span)?;
                }
                _ => {}
            }
        }
        self.declare_assigned(body, span)?;
        self.body(body)?;
        self.environment.close();
        self.line("}");
        Ok(())
    }

    fn leave_loop(&mut self, how: &str, span: Span) -> Result<()> {
        let Some(current) = self.loops.last() else { return Ok(()) };
        if self.html() && self.position.join(current.position).is_none() {
            let message = "the loop is left at another position of the page than it began";
            return Err(self.fail(ErrorKind::UnsafePosition, message, span));
        }
        let mut line = String::new();
        if let Some(start) = self.captures.get(current.captures) {
            line.push_str(&format!("run.truncate({start}); "));
        }
        // What follows cannot be reached, which Rust would find worth a word without the condition.
        line.push_str(&format!("if true {{ {how} '{}; }}", current.label));
        self.line(line);
        Ok(())
    }

    pub(super) fn macro_binding(&self, definition: &'t Macro<'t>) -> MacroBinding<'t> {
        MacroBinding {
            definition,
            template: self.template,
            environment: self.environment.clone(),
            root_depth: self.root_depth,
            format: self.format,
            escapes: self.escapes,
        }
    }

    fn call_block(&mut self, call: &'t Expr<'t>, caller: &'t Macro<'t>, span: Span) -> Result<()> {
        let ExprKind::Call(function, arguments) = &call.kind else { return Ok(()) };
        let Some(callee) = self.macro_named(function) else {
            return Err(self.refuse("a call with a body of something that is no macro", span));
        };
        let caller = Rc::new(self.macro_binding(caller));
        if self.silent {
            self.macro_call(&callee, arguments, Some(caller), false, span)?;
            return Ok(());
        }
        let escape = self.hole(span)?;
        let direct = matches!(escape, Escape::Html | Escape::None) && self.is_direct(&callee);
        if let Some(value) = self.macro_call(&callee, arguments, Some(caller), direct, span)? {
            self.emit(escape, &value, span);
        }
        Ok(())
    }

    /// The code of a macro, where it is called. Answers the variable of its value unless it is written at once.
    pub(super) fn macro_body(
        &mut self,
        callee: &MacroBinding<'t>,
        arguments: Vec<(Option<&'t str>, Binding<'t>)>,
        caller: Option<Rc<MacroBinding<'t>>>,
        direct: bool,
        span: Span,
    ) -> Result<Option<String>> {
        let definition = callee.definition;
        if self.macros.contains(&std::ptr::from_ref(definition)) {
            return Err(self.refuse(format!("the macro `{}` calls itself", definition.name), span));
        }
        let answer = (!direct).then(|| self.variable());
        if let Some(answer) = &answer {
            self.line(format!("let {answer};"));
        }
        self.line("{ run.spend(8)?;");
        let start = (!direct).then(|| self.bind("run.start()"));
        let aside = self.put_aside(callee.environment.clone(), callee.root_depth);
        self.macros.push(std::ptr::from_ref(definition));
        self.template = callee.template;
        (self.format, self.escapes, self.position) = (callee.format, callee.escapes, Position::default());
        self.environment.open();
        self.parameters(definition, arguments, caller, span)?;
        self.declare_assigned(&definition.body, span)?;
        self.nested(span, |generator| generator.body(&definition.body))?;
        self.check_text_end(span)?;
        let safe = self.html() && self.escapes;
        self.macros.pop();
        self.take_up(aside);
        if let (Some(answer), Some(start)) = (&answer, start) {
            self.line(format!("{answer} = run.capture({start}, {safe})?;"));
        }
        self.line("}");
        Ok(answer)
    }

    /// Gives the parameters of a macro their values.
    fn parameters(
        &mut self,
        definition: &'t Macro<'t>,
        arguments: Vec<(Option<&'t str>, Binding<'t>)>,
        caller: Option<Rc<MacroBinding<'t>>>,
        span: Span,
    ) -> Result<()> {
        let has = |name: &str| definition.parameters.iter().any(|(found, _)| *found == name);
        let positional = arguments.iter().filter(|(name, _)| name.is_none()).count();
        let mut rest = Vec::new();
        let mut named = Vec::new();
        for (index, (name, binding)) in arguments.into_iter().enumerate() {
            match name {
                None if index < definition.parameters.len() => {
                    self.environment.bind(definition.parameters[index].0, binding);
                }
                None => rest.push(self.read(&binding, "an argument", span)?),
                Some(name) if definition.parameters.iter().take(positional).any(|(found, _)| *found == name) => {
                    return Err(self.fail(ErrorKind::Type, format!("the argument `{name}` is given twice"), span));
                }
                Some(name) if has(name) => self.environment.bind(name, binding),
                Some(name) => {
                    let value = self.read(&binding, name, span)?;
                    named.push(format!("(Datum::text({}), {value})", Self::literal(name)));
                }
            }
        }
        let takes = |mention: Mentions, name: &str| definition.mentions.has(mention) && !has(name);
        if takes(Mentions::VARARGS, "varargs") {
            let value = self.bind(format!("run.tuple(&[{}])?", rest.join(", ")));
            self.environment.bind("varargs", Binding::Value(value));
        } else if !rest.is_empty() {
            let message = format!("the macro `{}` takes {} arguments", definition.name, definition.parameters.len());
            return Err(self.fail(ErrorKind::Type, message, span));
        }
        if takes(Mentions::KWARGS, "kwargs") {
            let value = self.bind(format!("run.dict(&[{}])?", named.join(", ")));
            self.environment.bind("kwargs", Binding::Value(value));
        } else if !named.is_empty() {
            let message = format!("the macro `{}` does not take all of these arguments", definition.name);
            return Err(self.fail(ErrorKind::Type, message, span));
        }
        let uses_caller = definition.mentions.has(Mentions::CALLER) && definition.name != "caller" || has("caller");
        match caller {
            Some(caller) if uses_caller => self.environment.bind("caller", Binding::Macro(caller)),
            Some(_) => {
                let message = format!("the macro `{}` takes no argument `caller`", definition.name);
                return Err(self.fail(ErrorKind::Type, message, span));
            }
            None if uses_caller && self.environment.own("caller").is_none() && !has("caller") => {
                self.environment.bind("caller", Binding::Value("Datum::undefined(\"caller\")".to_owned()));
            }
            None => {}
        }
        for (name, default) in &definition.parameters {
            if self.environment.own(name).is_some() {
                continue;
            }
            let binding = match default {
                Some(default) => self.argument(default)?,
                None => Binding::Value(format!("Datum::undefined({})", Self::literal(name))),
            };
            self.environment.bind(name, binding);
        }
        // What the body assigns needs a variable; a constant or a path is none.
        let mut names = Vec::new();
        assigned(&definition.body, &mut names);
        for name in names {
            if let Some(binding @ Binding::Value(_)) = self.environment.own(name) {
                let value = self.read(&binding, name, span)?;
                let variable = self.variable();
                self.line(format!("let mut {variable} = {value};"));
                self.environment.bind(name, Binding::Value(variable));
            }
        }
        Ok(())
    }

    fn constant_template(&self, name: &'t Expr<'t>) -> Result<Option<usize>> {
        match &name.kind {
            ExprKind::String(name) => Ok(self.find(name)),
            _ => Err(self.refuse("the name of the template is computed or a list", name.span)),
        }
    }

    fn include(&mut self, name: &'t Expr<'t>, ignore_missing: bool, with_context: bool, span: Span) -> Result<()> {
        let Some(template) = self.constant_template(name)? else {
            return if ignore_missing { Ok(()) } else { Err(self.refuse("the template is not there", span)) };
        };
        let environment = if with_context { self.environment.clone() } else { Environment::empty() };
        let (html, before) = (self.html() && self.escapes, self.position);
        self.line("{ run.spend(8)?;");
        let aside = self.put_aside(environment, 0);
        self.position = if html { before } else { Position::default() };
        self.nested(span, |generator| generator.family_of(template))?;
        let after = self.position;
        self.take_up(aside);
        self.line("}");
        if html && after.after_unknown() != before.after_unknown() {
            let message = "the template ends at another position of the page than what is around it continues at";
            return Err(self.fail(ErrorKind::UnsafePosition, message, span));
        }
        self.position = self.position.after_unknown();
        Ok(())
    }

    /// The code of a template that is imported, and what it offers.
    fn import(&mut self, name: &'t Expr<'t>, with_context: bool, span: Span) -> Result<Vec<(&'t str, Binding<'t>)>> {
        self.check_certain("an import in a branch or a loop", span)?;
        let Some(template) = self.constant_template(name)? else {
            return Err(self.refuse("the template is not there", span));
        };
        let environment = if with_context { self.environment.clone() } else { Environment::empty() };
        let aside = self.put_aside(environment, 0);
        self.environment.open();
        self.root_depth = self.environment.depth();
        self.template = template;
        self.speak_as(template);
        self.position = Position::default();
        self.silent = true;
        let body = &self.bodies[template];
        for_each(body, &mut |stmt| match &stmt.kind {
            StmtKind::Extends(_) => Err(self.refuse("an imported template extends another one", stmt.span)),
            _ => Ok(()),
        })?;
        self.declare_assigned(body, span)?;
        self.nested(span, |generator| generator.body(body))?;
        let offered = self.environment.innermost();
        self.take_up(aside);
        Ok(offered)
    }

    fn block(&mut self, block: &'t Block<'t>, span: Span) -> Result<()> {
        let environment = if block.scoped { self.environment.clone() } else { self.environment.outer(self.root_depth) };
        let after = self.block_body(block.name, 0, environment, Some(block), span)?;
        self.position = after.after_unknown();
        Ok(())
    }

    /// The code of one definition of a block; answers where it leaves the page.
    fn block_body(
        &mut self,
        name: &'t str,
        depth: usize,
        environment: Environment<'t>,
        own: Option<&'t Block<'t>>,
        span: Span,
    ) -> Result<Position> {
        let family = self.family.clone();
        let Some((template, block)) = family.get(name).and_then(|chain| chain.get(depth)).copied() else {
            return Err(self.refuse(format!("no parent defines the block `{name}`"), span));
        };
        if block.required {
            let message = format!("the block `{name}` is required, and no template defines it");
            return Err(self.fail(ErrorKind::UnknownName, message, span));
        }
        let position = if own.is_some() { self.position } else { Position::default() };
        let speaks = (self.format, self.escapes);
        self.line("{ run.spend(8)?;");
        let aside = self.put_aside(environment.clone(), self.root_depth);
        self.running.push(Running { name, depth, environment });
        self.template = template;
        self.speak_as(template);
        if own.is_some_and(|own| std::ptr::eq(own, block)) {
            (self.format, self.escapes) = speaks;
        }
        self.position = position;
        self.nested(span, |generator| generator.scoped(&block.body, span))?;
        let after = self.position;
        if own.is_none() {
            self.check_text_end(span)?;
        }
        self.take_up(aside);
        self.line("}");
        Ok(after)
    }

    /// Whether the code of a definition of a block gives HTML.
    pub(super) fn gives_html(&self, name: &str, depth: usize) -> bool {
        let definition = self.family.get(name).and_then(|chain| chain.get(depth));
        definition.is_some_and(|(template, _)| self.engine.format_of(&self.sources[*template].name) == Format::Html)
    }

    /// A block whose output becomes a value, or is written at once.
    pub(super) fn captured_block(
        &mut self,
        name: &'t str,
        depth: usize,
        direct: bool,
        span: Span,
    ) -> Result<Option<String>> {
        let environment = match self.running.last() {
            Some(running) if running.name == name && depth > 0 => running.environment.clone(),
            _ => self.environment.outer(self.root_depth),
        };
        if direct {
            self.block_body(name, depth, environment, None, span)?;
            return Ok(None);
        }
        let safe = self.gives_html(name, depth);
        let start = self.bind("run.start()");
        self.block_body(name, depth, environment, None, span)?;
        Ok(Some(self.bind(format!("run.capture({start}, {safe})?"))))
    }
}

/// The names that a body assigns in its own scope by `set`; branches share the scope of what surrounds them.
fn assigned<'t>(body: &'t Body<'t>, names: &mut Vec<&'t str>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Set { target, .. } | StmtKind::SetBlock { target, .. } => {
                crate::compile::targets(target, names);
            }
            StmtKind::If { branches, otherwise } => {
                branches.iter().for_each(|(_, body)| assigned(body, names));
                assigned(otherwise, names);
            }
            _ => {}
        }
    }
}
