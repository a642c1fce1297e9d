//! `#[covet::main]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, ReturnType};

/// The expansion: the same function, run on a runtime, its error printed.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let mut function = match syn::parse2::<ItemFn>(item) {
        Ok(function) => function,
        Err(error) => return error.into_compile_error(),
    };
    let fault = if function.sig.asyncness.is_none() {
        Some("`#[covet::main]` is for an `async fn`")
    } else if !function.sig.inputs.is_empty() {
        Some("`main` has no arguments")
    } else if matches!(function.sig.output, ReturnType::Default) {
        Some("`main` answers `covet::Result<()>`, so that `?` works and a failure is told")
    } else {
        None
    };
    if let Some(fault) = fault {
        let error = Error::new(function.sig.ident.span(), fault).into_compile_error();
        // A program without a `main` would be told so as well, which says nothing more.
        return quote!(#error fn main() {});
    }
    function.sig.asyncness = None;
    let name = &function.sig.ident;
    let (attributes, visibility, output, body) =
        (&function.attrs, &function.vis, &function.sig.output, &function.block);
    let ReturnType::Type(_, ty) = output else { return TokenStream::new() };
    quote! {
        #(#attributes)*
        #visibility fn #name() -> ::std::process::ExitCode {
            async fn main() -> #ty #body
            ::covet::__private::run(main())
        }
    }
}
