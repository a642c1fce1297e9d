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
///
/// One set of attributes gives parsing and serialization (serde), the JSON Schema (schemars) and the checks. It stands in for
/// three derives and an implementation of `covet::validation::Check`; serde's and schemars' own attributes keep their meaning.
///
/// ```
/// #[covet::model(deny_unknown)]
/// #[derive(Debug, Clone)]
/// struct NewBook {
///     /// The title, as on the cover.
///     #[check(length(min = 1, max = 200))]
///     title: String,
///     /// Price in cents.
///     #[check(range(min = 0))]
///     price: i64,
///     #[check(items(max = 5), unique, each(length(max = 20)))]
///     #[serde(default)]
///     tags: Vec<String>,
/// }
/// ```
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `deny_unknown` | members that are not declared are faults |
/// | `input` | for requests only: neither `Serialize` nor `Output` |
/// | `output` | for responses only: neither `Deserialize` nor `Input`, and nothing to check |
/// | `example = expression` | an example for the documentation; it must be `Serialize` |
/// | `crate = path` | where `covet` is found, if not at `::covet` |
///
/// # Checks on a field
///
/// | check | applies to |
/// |---|---|
/// | `length(min = 1, max = 200)`, `length(equal = 13)` | text; counts Unicode code points |
/// | `pattern = "^[a-z]+$"` | text; must match somewhere, `regex-lite`'s dialect |
/// | `email`, `uri`, `hostname`, `ip`, `ipv4`, `ipv6`, `uuid`, `date`, `date_time` | text; types such as `Uuid` and `Date` need no attribute |
/// | `range(min = 0, max = 9, exclusive_min = 0, exclusive_max = 9)` | numbers; a bound is a number or the name of a constant |
/// | `multiple_of = 5` | numbers |
/// | `items(min = 1, max = 5)`, `items(equal = 2)` | lists, sets and maps |
/// | `unique` | lists of values that are `Eq + Hash` |
/// | `each(…)` | the elements of lists and maps; any check may stand in it |
/// | `custom = function` | anything; `fn(&T) -> Result<(), E>` with `E: Into<covet::validation::Refusal>` |
/// | `skip` | fields whose type has no checks |
///
/// Where a field is an `Option`, a check applies to what is in it, except for `custom`, which is given the field itself. Models
/// inside of models are checked without an attribute. `#[check(custom = function)]` on the type itself takes a
/// `fn(&Self, &mut covet::validation::Checker<'_>)`, which sees all fields and may report at any of them.
#[proc_macro_attribute]
pub fn model(arguments: TokenStream, item: TokenStream) -> TokenStream {
    model::expand(arguments.into(), item.into()).into()
}
