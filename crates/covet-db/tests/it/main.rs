//! What can only be tested from inside of one adapter or through the compiler.

mod closures;
mod messages;
mod rendering;
mod telling;
