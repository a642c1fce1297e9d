//! What can only be tested from inside of one adapter or through the compiler.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on reports by panicking")]

mod closures;
mod messages;
mod rendering;
mod telling;
