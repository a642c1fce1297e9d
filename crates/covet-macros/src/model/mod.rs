//! `#[covet::model]`.

mod arguments;
mod case;
mod check;
mod emit;
mod rule;
mod rules;
mod serde_attributes;
mod shape;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::errors::Errors;
use arguments::Arguments;
use shape::Model;

/// Everything that is wrong with the attributes is said at once. The item itself is kept in any case, without `#[check]`, so
/// that the rest of the program does not drown in errors about a type that is missing.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item: DeriveInput = match syn::parse2(item.clone()) {
        Ok(item) => item,
        Err(_) => {
            let message = "`#[covet::model]` goes on a struct or an enum";
            let error = syn::Error::new(proc_macro2::Span::call_site(), message).into_compile_error();
            return quote!(#error #item);
        }
    };
    let mut errors = Errors::default();
    let arguments = Arguments::parse(arguments, &mut errors);
    let model = Model::parse(&item, &arguments, &mut errors);
    match errors.into_compile_errors() {
        None => emit::emit(&mut item, &arguments, &model),
        Some(errors) => {
            shape::remove_check_attributes(&mut item);
            remove_model_helpers(&mut item);
            quote!(#errors #item)
        }
    }
}

/// Without the derives, nobody knows the attributes of serde and schemars.
fn remove_model_helpers(item: &mut DeriveInput) {
    shape::visit_attributes(item, &mut |attributes| {
        attributes.retain(|attribute| !attribute.path().is_ident("serde") && !attribute.path().is_ident("schemars"));
    });
}
