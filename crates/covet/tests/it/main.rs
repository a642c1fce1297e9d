//! The behaviour of `covet` as an app's author and an app's client see it.

mod compile;
mod routing;
mod validation;
