//! The grammar of `#[check(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::parse::Parser as _;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, ExprUnary, Lit, LitStr, Path, Type, UnOp};

use super::rule::Rule;
use super::serde_attributes::ignore;
use crate::errors::Errors;

const ALLOWED: &str = "`length(…)`, `range(…)`, `multiple_of = …`, `pattern = \"…\"`, `email`, `uri`, `hostname`, `ip`, `ipv4`, `ipv6`, \
                       `uuid`, `date`, `date_time`, `items(…)`, `unique`, `each(…)`, `custom = function`, `skip`";

/// The formats of text and their variants of `Format`.
const FORMATS: [(&str, &str); 9] = [
    ("email", "Email"),
    ("uri", "Uri"),
    ("hostname", "Hostname"),
    ("ip", "Ip"),
    ("ipv4", "Ipv4"),
    ("ipv6", "Ipv6"),
    ("uuid", "Uuid"),
    ("date", "Date"),
    ("date_time", "DateTime"),
];

/// What `#[check(…)]` says about a field, or about an element inside of it.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) list: Vec<Rule>,
    pub(super) skip: bool,
}

impl Rules {
    pub(super) fn of_field(attributes: &[Attribute], ty: &Type, private: &TokenStream, errors: &mut Errors) -> Self {
        let mut rules = Self::default();
        let mut parser = Parser { rules: &mut rules, seen: Vec::new(), is_float: names_a_float(ty), private, errors };
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("check")) {
            let result = attribute.parse_nested_meta(|meta| parser.rule(&meta));
            parser.errors.take(result);
        }
        rules
    }
}

/// The functions of `#[check(custom = …)]` on a whole type.
pub(super) fn of_container(attributes: &[Attribute], errors: &mut Errors) -> Vec<Path> {
    let mut functions = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("check")) {
        let result = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("custom") {
                return Err(meta.error("a check on a whole type is `custom = function`; the others go on its fields"));
            }
            functions.push(meta.value()?.parse()?);
            Ok(())
        });
        errors.take(result);
    }
    functions
}

struct Parser<'a> {
    rules: &'a mut Rules,
    seen: Vec<String>,
    is_float: bool,
    private: &'a TokenStream,
    errors: &'a mut Errors,
}

