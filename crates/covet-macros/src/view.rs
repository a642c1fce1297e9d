//! `#[covet::view]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Data, DeriveInput, Error, Fields, LitStr, Path, Result, Token, parse_quote};

/// `"book.html"`, and for Covet's own tests `crate = path`.
struct Arguments {
    template: LitStr,
    covet: Path,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let template = input.parse().map_err(|error| Error::new(error.span(), "this takes the name of a template"))?;
        let mut covet = parse_quote!(::covet);
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            covet = input.call(Path::parse_mod_style)?;
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Arguments { template, covet })
    }
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    match parse(arguments, item.clone()) {
        Ok((arguments, item)) => emit(&arguments, &item),
        // The item stays, so that the rest of the program does not drown in errors about a type that is missing.
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#error #item)
        }
    }
}

fn parse(arguments: TokenStream, item: TokenStream) -> Result<(Arguments, DeriveInput)> {
    let arguments = syn::parse2(arguments)?;
    let item: DeriveInput = syn::parse2(item).map_err(|_| wrong_item(Span::call_site()))?;
    match &item.data {
        Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)) => Ok((arguments, item)),
        _ => Err(wrong_item(item.ident.span())),
    }
}

fn wrong_item(span: Span) -> Error {
    Error::new(span, "`#[covet::view]` goes on a struct whose fields have names: they are the template's variables")
}

fn emit(Arguments { template, covet }: &Arguments, item: &DeriveInput) -> TokenStream {
    let name = &item.ident;
    let (impl_generics, ty_generics, where_clause) = item.generics.split_for_impl();
    let serde = format!("{}::__private::serde", quote!(#covet)).replace(' ', "");
    let variables = match field_names(item) {
        Some(names) => quote!(::core::option::Option::Some(&[#(#names),*])),
        None => quote!(::core::option::Option::None),
    };
    // Type parameters are serialized; serde's derive asks for that in the same way.
    let predicates = where_clause.map(|clause| &clause.predicates);
    let parameters = item.generics.type_params().map(|parameter| &parameter.ident);
    let bounds = quote!(where #(#parameters: #covet::__private::serde::Serialize,)* #predicates);
    quote! {
        #[derive(#covet::__private::serde::Serialize)]
        #[serde(crate = #serde)]
        #item

        impl #impl_generics #covet::View for #name #ty_generics #bounds {
            const TEMPLATE: &'static str = #template;
            const VARIABLES: ::core::option::Option<&'static [&'static str]> = #variables;
        }

        impl #impl_generics #covet::Responder for #name #ty_generics #bounds {
            fn describe(operation: &mut #covet::openapi::Operation<'_>) {
                #covet::__private::describe_view::<Self>(operation);
            }

            fn respond(self, to: &#covet::Responding<'_>) -> #covet::Response {
                #covet::__private::respond_view(&self, to)
            }
        }
    }
}

/// The names under which the fields are serialized; nothing where an attribute of serde may change them.
fn field_names(item: &DeriveInput) -> Option<Vec<String>> {
    let Data::Struct(data) = &item.data else { return None };
    let of_fields = data.fields.iter().flat_map(|field| &field.attrs);
    if item.attrs.iter().chain(of_fields).any(|attribute| attribute.path().is_ident("serde")) {
        return None;
    }
    data.fields.iter().map(|field| Some(field.ident.as_ref()?.unraw().to_string())).collect()
}
