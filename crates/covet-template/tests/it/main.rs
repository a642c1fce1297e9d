//! Tests of the engine through its public interface.

mod api;
mod attacks;
mod cases;
mod differential;
mod escaping;
mod fixture;
mod fixtures;
mod properties;
mod scripts;
