//! The model macro, reading JSON and reading text.

mod json;
mod own;
mod properties;
mod schema;
mod text;
