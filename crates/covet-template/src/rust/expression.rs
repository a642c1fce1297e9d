//! Expressions.

use std::rc::Rc;

use super::Generator;
use super::scope::{Binding, LoopBinding, MacroBinding};
use crate::builtins;
use crate::compile::LoopPart;
use crate::error::{Error, ErrorKind, Result, closest};
use crate::source::Span;
use crate::syntax::ast::{Arguments, Binary, Compare, Expr, ExprKind};

/// Names that a field of Rust has only behind `r#`.
const KEYWORDS: [&str; 43] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut",
    "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "try", "type", "typeof", "unsafe", "use",
    "where", "while",
];

impl<'t> Generator<'t> {
    /// The path of Rust that an expression is, without a `&` in front of it.
    pub(super) fn place(&mut self, expr: &'t Expr<'t>) -> Result<Option<String>> {
        match &expr.kind {
            ExprKind::Name(name) => match self.lookup(name) {
                Some(Binding::Place(place)) => Ok(Some(place)),
                _ => Ok(None),
            },
            ExprKind::Attribute(of, name) => {
                let Some(of) = self.place(of)? else { return Ok(None) };
                let raw = if KEYWORDS.contains(name) { "r#" } else { "" };
                Ok(Some(format!("{of}.{raw}{name}")))
            }
            _ => Ok(None),
        }
    }

