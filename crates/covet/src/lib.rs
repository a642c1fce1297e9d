//! Covet

pub mod validation;
