//! The model macro, reading JSON and reading text.

mod json;
mod messages;
mod own;
mod schema;
mod text;
