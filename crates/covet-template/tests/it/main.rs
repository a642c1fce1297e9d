//! Tests of the engine through its public interface.

mod differential;
mod fixture;
mod fixtures;
