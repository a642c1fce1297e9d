//! The behaviour of `covet` as an app's author and an app's client see it.

mod routing;
mod validation;
