//! The macros of Covet. Use them through `covet` or `covet-db`, which re-export and document them.

mod doc;
mod from_row;
mod main_function;
mod migrations;
mod model;
mod problem;
mod route;
mod sql;

use proc_macro::TokenStream;

macro_rules! route_macros {
    ($($name:ident $method:literal)*) => {
        $(
            #[doc = concat!("A handler of ", $method, " requests. The documentation is in `covet`.")]
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

/// An error type as an answer. The documentation is at `covet::Problem`.
#[proc_macro_derive(Problem, attributes(problem))]
pub fn derive_problem(input: TokenStream) -> TokenStream {
    problem::expand(input.into()).into()
}

/// The main function of a program that serves an app. The documentation is in `covet`.
#[proc_macro_attribute]
pub fn main(_: TokenStream, item: TokenStream) -> TokenStream {
    main_function::expand(item.into()).into()
}

/// Makes a struct or an enum a model: what can be read from requests and written to responses.
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    model::expand(arguments.into(), item.into()).into()
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

/// Reads a row into a struct, each field from the column of its name; see the trait of the same name.
#[proc_macro_derive(FromRow, attributes(from_row))]
pub fn derive_from_row(input: TokenStream) -> TokenStream {
    from_row::expand(syn::parse_macro_input!(input)).into()
}
