//! Tests of the engine through its public interface.

mod attacks;
mod differential;
mod fixture;
mod fixtures;