impl Parser<'_> {
    /// Reads one check. An unknown one is noted and passed over, so that those behind it are read as well.
    fn rule(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let span = meta.path.span();
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        if self.seen.contains(&name) && name != "custom" {
            self.errors.at(&meta.path, format!("`{name}` stands here twice"));
        }
        self.seen.push(name.clone());
        if let Some((_, variant)) = FORMATS.iter().find(|(format, _)| *format == name) {
            let variant = syn::Ident::new(variant, span);
            self.constant(span, "Format", quote!(::#variant));
            return Ok(());
        }
        match name.as_str() {
            "length" => self.counts(meta, "Length"),
            "items" => self.counts(meta, "Items"),
            "range" => self.range(meta),
            "multiple_of" => self.multiple_of(meta),
            "pattern" => self.pattern(meta),
            "unique" => {
                self.constant(span, "Unique", TokenStream::new());
                Ok(())
            }
            "each" => self.each(meta),
            "custom" => {
                self.rules.list.push(Rule::Custom(meta.value()?.parse()?));
                Ok(())
            }
            "skip" => {
                self.rules.skip = true;
                Ok(())
            }
            _ => {
                self.errors.at(&meta.path, format!("unknown check; allowed are {ALLOWED}"));
                ignore(meta)
            }
        }
    }

    fn constant(&mut self, span: Span, ty: &'static str, value: TokenStream) {
        self.rules.list.push(Rule::Constant { span, ty, value });
    }

    /// `length(…)` and `items(…)`: `min`, `max`, or `equal` for both.
    fn counts(&mut self, meta: &ParseNestedMeta<'_>, ty: &'static str) -> syn::Result<()> {
        let [mut min, mut max, equal] = self.bounds(meta, ["min", "max", "equal"])?;
        if let Some(equal) = equal {
            if min.is_some() || max.is_some() {
                self.errors.at(&meta.path, "`equal` is both bounds; there is no other beside it");
            }
            (min, max) = (Some(equal.clone()), Some(equal));
        }
        self.expect_order(&meta.path, min.as_ref(), max.as_ref());
        let (min, max) = (option(min), option(max));
        self.constant(meta.path.span(), ty, quote!({ min: #min, max: #max }));
        Ok(())
    }

    fn range(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let bounds = self.bounds(meta, ["min", "max", "exclusive_min", "exclusive_max"])?;
        let [min, max, exclusive_min, exclusive_max] = &bounds;
        if (min.is_some() && exclusive_min.is_some()) || (max.is_some() && exclusive_max.is_some()) {
            self.errors.at(&meta.path, "a bound is either exclusive or not");
        }
        self.expect_order(&meta.path, min.as_ref().or(exclusive_min.as_ref()), max.as_ref().or(exclusive_max.as_ref()));
        let [min, max, exclusive_min, exclusive_max] =
            bounds.map(|bound| option(bound.map(|bound| self.number(&bound))));
        let value = quote!({ min: #min, max: #max, exclusive_min: #exclusive_min, exclusive_max: #exclusive_max });
        self.constant(meta.path.span(), "Range", value);
        Ok(())
    }

    /// The values of the named bounds in parentheses.
    fn bounds<const N: usize>(
        &mut self,
        meta: &ParseNestedMeta<'_>,
        names: [&str; N],
    ) -> syn::Result<[Option<Expr>; N]> {
        let mut bounds = [const { None }; N];
        let content;
        syn::parenthesized!(content in meta.input);
        if content.is_empty() {
            self.errors.at(&meta.path, "at least one bound is needed");
        }
        let parser = syn::meta::parser(|bound| {
            match names.iter().position(|name| bound.path.is_ident(name)) {
                Some(at) => bounds[at] = Some(bound.value()?.parse()?),
                None => {
                    let allowed: Vec<_> = names.iter().map(|name| format!("`{name} = …`")).collect();
                    self.errors.at(&bound.path, format!("allowed are {}", allowed.join(", ")));
                    ignore(&bound)?;
                }
            }
            Ok(())
        });
        parser.parse2(content.parse()?)?;
        Ok(bounds)
    }

    fn multiple_of(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let step: Expr = meta.value()?.parse()?;
        if literal(&step).is_some_and(|step| step <= 0.0) {
            self.errors.at(&step, "a step is greater than zero");
        }
        let step = self.number(&step);
        self.constant(meta.path.span(), "MultipleOf", quote!((#step)));
        Ok(())
    }

    fn pattern(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let pattern: LitStr = meta.value()?.parse()?;
        if let Err(error) = regex_lite::Regex::new(&pattern.value()) {
            self.errors.at(&pattern, format!("this pattern is not valid: {error}"));
        }
        self.constant(meta.path.span(), "Pattern", quote!(::new(#pattern)));
        Ok(())
    }

    fn each(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let mut rules = Rules::default();
        let mut parser = Parser {
            rules: &mut rules,
            seen: Vec::new(),
            is_float: self.is_float,
            private: self.private,
            errors: self.errors,
        };
        meta.parse_nested_meta(|meta| parser.rule(&meta))?;
        if rules.skip {
            self.errors.at(&meta.path, "`skip` goes on the field, not into `each(…)`");
        }
        self.rules.list.push(Rule::Each { span: meta.path.span(), rules: rules.list });
        Ok(())
    }

    fn expect_order(&mut self, place: &Path, min: Option<&Expr>, max: Option<&Expr>) {
        if let (Some(low), Some(high)) = (min.and_then(literal), max.and_then(literal))
            && low > high
        {
            self.errors.at(place, "the lower bound is greater than the upper one");
        }
    }

    /// A bound as `Number`. A constant has no type here, so the field's type decides between the two.
    fn number(&self, bound: &Expr) -> TokenStream {
        let private = self.private;
        match literal_kind(bound) {
            Some(Literal::Integer(digits)) => quote!(#private::Number::Integer(#digits)),
            Some(Literal::Float) => quote!(#private::Number::Float(#bound)),
            None if self.is_float => quote!(#private::Number::Float((#bound) as f64)),
            None => quote!(#private::Number::Integer((#bound) as i128)),
        }
    }
}

enum Literal {
    Integer(TokenStream),
    Float,
}

fn literal_kind(expression: &Expr) -> Option<Literal> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Int(integer), .. }) => {
            let digits = proc_macro2::Literal::i128_unsuffixed(integer.base10_parse().ok()?);
            Some(Literal::Integer(digits.into_token_stream()))
        }
        Expr::Lit(ExprLit { lit: Lit::Float(_), .. }) => Some(Literal::Float),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match literal_kind(expr)? {
            Literal::Integer(digits) => Some(Literal::Integer(quote!(-#digits))),
            Literal::Float => Some(Literal::Float),
        },
        _ => None,
    }
}

/// A literal's value, near enough to compare bounds.
fn literal(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Int(integer), .. }) => integer.base10_parse().ok(),
        Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) => float.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => literal(expr).map(|value| -value),
        _ => None,
    }
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn names_a_float(ty: &Type) -> bool {
    fn any(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            proc_macro2::TokenTree::Ident(ident) => ident == "f32" || ident == "f64",
            proc_macro2::TokenTree::Group(group) => any(group.stream()),
            _ => false,
        })
    }
    any(ty.to_token_stream())
}
