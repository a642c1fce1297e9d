//! The macros of Covet. Use them through `covet` or `covet-db`, which re-export them.

mod from_row;
mod migrations;
mod sql;

/// A statement with values; reached through `covet_db::sql!`.
#[doc(hidden)]
#[proc_macro]
pub fn sql(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    sql::expand(input.into()).into()
}

/// The migrations of a folder; reached through `covet_db::migrations!`.
#[doc(hidden)]
#[proc_macro]
pub fn migrations(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    migrations::expand(input.into()).into()
}

/// Reads a row into a struct, each field from the column of its name; see the trait of the same name.
#[proc_macro_derive(FromRow, attributes(from_row))]
pub fn derive_from_row(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    from_row::expand(syn::parse_macro_input!(input)).into()
}
