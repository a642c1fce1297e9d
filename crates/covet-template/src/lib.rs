//! Templates that cannot hurt.
//!
//! The engine is not here yet. What is here is where it begins: escaping a text for a place in an HTML page.

pub mod escape;
