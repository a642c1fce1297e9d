//! `#[derive(Problem)]`: an error type becomes an answer and its entry in the OpenAPI document.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, LitInt, LitStr, Path, Result, Type, Variant};

use crate::{doc, errors};

/// The members that every problem has (RFC 9457, section 3.1), and our `errors`.
const RESERVED: [&str; 6] = ["type", "title", "status", "detail", "instance", "errors"];

/// What stands in `#[problem(…)]` of a variant or of a struct.
#[derive(Default)]
struct Attributes {
    status: Option<LitInt>,
    title: Option<LitStr>,
    detail: Option<LitStr>,
    name: Option<LitStr>,
    transparent: Option<Span>,
    krate: Option<Path>,
}

/// One alternative of the error type.
struct Alternative<'a> {
    /// The pattern's path: `Self::NotFound` or `Self`.
    path: TokenStream,
    fields: &'a Fields,
    attributes: Attributes,
    /// The name of its problem type, unless an attribute says otherwise.
    name: String,
    documentation: String,
    title: String,
    span: Span,
    id: Ident,
    rust_name: String,
}

/// The expansion of the derive.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    syn::parse2::<DeriveInput>(input).and_then(|input| derive(&input)).unwrap_or_else(Error::into_compile_error)
}

fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let container = attributes(&input.attrs)?;
    let krate = container.krate.clone().unwrap_or_else(|| syn::parse_quote!(::covet));
    let alternatives = alternatives(input, container)?;
    let parts = errors::all(alternatives.iter().map(|alternative| alternative.expand(&krate, &input.ident)))?;
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let statics = parts.iter().map(|part| &part.declaration);
    let describes = parts.iter().map(|part| &part.describe);
    let arms = parts.iter().map(|part| &part.arm);
    let conversions = parts.iter().filter_map(|part| part.from.as_ref()).map(|from| {
        let (ty, construct) = (&from.ty, &from.construct);
        quote_spanned! {ty.span()=>
            impl #impl_generics ::core::convert::From<#ty> for #name #type_generics #where_clause {
                fn from(value: #ty) -> Self { #construct(value) }
            }
        }
    });
    Ok(quote! {
        const _: () = {
            #(#statics)*

            impl #impl_generics #krate::Problem for #name #type_generics #where_clause {
                fn describe(problems: &mut #krate::Problems) { #(#describes)* }

                fn into_details(self) -> #krate::ProblemDetails {
                    match self { #(#arms)* }
                }
            }

            #(#conversions)*
        };
    })
}

fn alternatives(input: &DeriveInput, container: Attributes) -> Result<Vec<Alternative<'_>>> {
    let name = input.ident.to_string();
    match &input.data {
        Data::Enum(data) if data.variants.is_empty() => {
            Err(Error::new(input.ident.span(), "a problem without variants can never be answered"))
        }
        Data::Enum(data) => {
            let prefix = kebab(name.strip_suffix("Error").or_else(|| name.strip_suffix("Problem")).unwrap_or(&name));
            data.variants
                .iter()
                .enumerate()
                .map(|(index, variant)| of_variant(&name, &prefix, index, variant))
                .collect()
        }
        Data::Struct(data) => Ok(vec![Alternative {
            path: quote!(Self),
            fields: &data.fields,
            name: kebab(&name),
            documentation: doc::text(&input.attrs),
            title: words(&name),
            span: input.ident.span(),
            id: format_ident!("PROBLEM"),
            rust_name: name,
            attributes: container,
        }]),
        Data::Union(_) => Err(Error::new(input.ident.span(), "a problem is an enum or a struct")),
    }
}

fn of_variant<'a>(name: &str, prefix: &str, index: usize, variant: &'a Variant) -> Result<Alternative<'a>> {
    let ident = &variant.ident;
    let own = kebab(&ident.unraw().to_string());
    Ok(Alternative {
        path: quote!(Self::#ident),
        fields: &variant.fields,
        attributes: attributes(&variant.attrs)?,
        name: if prefix.is_empty() { own } else { format!("{prefix}-{own}") },
        documentation: doc::text(&variant.attrs),
        title: words(&ident.unraw().to_string()),
        span: ident.span(),
        id: format_ident!("PROBLEM_{index}"),
        rust_name: format!("{name}::{ident}"),
    })
}

fn attributes(list: &[syn::Attribute]) -> Result<Attributes> {
    let mut attributes = Attributes::default();
    for attribute in list.iter().filter(|attribute| attribute.path().is_ident("problem")) {
        if let Ok(literal) = attribute.parse_args::<syn::Lit>() {
            return Err(Error::new(literal.span(), "write which setting this is, such as #[problem(status = 404)]"));
        }
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(|ident| ident.unraw().to_string()).unwrap_or_default();
            match name.as_str() {
                "status" => attributes.status = Some(meta.value()?.parse()?),
                "title" => attributes.title = Some(meta.value()?.parse()?),
                "detail" => attributes.detail = Some(meta.value()?.parse()?),
                "type" => attributes.name = Some(meta.value()?.parse()?),
                "transparent" => attributes.transparent = Some(meta.path.span()),
                "crate" => attributes.krate = Some(meta.value()?.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?),
                _ => {
                    return Err(meta.error(
                        "not a setting of a problem; they are `status`, `title`, `detail`, `type` and `transparent`",
                    ));
                }
            }
            Ok(())
        })?;
    }
    Ok(attributes)
}

/// What one alternative gives to the expansion.
struct Part {
    declaration: TokenStream,
    describe: TokenStream,
    arm: TokenStream,
    from: Option<From>,
}

struct From {
    ty: Type,
    construct: TokenStream,
}

