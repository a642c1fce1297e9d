//! Covet

pub mod validation;

#[doc = include_str!("validation/model.md")]
pub use covet_macros::model;

/// What the code that the macros write refers to. Nothing here is a public interface.
#[doc(hidden)]
pub mod __private {
    pub use schemars;
    pub use serde;

    pub use crate::validation::expansion as validation;
}
