//! The implementation of `Check`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::arguments::Arguments;
use super::shape::{Content, Model, ModelField, ModelVariant, Place, private};

pub(super) struct CheckBody<'a> {
    arguments: &'a Arguments,
    private: TokenStream,
}

impl<'a> CheckBody<'a> {
    pub(super) fn new(arguments: &'a Arguments) -> Self {
        Self { arguments, private: private(arguments) }
    }

    /// The body of `fn check(&self, __checker: &mut Checker<'_>)`.
    pub(super) fn of(&self, model: &Model) -> TokenStream {
        let custom = &model.custom;
        let content = match &model.content {
            Content::Struct(fields) => {
                let bindings = bindings(fields);
                let checks = self.fields(fields);
                quote!(let Self { #bindings .. } = self; #checks)
            }
            Content::Enum(variants) if variants.is_empty() => quote!(match *self {}),
            Content::Enum(variants) => {
                let arms = variants.iter().map(|variant| self.arm(variant, model));
                quote!(match self { #(#arms)* })
            }
        };
        quote!(#content #(#custom(self, __checker);)*)
    }

    fn arm(&self, variant: &ModelVariant, model: &Model) -> TokenStream {
        let ident = &variant.ident;
        let bindings = bindings(&variant.fields);
        let checks = self.fields(&variant.fields);
        let place = place_around(variant, model).filter(|_| !checks.is_empty());
        let place = place.map(|name| quote!(let __checker = &mut __checker.field(#name);));
        quote!(Self::#ident { #bindings .. } => { #place #checks })
    }

    fn fields(&self, fields: &[ModelField]) -> TokenStream {
        fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.is_checked())
            .map(|(at, field)| self.field(at, field))
            .collect()
    }

    fn field(&self, at: usize, field: &ModelField) -> TokenStream {
        let covet = &self.arguments.covet;
        let binding = format_ident!("__field{at}", span = field.ty.span());
        let value = quote!(#binding);
        let rules = field.rules.list.iter().map(|rule| rule.check(&self.private, &value));
        let nested = if field.rules.skip {
            TokenStream::new()
        } else {
            quote_spanned!(field.ty.span()=> #covet::validation::Check::check(#binding, __checker);)
        };
        let place = match &field.place {
            Place::Name(name) => quote!(let __checker = &mut __checker.field(#name);),
            Place::Index(index) => quote!(let __checker = &mut __checker.index(#index);),
            Place::Same => TokenStream::new(),
        };
        quote!({ #place #(#rules)* #nested })
    }
}

impl ModelField {
    pub(super) fn is_checked(&self) -> bool {
        self.is_read && !(self.rules.skip && self.rules.list.is_empty())
    }
}

fn bindings(fields: &[ModelField]) -> TokenStream {
    let checked = fields.iter().enumerate().filter(|(_, field)| field.is_checked());
    checked
        .map(|(at, field)| {
            let (member, binding) = (&field.member, format_ident!("__field{at}"));
            quote!(#member: #binding,)
        })
        .collect()
}

/// The member that holds a variant's fields.
fn place_around(variant: &ModelVariant, model: &Model) -> Option<String> {
    match (&model.serde.tag, &model.serde.content) {
        _ if variant.is_untagged => None,
        (None, _) => Some(variant.name.clone()),
        (Some(_), Some(content)) => Some(content.clone()),
        (Some(_), None) => None,
    }
}
