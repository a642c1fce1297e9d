//! The OpenAPI 3.1 document, made from the routes alone.
//!
//! Every argument and every result of a handler describes itself into an [`Operation`]; nothing is said by hand. The
//! document is made once, when the app is built, and is served as JSON and as YAML.

mod document;
mod enumeration;
mod operation;
mod patch;
mod schemas;
mod yaml;

pub(crate) use document::{Described, document};
pub use operation::Operation;
pub(crate) use schemas::Schemas;
pub(crate) use yaml::to_yaml;
