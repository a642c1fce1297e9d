//! Pages from templates: structs with `#[covet::view("…")]` as results, and the pages of problems.
//!
//! The engine is [`covet_template`]; this is the glue between it and HTTP: which template belongs to which result, what
//! is verified when the app is built, and what a browser gets when something goes wrong.

mod developer;
mod error_pages;
mod page;
mod rendered;
mod templates;

pub(crate) use error_pages::ErrorPages;
pub use page::View;
pub(crate) use page::ViewDescription;
#[cfg(all(feature = "auth", feature = "_db"))]
pub(crate) use page::replace;
pub use page::{describe_view, respond_view};
pub use templates::Templates;
