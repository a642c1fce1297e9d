//! The macros of Covet. Use them through `covet` or `covet-db`, which re-export and document them.

mod context;
mod doc;
mod embed;
mod errors;
mod folder;
mod from_row;
mod main_function;
mod migrations;
mod model;
mod permissions;
mod problem;
mod route;
mod sql;
#[cfg(feature = "template")]
mod template;
mod view;

use proc_macro::TokenStream;

macro_rules! route_macros {
    ($($name:ident $method:literal)*) => {
        $(
            #[expect(missing_docs, reason = "documented in `covet`, where this text would be added")]
            #[proc_macro_attribute]
            pub fn $name(arguments: TokenStream, item: TokenStream) -> TokenStream {
                route::expand($method, arguments.into(), item.into()).into()
            }
        )*
    };
}

route_macros! {
    get "GET"
    post "POST"
    put "PUT"
    patch "PATCH"
    delete "DELETE"
    head "HEAD"
    options "OPTIONS"
}

#[expect(missing_docs, reason = "documented in `covet`, where this text would be added")]
#[proc_macro_derive(Problem, attributes(problem))]
pub fn derive_problem(input: TokenStream) -> TokenStream {
    problem::expand(input.into()).into()
}

#[expect(missing_docs, reason = "documented in `covet`, where this text would be added")]
#[proc_macro_attribute]
pub fn main(_: TokenStream, item: TokenStream) -> TokenStream {
    main_function::expand(item.into()).into()
}

#[expect(missing_docs, reason = "documented in `covet`, where this text would be added")]
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    model::expand(arguments.into(), item.into()).into()
}

#[expect(missing_docs, reason = "documented in `covet`, where this text would be added")]
#[proc_macro_attribute]
pub fn view(arguments: TokenStream, item: TokenStream) -> TokenStream {
    view::expand(arguments.into(), item.into()).into()
}

/// The templates of a folder; reached through `covet::templates!`.
#[doc(hidden)]
#[proc_macro]
pub fn templates(input: TokenStream) -> TokenStream {
    embed::expand(embed::Kind::Templates, input.into()).into()
}

/// The static files of a folder; reached through `covet::assets!`.
#[doc(hidden)]
#[proc_macro]
pub fn assets(input: TokenStream) -> TokenStream {
    embed::expand(embed::Kind::Assets, input.into()).into()
}

/// A statement with values; reached through `covet_db::sql!`.
#[doc(hidden)]
#[proc_macro]
pub fn sql(input: TokenStream) -> TokenStream {
    sql::expand(input.into()).into()
}

/// The migrations of a folder; reached through `covet_db::migrations!`.
#[doc(hidden)]
#[proc_macro]
pub fn migrations(input: TokenStream) -> TokenStream {
    migrations::expand(input.into()).into()
}

/// Permissions as types; reached through `covet_auth::permissions!`.
#[doc(hidden)]
#[proc_macro]
pub fn permissions(input: TokenStream) -> TokenStream {
    permissions::expand(input.into()).into()
}

#[expect(missing_docs, reason = "documented in `covet`, where this text would be added")]
#[proc_macro_derive(Context, attributes(context))]
pub fn context(input: TokenStream) -> TokenStream {
    context::expand(syn::parse_macro_input!(input as syn::DeriveInput)).into()
}

#[cfg(feature = "template")]
#[expect(missing_docs, reason = "documented in `covet`, where this text would be added")]
#[proc_macro_derive(Template, attributes(template))]
pub fn template(input: TokenStream) -> TokenStream {
    template::expand(&syn::parse_macro_input!(input as syn::DeriveInput)).into()
}

#[expect(missing_docs, reason = "documented in `covet-db`, where this text would be added")]
#[proc_macro_derive(FromRow, attributes(from_row))]
pub fn derive_from_row(input: TokenStream) -> TokenStream {
    from_row::expand(syn::parse_macro_input!(input)).into()
}