    /// What is passed as an argument: a path where it is one.
    pub(super) fn argument(&mut self, expr: &'t Expr<'t>) -> Result<Binding<'t>> {
        Ok(match self.place(expr)? {
            Some(place) => Binding::Place(place),
            None => Binding::Value(self.value(expr)?),
        })
    }

    /// The value behind a name.
    pub(super) fn read(&mut self, binding: &Binding<'t>, name: &str, span: Span) -> Result<String> {
        match binding {
            Binding::Place(place) => Ok(self.bind(format!("run.read(&{place})?"))),
            // A variable may change before its value is used.
            Binding::Value(value) => Ok(self.bind(value)),
            Binding::Loop(_) | Binding::Macro(_) | Binding::Module(_) => {
                Err(self.refuse(format!("`{name}` as a value"), span))
            }
        }
    }

    pub(super) fn unknown(&self, name: &str, span: Span) -> Error {
        let error = self.fail(ErrorKind::UnknownName, format!("the struct has no field `{name}`"), span);
        match closest(name, self.fields.iter().map(|field| field.name.as_str())) {
            Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
            None => error,
        }
    }

    /// An expression whose value may be absent without harm.
    fn tolerated(&mut self, expr: &'t Expr<'t>) -> Result<String> {
        match &expr.kind {
            ExprKind::Name(name) if self.lookup(name).is_none() => {
                Ok(format!("Datum::undefined({})", Self::literal(name)))
            }
            _ => self.value(expr),
        }
    }

    /// Code that ends in a value; answers the variable or the constant that it is.
    pub(super) fn value(&mut self, expr: &'t Expr<'t>) -> Result<String> {
        let span = expr.span;
        if let Some(place) = self.place(expr)? {
            return Ok(self.bind(format!("run.read(&{place})?")));
        }
        Ok(match &expr.kind {
            ExprKind::None => "Datum::NONE".to_owned(),
            ExprKind::Bool(value) => format!("Datum::bool({value})"),
            ExprKind::Int(number) => match i64::try_from(*number) {
                Ok(number) => format!("Datum::int({number}i64)"),
                Err(_) => format!("Datum::big(&{number}i128)"),
            },
            ExprKind::Float(number) => format!("Datum::float(f64::from_bits({}))", number.to_bits()),
            ExprKind::String(text) => format!("Datum::text({})", Self::literal(text)),
            ExprKind::Name(name) => match self.lookup(name) {
                Some(binding) => self.read(&binding, name, span)?,
                None => return Err(self.unknown(name, span)),
            },
            ExprKind::List(items) => self.gathered("list", items)?,
            ExprKind::Tuple(items) => self.gathered("tuple", items)?,
            ExprKind::Concat(parts) => {
                let parts = self.values(parts)?;
                self.at(span);
                let escapes = self.escapes;
                self.bind(format!("run.concat(&[{parts}], {escapes})?"))
            }
            ExprKind::Dict(entries) => {
                let mut written = Vec::new();
                for (key, value) in entries {
                    let key = self.value(key)?;
                    written.push(format!("({key}, {})", self.value(value)?));
                }
                self.at(span);
                self.bind(format!("run.dict(&[{}])?", written.join(", ")))
            }
            ExprKind::Attribute(of, name) => self.attribute(of, name, span)?,
            ExprKind::Item(of, key) => {
                let (of, key) = (self.value(of)?, self.value(key)?);
                self.at(span);
                self.bind(format!("run.item({of}, {key})?"))
            }
            ExprKind::Slice(of, bounds) => {
                let of = self.value(of)?;
                let mut written = Vec::new();
                for bound in bounds.iter() {
                    written.push(match bound {
                        Some(bound) => self.value(bound)?,
                        None => "Datum::NONE".to_owned(),
                    });
                }
                self.at(span);
                self.bind(format!("run.slice({of}, [{}])?", written.join(", ")))
            }
            ExprKind::Call(function, arguments) => self.call(function, arguments, span)?,
            ExprKind::Filter(of, name, arguments) => self.filter(of.as_deref(), name, arguments, span)?,
            ExprKind::Negative(of) => self.unary("negative", of, span)?,
            ExprKind::Positive(of) => self.unary("positive", of, span)?,
            ExprKind::Binary(operator, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.at(span);
                self.bind(format!("run.{}({left}, {right})?", operation(*operator)))
            }
            ExprKind::And(left, right) => self.short_circuit(left, right, true)?,
            ExprKind::Or(left, right) => self.short_circuit(left, right, false)?,
            ExprKind::If { condition, then, otherwise } => {
                let answer = self.variable();
                let condition = self.condition(condition)?;
                self.line(format!("let {answer}; if {condition} {{"));
                let then = self.value(then)?;
                self.line(format!("{answer} = {then}; }} else {{"));
                let otherwise = match otherwise {
                    Some(otherwise) => self.value(otherwise)?,
                    None => "Datum::NOTHING".to_owned(),
                };
                self.line(format!("{answer} = {otherwise}; }}"));
                answer
            }
            ExprKind::Not(_) | ExprKind::Compare(..) | ExprKind::Test(..) => {
                let condition = self.condition(expr)?;
                self.bind(format!("Datum::bool({condition})"))
            }
        })
    }

    /// Code that ends in a truth.
    pub(super) fn condition(&mut self, expr: &'t Expr<'t>) -> Result<String> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Bool(value) => Ok(value.to_string()),
            ExprKind::Name(name) if matches!(self.lookup(name), Some(Binding::Macro(_))) => Ok("true".to_owned()),
            ExprKind::Not(operand) => {
                let operand = self.condition(operand)?;
                Ok(self.bind(format!("!{operand}")))
            }
            ExprKind::Compare(first, rest) => self.comparison(first, rest, span),
            ExprKind::Test(of, name, arguments) => self.test(of, name, arguments, span),
            _ => {
                let value = self.value(expr)?;
                self.at(span);
                Ok(self.bind(format!("run.truth({value})?")))
            }
        }
    }

    fn values(&mut self, exprs: &'t [Expr<'t>]) -> Result<String> {
        let mut values = Vec::new();
        for expr in exprs {
            values.push(self.value(expr)?);
        }
        Ok(values.join(", "))
    }

    fn gathered(&mut self, what: &str, items: &'t [Expr<'t>]) -> Result<String> {
        let items = self.values(items)?;
        Ok(self.bind(format!("run.{what}(&[{items}])?")))
    }

    fn unary(&mut self, operation: &str, of: &'t Expr<'t>, span: Span) -> Result<String> {
        let of = self.value(of)?;
        self.at(span);
        Ok(self.bind(format!("run.{operation}({of})?")))
    }

    fn short_circuit(&mut self, left: &'t Expr<'t>, right: &'t Expr<'t>, and: bool) -> Result<String> {
        let answer = self.variable();
        let first = self.value(left)?;
        self.at(left.span);
        let not = if and { "" } else { "!" };
        self.line(format!("let {answer}; if {not}run.truth({first})? {{"));
        let second = self.value(right)?;
        self.line(format!("{answer} = {second}; }} else {{ {answer} = {first}; }}"));
        Ok(answer)
    }

    fn comparison(&mut self, first: &'t Expr<'t>, rest: &'t [(Compare, Expr<'t>)], span: Span) -> Result<String> {
        let mut left = self.value(first)?;
        let answer = self.variable();
        self.line(format!("let {answer};"));
        let mut open = 0;
        for (index, (operator, right)) in rest.iter().enumerate() {
            let right = self.value(right)?;
            self.at(span);
            let comparison = format!("run.{}({left}, {right})?", relation(*operator));
            if index + 1 == rest.len() {
                self.line(format!("{answer} = {comparison};"));
            } else {
                self.line(format!("if {comparison} {{"));
                open += 1;
            }
            left = right;
        }
        for _ in 0..open {
            self.line(format!("}} else {{ {answer} = false; }}"));
        }
        Ok(answer)
    }

    fn attribute(&mut self, of: &'t Expr<'t>, name: &'t str, span: Span) -> Result<String> {
        if let ExprKind::Name(variable) = of.kind {
            match self.lookup(variable) {
                Some(Binding::Loop(binding)) => return self.loop_part(&binding, name, span),
                Some(Binding::Module(module)) => {
                    let found = module.iter().rev().find(|(found, _)| *found == name && !name.starts_with('_'));
                    return match found {
                        Some((_, binding)) => self.read(&binding.clone(), name, span),
                        None => Ok(format!("Datum::undefined({})", Self::literal(name))),
                    };
                }
                _ => {}
            }
        }
        let of = self.value(of)?;
        self.at(span);
        Ok(self.bind(format!("run.attribute({of}, {})?", Self::literal(name))))
    }

    fn loop_part(&mut self, binding: &LoopBinding, name: &str, span: Span) -> Result<String> {
        let LoopBinding { index, items, dynamic, reference } = binding;
        let at = |place: &str| {
            let item = if *dynamic { format!("{items}[{place}]") } else { format!("{reference}{items}[{place}]") };
            if *dynamic { item } else { format!("run.read({item})?") }
        };
        let Some(part) = LoopPart::named(name) else {
            return Err(self.refuse(format!("`loop.{name}`"), span));
        };
        Ok(match part {
            LoopPart::Index => format!("Datum::index({index} + 1)"),
            LoopPart::Index0 => format!("Datum::index({index})"),
            LoopPart::RevIndex => format!("Datum::index({items}.len() - {index})"),
            LoopPart::RevIndex0 => format!("Datum::index({items}.len() - {index} - 1)"),
            LoopPart::First => format!("Datum::bool({index} == 0)"),
            LoopPart::Last => format!("Datum::bool({index} + 1 == {items}.len())"),
            LoopPart::Length => format!("Datum::index({items}.len())"),
            LoopPart::Depth => "Datum::int(1)".to_owned(),
            LoopPart::Depth0 => "Datum::int(0)".to_owned(),
            LoopPart::PrevItem => {
                let item = at(&format!("{index} - 1"));
                self.bind(format!("if {index} > 0 {{ {item} }} else {{ Datum::undefined(\"loop.previtem\") }}"))
            }
            LoopPart::NextItem => {
                let item = at(&format!("{index} + 1"));
                let none = "Datum::undefined(\"loop.nextitem\")";
                self.bind(format!("if {index} + 1 < {items}.len() {{ {item} }} else {{ {none} }}"))
            }
        })
    }

    /// Arguments as two lists of Rust.
    fn arguments(&mut self, arguments: &'t Arguments<'t>, span: Span) -> Result<String> {
        if !arguments.is_plain() {
            return Err(self.refuse("starred arguments", span));
        }
        let positional = self.values(&arguments.positional)?;
        let mut keywords = Vec::new();
        for (name, value) in &arguments.keyword {
            let value = self.value(value)?;
            keywords.push(format!("({}, {value})", Self::literal(name)));
        }
        Ok(format!("&[{positional}], &[{}]", keywords.join(", ")))
    }

    fn filter(
        &mut self,
        of: Option<&'t Expr<'t>>,
        name: &'t str,
        arguments: &'t Arguments<'t>,
        span: Span,
    ) -> Result<String> {
        let of = match of {
            Some(of) if matches!(name, "default" | "d") => self.tolerated(of)?,
            Some(of) => self.value(of)?,
            None => self.piped.last().cloned().ok_or_else(|| self.refuse("a filter without a value", span))?,
        };
        let Ok(filter) = builtins::FILTERS.binary_search_by(|(found, _)| (*found).cmp(name)) else {
            return Err(self.unlisted("filter", name, builtins::FILTERS.iter().map(|(name, _)| *name), span));
        };
        let arguments = self.arguments(arguments, span)?;
        let escapes = self.escapes;
        self.at(span);
        Ok(self.bind(format!("run.filter({filter}, {of}, {arguments}, {escapes})?")))
    }

    fn test(&mut self, of: &'t Expr<'t>, name: &'t str, arguments: &'t Arguments<'t>, span: Span) -> Result<String> {
        let asks = matches!(name, "defined" | "undefined");
        if let ExprKind::Name(variable) = of.kind
            && asks
            && matches!(self.lookup(variable), Some(Binding::Macro(_) | Binding::Module(_) | Binding::Loop(_)))
        {
            return Ok((name == "defined").to_string());
        }
        let of = if asks { self.tolerated(of)? } else { self.value(of)? };
        let Some(test) = builtins::TESTS.iter().position(|(found, _)| *found == name) else {
            return Err(self.unlisted("test", name, builtins::TESTS.iter().map(|(name, _)| *name), span));
        };
        let arguments = self.arguments(arguments, span)?;
        let escapes = self.escapes;
        self.at(span);
        Ok(self.bind(format!("run.test({test}, {of}, {arguments}, {escapes})?")))
    }

    fn unlisted(&self, what: &str, name: &str, known: impl Iterator<Item = &'static str>, span: Span) -> Error {
        let error = self.fail(ErrorKind::UnknownName, format!("unknown {what} `{name}`"), span);
        match closest(name, known) {
            Some(meant) => error.with_help(format!("did you mean `{meant}`?")),
            None => error.with_help("a template that is compiled to Rust has the built-in ones"),
        }
    }

    /// The macro that an expression names.
    pub(super) fn macro_named(&mut self, function: &'t Expr<'t>) -> Option<Rc<MacroBinding<'t>>> {
        let binding = match &function.kind {
            ExprKind::Name(name) => self.lookup(name)?,
            ExprKind::Attribute(of, name) => {
                let ExprKind::Name(module) = of.kind else { return None };
                let Some(Binding::Module(module)) = self.lookup(module) else { return None };
                if name.starts_with('_') {
                    return None;
                }
                module.iter().rev().find(|(found, _)| found == name).map(|(_, binding)| binding.clone())?
            }
            _ => return None,
        };
        match binding {
            Binding::Macro(binding) => Some(binding),
            _ => None,
        }
    }

    /// Whether what a macro writes needs no escaping here.
    pub(super) fn is_direct(&self, callee: &MacroBinding<'t>) -> bool {
        callee.format == crate::engine::Format::Html && callee.escapes || !self.escapes
    }

    pub(super) fn macro_call(
        &mut self,
        callee: &MacroBinding<'t>,
        arguments: &'t Arguments<'t>,
        caller: Option<Rc<MacroBinding<'t>>>,
        direct: bool,
        span: Span,
    ) -> Result<Option<String>> {
        if !arguments.is_plain() {
            return Err(self.refuse("starred arguments", span));
        }
        let mut given = Vec::new();
        for argument in &arguments.positional {
            given.push((None, self.argument(argument)?));
        }
        for (name, argument) in &arguments.keyword {
            given.push((Some(*name), self.argument(argument)?));
        }
        self.macro_body(callee, given, caller, direct, span)
    }

    /// Writes what an expression gives at once, if it is a call whose output needs no escaping here.
    pub(super) fn direct(&mut self, expr: &'t Expr<'t>) -> Result<bool> {
        let ExprKind::Call(function, arguments) = &expr.kind else { return Ok(false) };
        if let Some((name, depth)) = self.parent_block(function) {
            if !self.gives_html(name, depth) && self.escapes {
                return Ok(false);
            }
            self.captured_block(name, depth, true, expr.span)?;
            return Ok(true);
        }
        match self.macro_named(function) {
            Some(callee) if self.is_direct(&callee) => {
                self.macro_call(&callee, arguments, None, true, expr.span)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// The block that `super()`, `super.super()` or `self.name()` renders.
    fn parent_block(&self, function: &'t Expr<'t>) -> Option<(&'t str, usize)> {
        if let Some(levels) = super_levels(function)
            && let Some(running) = self.running.last()
        {
            return Some((running.name, running.depth + levels));
        }
        match &function.kind {
            ExprKind::Attribute(of, name)
                if matches!(of.kind, ExprKind::Name("self")) && self.lookup("self").is_none() =>
            {
                Some((name, 0))
            }
            _ => None,
        }
    }

    fn call(&mut self, function: &'t Expr<'t>, arguments: &'t Arguments<'t>, span: Span) -> Result<String> {
        if let Some((name, depth)) = self.parent_block(function) {
            let value = self.captured_block(name, depth, false, span)?;
            return Ok(value.unwrap_or_default());
        }
        if let Some(callee) = self.macro_named(function) {
            let value = self.macro_call(&callee, arguments, None, false, span)?;
            return Ok(value.unwrap_or_default());
        }
        let escapes = self.escapes;
        match &function.kind {
            ExprKind::Name(name) => match self.lookup(name) {
                Some(binding) => {
                    let callee = self.read(&binding, name, span)?;
                    let arguments = self.arguments(arguments, span)?;
                    self.at(span);
                    Ok(self.bind(format!("run.call({callee}, {arguments}, {escapes})?")))
                }
                None => {
                    let listed = builtins::function_named(name);
                    let Some(index) = listed.filter(|_| self.engine.policy().allows_function(name)) else {
                        return Err(self.unknown(name, span));
                    };
                    let arguments = self.arguments(arguments, span)?;
                    self.at(span);
                    Ok(self.bind(format!("run.function({index}, {arguments}, {escapes})?")))
                }
            },
            ExprKind::Attribute(of, name) => {
                if let ExprKind::Name(variable) = of.kind
                    && let Some(Binding::Loop(binding)) = self.lookup(variable)
                {
                    return self.loop_call(&binding, name, arguments, span);
                }
                let receiver = self.value(of)?;
                let arguments = self.arguments(arguments, span)?;
                self.at(span);
                let name = Self::literal(name);
                Ok(self.bind(format!("run.method({receiver}, {name}, {arguments}, {escapes})?")))
            }
            _ => {
                let callee = self.value(function)?;
                let arguments = self.arguments(arguments, span)?;
                self.at(span);
                Ok(self.bind(format!("run.call({callee}, {arguments}, {escapes})?")))
            }
        }
    }

    fn loop_call(
        &mut self,
        binding: &LoopBinding,
        name: &str,
        arguments: &'t Arguments<'t>,
        span: Span,
    ) -> Result<String> {
        let count = arguments.positional.len();
        if name != "cycle" || count == 0 || !arguments.is_plain() || !arguments.keyword.is_empty() {
            return Err(self.refuse(format!("`loop.{name}` with these arguments"), span));
        }
        let values = self.values(&arguments.positional)?;
        Ok(self.bind(format!("[{values}][{} % {count}]", binding.index)))
    }
}

/// How many levels up `super()`, `super.super()` and so on lead.
fn super_levels(function: &Expr<'_>) -> Option<usize> {
    match &function.kind {
        ExprKind::Name("super") => Some(1),
        ExprKind::Attribute(of, "super") => Some(super_levels(of)? + 1),
        _ => None,
    }
}

fn operation(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "add",
        Binary::Sub => "sub",
        Binary::Mul => "mul",
        Binary::Div => "div",
        Binary::FloorDiv => "floor_div",
        Binary::Rem => "rem",
        Binary::Pow => "pow",
    }
}

fn relation(operator: Compare) -> &'static str {
    match operator {
        Compare::Equal => "equal",
        Compare::NotEqual => "not_equal",
        Compare::Less => "less",
        Compare::LessEqual => "less_equal",
        Compare::Greater => "greater",
        Compare::GreaterEqual => "greater_equal",
        Compare::In => "within",
        Compare::NotIn => "not_within",
    }
}
