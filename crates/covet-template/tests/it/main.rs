//! Tests of the engine through its public interface.

mod attacks;
mod cases;
mod differential;
mod escaping;
mod fixture;
mod fixtures;
mod properties;
