//! The macros of Covet. Use them through `covet` or `covet-db`, which re-export them.

mod model;

use proc_macro::TokenStream;

/// Makes a struct or an enum a model: what can be read from requests and written to responses.
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    model::expand(arguments.into(), item.into()).into()
}
