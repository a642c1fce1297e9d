//! The behaviour of `covet` as an app's author and an app's client see it.

mod compile;
mod openapi;
mod problems;
mod routing;
mod server;
mod validation;
mod validation_of_requests;