impl Alternative<'_> {
    fn expand(&self, krate: &Path, error: &Ident) -> Result<Part> {
        match self.attributes.transparent {
            Some(span) => self.transparent(krate, span),
            None => self.problem(krate, error),
        }
    }

    /// The only unnamed field.
    fn only_field(&self) -> Option<&Field> {
        match self.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
            _ => None,
        }
    }

    fn transparent(&self, krate: &Path, span: Span) -> Result<Part> {
        let Some(field) = self.only_field() else {
            return Err(Error::new(
                span,
                "`transparent` is for a variant with one unnamed field, which is a problem itself",
            ));
        };
        let (path, ty) = (&self.path, &field.ty);
        Ok(Part {
            declaration: TokenStream::new(),
            describe: quote_spanned! {ty.span()=> <#ty as #krate::Problem>::describe(problems); },
            arm: quote_spanned! {ty.span()=> #path(inner) => <#ty as #krate::Problem>::into_details(inner), },
            from: Some(From { ty: ty.clone(), construct: path.clone() }),
        })
    }

    fn problem(&self, krate: &Path, error: &Ident) -> Result<Part> {
        let status = self.status()?;
        let declaration = self.declaration(krate, status);
        let (id, path) = (&self.id, &self.path);
        let describe = quote!(problems.add(&#id););
        let new = quote!(#krate::ProblemDetails::new(&#id));
        let detail = self.attributes.detail.as_ref().map(|detail| quote!(.detail(::std::format!(#detail))));
        let part = |arm: TokenStream, from| {
            Ok(Part { declaration: declaration.clone(), describe: describe.clone(), arm, from })
        };
        match self.fields {
            Fields::Unit => part(quote!(#path => #new #detail,), None),
            Fields::Named(fields) => {
                let names: Vec<&Ident> = fields.named.iter().filter_map(|field| field.ident.as_ref()).collect();
                for name in &names {
                    let text = name.unraw().to_string();
                    if RESERVED.contains(&text.as_str()) {
                        let message = format!("`{text}` is a member of every problem; call the field something else");
                        return Err(Error::new(name.span(), message));
                    }
                }
                let members = names.iter().map(|name| {
                    let text = name.unraw().to_string();
                    quote_spanned!(name.span()=> .with(#text, &#name))
                });
                part(quote!(#path { #(#names),* } => #new #detail #(#members)*,), None)
            }
            Fields::Unnamed(_) => {
                let Some(field) = self.only_field() else {
                    let message = format!(
                        "`{error}` can be answered with members, which need names, or with one cause, which is one unnamed field"
                    );
                    return Err(Error::new(self.span, message));
                };
                let from = From { ty: field.ty.clone(), construct: path.clone() };
                part(quote_spanned!(field.ty.span()=> #path(cause) => #new #detail.cause(cause),), Some(from))
            }
        }
    }

    fn status(&self) -> Result<u16> {
        let Some(status) = &self.attributes.status else {
            let message = "say which status this problem has, with #[problem(status = 404)], or that the field is the \
                           problem, with #[problem(transparent)]";
            return Err(Error::new(self.span, message));
        };
        match status.base10_parse() {
            Ok(value @ 400..=599) => Ok(value),
            _ => Err(Error::new(status.span(), "the status of a problem is from 400 to 599")),
        }
    }

    /// The static of the problem type.
    fn declaration(&self, krate: &Path, status: u16) -> TokenStream {
        let (summary, rest) = doc::summary_and_rest(&self.documentation);
        let named = self.attributes.title.as_ref().map(LitStr::value);
        let title = named.clone().unwrap_or_else(|| if summary.is_empty() { self.title.clone() } else { summary });
        let description = if named.is_some() { &self.documentation } else { &rest };
        let name = self.attributes.name.as_ref().map_or_else(|| self.name.clone(), LitStr::value);
        let (id, rust_name) = (&self.id, &self.rust_name);
        let members = self.members(krate);
        quote! {
            static #id: #krate::ProblemType = #krate::ProblemType::new(#name, #status, #title, #description)
                #members
                .declared_at(::core::concat!(::core::module_path!(), "::", #rust_name));
        }
    }

    fn members(&self, krate: &Path) -> Option<TokenStream> {
        let Fields::Named(fields) = self.fields else { return None };
        let entries = fields.named.iter().map(|field| {
            let (name, ty) = (field.ident.as_ref().map(|name| name.unraw().to_string()), &field.ty);
            quote_spanned!(ty.span()=> (#name, generator.subschema_for::<#ty>()))
        });
        Some(quote_spanned!(self.span=> .members({
            fn members(
                generator: &mut #krate::__private::schemars::SchemaGenerator,
            ) -> ::std::vec::Vec<(&'static str, #krate::__private::schemars::Schema)> {
                ::std::vec![#(#entries),*]
            }
            members
        })))
    }
}

/// `OutOfStock` as `out-of-stock`.
fn kebab(name: &str) -> String {
    split(name).join("-")
}

/// `OutOfStock` as `Out of stock`.
fn words(name: &str) -> String {
    let text = split(name).join(" ");
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn split(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut last_lower = false;
    for c in name.chars() {
        if c == '_' {
            last_lower = true;
            continue;
        }
        if parts.is_empty() || (c.is_uppercase() && last_lower) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.extend(c.to_lowercase());
        }
        last_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        assert_eq!(kebab("OutOfStock"), "out-of-stock");
        assert_eq!(kebab("HTTPGone2Long"), "httpgone2-long");
        assert_eq!(words("NotFound"), "Not found");
        assert_eq!(kebab(""), "");
    }
}
