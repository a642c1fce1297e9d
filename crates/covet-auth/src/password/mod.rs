//! Passwords: argon2id at the parameters that OWASP asks for, in a pool of threads of its own.
//!
//! Hashing takes some twenty milliseconds of a core and 19 MiB of memory, on purpose. [`Passwords`] does it on a few threads
//! beside the runtime, so that requests are answered meanwhile, and keeps a short queue, so that a storm of logins costs
//! neither memory nor the patience of who comes later: when the queue is full, the answer is [`PasswordError::Busy`] at once.

mod hash;
mod pool;
mod text;

pub use pool::{PasswordError, PasswordOptions, PasswordOptionsError, Passwords, Verdict};
pub use text::{Password, PasswordFault};
