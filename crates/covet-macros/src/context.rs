//! `#[derive(Context)]`: a struct whose fields templates read where they lie.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, LitStr, Path, Result, Variant, parse_quote};

use crate::errors;

pub(crate) fn expand(input: DeriveInput) -> TokenStream {
    implementation(input).unwrap_or_else(Error::into_compile_error)
}

fn implementation(mut input: DeriveInput) -> Result<TokenStream> {
    let krate = krate(&input.attrs)?;
    let bounded: Path = parse_quote!(#krate::Data);
    for parameter in input.generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#bounded));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => record(&input, &krate, fields.named.iter()),
            _ => Err(unwanted(&input)),
        },
        Data::Enum(data) => words(&input, &krate, data.variants.iter()),
        Data::Union(_) => Err(unwanted(&input)),
    }
}

fn unwanted(input: &DeriveInput) -> Error {
    Error::new(
        input.ident.span(),
        "`Context` is derived for structs with named fields, and for enums whose variants have no fields",
    )
}

fn record<'f>(input: &DeriveInput, krate: &Path, fields: impl Iterator<Item = &'f Field>) -> Result<TokenStream> {
    let fields = errors::all(fields.map(|field| FieldOptions::read(field).map(|options| (field, options))))?;
    let read: Vec<_> = fields.iter().filter(|(_, options)| !options.skip).collect();
    let names = read.iter().map(|(field, options)| options.name(field));
    let arms = read.iter().enumerate().map(|(index, (field, options))| {
        let name = &field.ident;
        let value = match options.way {
            Way::Read => quote_spanned!(field.ty.span()=> #krate::Data::read(&self.#name, memory)),
            Way::Display => quote!(memory.display(&self.#name)),
            Way::Serialize => quote!(memory.serialize(&self.#name)),
        };
        quote!(#index => #value)
    });
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics #krate::Context for #name #arguments #bounds {
            fn names(&self) -> &'static [&'static str] {
                &[#(#names),*]
            }

            fn field<'covet>(
                &'covet self,
                index: usize,
                memory: #krate::Memory<'covet>,
            ) -> ::core::result::Result<#krate::Datum<'covet>, #krate::Error> {
                match index {
                    #(#arms,)*
                    _ => #krate::Data::read(&(), memory),
                }
            }
        }

        #[automatically_derived]
        impl #generics #krate::Data for #name #arguments #bounds {
            fn read<'covet>(
                &'covet self,
                _: #krate::Memory<'covet>,
            ) -> ::core::result::Result<#krate::Datum<'covet>, #krate::Error> {
                ::core::result::Result::Ok(#krate::Datum::record(self))
            }
        }
    })
}

/// An enum is the text of its variant's name.
fn words<'v>(input: &DeriveInput, krate: &Path, variants: impl Iterator<Item = &'v Variant>) -> Result<TokenStream> {
    let arms = errors::all(variants.map(|variant| {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(unwanted(input));
        }
        let name = &variant.ident;
        let text = rename(&variant.attrs)?.unwrap_or_else(|| name.to_string());
        Ok(quote!(Self::#name => #text))
    }))?;
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics #krate::Data for #name #arguments #bounds {
            fn read<'covet>(
                &'covet self,
                memory: #krate::Memory<'covet>,
            ) -> ::core::result::Result<#krate::Datum<'covet>, #krate::Error> {
                let text: &'static str = match self {
                    #(#arms,)*
                };
                #krate::Data::read(text, memory)
            }
        }
    })
}

/// How a field is read.
#[derive(Clone, Copy)]
enum Way {
    Read,
    Display,
    Serialize,
}

struct FieldOptions {
    rename: Option<String>,
    skip: bool,
    way: Way,
}

impl FieldOptions {
    fn read(field: &Field) -> Result<Self> {
        let mut options = Self { rename: None, skip: false, way: Way::Read };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("context")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("skip") {
                    options.skip = true;
                } else if meta.path.is_ident("display") {
                    options.way = Way::Display;
                } else if meta.path.is_ident("serialize") {
                    options.way = Way::Serialize;
                } else if meta.path.is_ident("rename") {
                    options.rename = Some(meta.value()?.parse::<LitStr>()?.value());
                } else {
                    return Err(meta.error("expected `skip`, `display`, `serialize` or `rename = \"…\"`"));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }

    fn name(&self, field: &Field) -> String {
        let plain = || field.ident.as_ref().map(|name| name.to_string().trim_start_matches("r#").to_owned());
        self.rename.clone().or_else(plain).unwrap_or_default()
    }
}

/// The variable that a field is, and whether it is read as it lies; nothing where it is skipped.
#[cfg(feature = "template")]
pub(crate) fn variable(field: &Field) -> Result<Option<(String, bool)>> {
    let options = FieldOptions::read(field)?;
    Ok((!options.skip).then(|| (options.name(field), matches!(options.way, Way::Read))))
}

fn rename(attributes: &[Attribute]) -> Result<Option<String>> {
    let mut name = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("context")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename") {
                return Err(meta.error("expected `rename = \"…\"`"));
            }
            name = Some(meta.value()?.parse::<LitStr>()?.value());
            Ok(())
        })?;
    }
    Ok(name)
}

/// Where the engine is found: `covet::template`, or what `#[context(crate = …)]` says.
pub(crate) fn krate(attributes: &[Attribute]) -> Result<Path> {
    let mut krate: Path = parse_quote!(::covet::template);
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("context")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("expected `crate = …`"));
            }
            krate = meta.value()?.call(Path::parse_mod_style)?;
            Ok(())
        })?;
    }
    Ok(krate)
}
