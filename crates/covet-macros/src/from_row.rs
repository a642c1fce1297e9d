//! `#[derive(FromRow)]`: reads each field from the column of its name.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::Parse;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, Field, Fields, Ident, LitStr, Path, Result, Token};

use crate::errors;

pub(crate) fn expand(input: DeriveInput) -> TokenStream {
    implementation(input).unwrap_or_else(Error::into_compile_error)
}

fn implementation(input: DeriveInput) -> Result<TokenStream> {
    const WANTED: &str =
        "`FromRow` is derived for structs with named fields; a tuple such as `(i64, String)` already is one";
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), WANTED));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new(input.ident.span(), WANTED));
    };
    let container = Container::read(&input)?;
    let krate = &container.krate;

    let mut place = 0_usize;
    let values = errors::all(
        fields
            .named
            .iter()
            .map(|field| FieldOptions::read(field).map(|options| value(&container, field, &options, &mut place))),
    )?;

    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics #krate::FromRow for #name #arguments #bounds {
            fn from_row(row: &#krate::Row) -> #krate::Result<Self> {
                ::core::result::Result::Ok(Self { #(#values),* })
            }
        }
    })
}

/// `field: value`
fn value(container: &Container, field: &Field, options: &FieldOptions, place: &mut usize) -> TokenStream {
    let krate = &container.krate;
    let (name, wanted) = (&field.ident, &field.ty);
    let span = wanted.span();
    let index = *place;
    match &options.source {
        Source::Nothing(expression) => {
            let value = match expression {
                Some(expression) => quote!(#expression),
                None => quote!(::core::default::Default::default()),
            };
            return quote!(#name: #value);
        }
        Source::Row => {
            return quote_spanned!(span=> #name: <#wanted as #krate::FromRow>::from_row(row)?);
        }
        Source::Column | Source::Json => *place += 1,
    }
    let column = options.rename.clone().unwrap_or_else(|| container.column(name.as_ref()));
    let column = quote!(#krate::__private::Field(#index, #column));
    let read = match options.source {
        Source::Json => quote_spanned!(span=> row.get::<#krate::Json<#wanted>>(#column)?.0),
        _ => quote_spanned!(span=> row.get::<#wanted>(#column)?),
    };
    match &options.default {
        None => quote!(#name: #read),
        Some(default) => {
            let default = match default {
                Some(expression) => quote!(#expression),
                None => quote!(::core::default::Default::default()),
            };
            let optional = match options.source {
                Source::Json => {
                    quote_spanned!(span=> #krate::__private::optional::<#krate::Json<#wanted>>(row, #column)?.map(|json| json.0))
                }
                _ => quote_spanned!(span=> #krate::__private::optional::<#wanted>(row, #column)?),
            };
            quote!(#name: match #optional {
                ::core::option::Option::Some(value) => value,
                ::core::option::Option::None => #default,
            })
        }
    }
}

struct Container {
    krate: Path,
    rename_all: Option<Case>,
}

impl Container {
    fn read(input: &DeriveInput) -> Result<Self> {
        let mut container = Self { krate: syn::parse_quote!(::covet::db), rename_all: None };
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("from_row")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("crate") {
                    container.krate = path(meta.value()?)?;
                } else if meta.path.is_ident("rename_all") {
                    container.rename_all = Some(Case::read(&meta.value()?.parse()?)?);
                } else {
                    return Err(meta.error("known here are `crate = path` and `rename_all = \"camelCase\"`"));
                }
                Ok(())
            })?;
        }
        Ok(container)
    }

    fn column(&self, field: Option<&Ident>) -> String {
        let name = field.map(ToString::to_string).unwrap_or_default();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        match self.rename_all {
            None => name.to_owned(),
            Some(case) => case.apply(name),
        }
    }
}

/// A path, bare or in quotes.
fn path(input: syn::parse::ParseStream<'_>) -> Result<Path> {
    if input.peek(LitStr) {
        return input.parse::<LitStr>()?.parse_with(Path::parse_mod_style);
    }
    Path::parse_mod_style(input)
}

#[derive(Clone, Copy)]
enum Case {
    Camel,
    Pascal,
    ScreamingSnake,
    Kebab,
}

impl Case {
    fn read(name: &LitStr) -> Result<Self> {
        match name.value().as_str() {
            "camelCase" => Ok(Self::Camel),
            "PascalCase" => Ok(Self::Pascal),
            "SCREAMING_SNAKE_CASE" => Ok(Self::ScreamingSnake),
            "kebab-case" => Ok(Self::Kebab),
            _ => Err(Error::new(
                name.span(),
                "known are `camelCase`, `PascalCase`, `SCREAMING_SNAKE_CASE` and `kebab-case`",
            )),
        }
    }

    fn apply(self, name: &str) -> String {
        match self {
            Self::ScreamingSnake => name.to_uppercase(),
            Self::Kebab => name.replace('_', "-"),
            Self::Camel | Self::Pascal => {
                let mut upper = matches!(self, Self::Pascal);
                let mut output = String::new();
                for character in name.chars() {
                    match character {
                        '_' => upper = true,
                        _ if upper => {
                            output.extend(character.to_uppercase());
                            upper = false;
                        }
                        _ => output.push(character),
                    }
                }
                output
            }
        }
    }
}

/// Where a field's value comes from.
enum Source {
    Column,
    /// A column of JSON.
    Json,
    /// The same row, read as the field's type.
    Row,
    /// No column; an expression or the type's default.
    Nothing(Option<Expr>),
}

struct FieldOptions {
    rename: Option<String>,
    source: Source,
    /// What stands for a column that is missing or NULL: an expression, or the type's default.
    default: Option<Option<Expr>>,
}

impl FieldOptions {
    fn read(field: &Field) -> Result<Self> {
        let mut options = Self { rename: None, source: Source::Column, default: None };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("from_row")) {
            for item in attribute.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated)? {
                options.set(item)?;
            }
        }
        Ok(options)
    }

    fn set(&mut self, Item { name, value }: Item) -> Result<()> {
        let source = match (name.to_string().as_str(), value) {
            ("rename", Some(Expr::Lit(literal))) if matches!(&literal.lit, syn::Lit::Str(_)) => {
                if let syn::Lit::Str(text) = &literal.lit {
                    self.rename = Some(text.value());
                }
                return Ok(());
            }
            ("rename", _) => return Err(Error::new(name.span(), "write `rename = \"column\"`")),
            ("default", expression) => {
                self.default = Some(expression);
                return Ok(());
            }
            ("skip", expression) => Source::Nothing(expression),
            ("json", None) => Source::Json,
            ("flatten", None) => Source::Row,
            _ => {
                return Err(Error::new(
                    name.span(),
                    "known here are `rename = \"column\"`, `default`, `default = expression`, `json`, `flatten`, `skip` and `skip = expression`",
                ));
            }
        };
        if !matches!(self.source, Source::Column) {
            return Err(Error::new(name.span(), "`json`, `flatten` and `skip` exclude each other"));
        }
        self.source = source;
        Ok(())
    }
}

/// `name` or `name = expression`
struct Item {
    name: Ident,
    value: Option<Expr>,
}

impl Parse for Item {
    fn parse(input: syn::parse::ParseStream<'_>) -> Result<Self> {
        let name =
            input.parse().map_err(|_| Error::new(Span::call_site(), "an attribute of `FromRow` starts with a name"))?;
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        Ok(Self { name, value })
    }
}
