//! Tests of the engine through its public interface.

mod api;
mod as_rust;
mod attacks;
mod cases;
mod differential;
mod escaping;
mod fixture;
mod fixtures;
mod properties;
mod scripts;
