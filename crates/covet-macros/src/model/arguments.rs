//! The arguments of `#[covet::model(…)]`.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::{Expr, Path, parse_quote};

use crate::errors::Errors;

const ALLOWED: &str = "`deny_unknown`, `input`, `output`, `example = expression`, `crate = path`";

pub(super) struct Arguments {
    pub(super) deny_unknown: bool,
    pub(super) is_input: bool,
    pub(super) is_output: bool,
    pub(super) examples: Vec<Expr>,
    pub(super) covet: Path,
}

impl Arguments {
    pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut arguments = Self {
            deny_unknown: false,
            is_input: true,
            is_output: true,
            examples: Vec::new(),
            covet: parse_quote!(::covet),
        };
        let parser = syn::meta::parser(|meta| arguments.argument(&meta));
        let result = parser.parse2(tokens);
        errors.take(result);
        arguments
    }

    fn argument(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "deny_unknown" => self.deny_unknown = true,
            "input" | "output" if !(self.is_input && self.is_output) => {
                return Err(meta.error("a model for both directions is marked neither `input` nor `output`"));
            }
            "input" => self.is_output = false,
            "output" => self.is_input = false,
            "example" => self.examples.push(meta.value()?.parse()?),
            "crate" => self.covet = meta.value()?.call(Path::parse_mod_style)?,
            _ => return Err(meta.error(format!("unknown argument; allowed are {ALLOWED}"))),
        }
        Ok(())
    }
}
