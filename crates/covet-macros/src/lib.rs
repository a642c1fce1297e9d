//! The macros of Covet. Use them through `covet` or `covet-db`, which re-export and document them.

mod doc;
mod main_function;
mod model;
mod problem;
mod route;

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
