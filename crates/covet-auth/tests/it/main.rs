//! The integration tests of covet-auth.

mod keys;
mod mutation;
mod rfc;
mod tokens;
mod wycheproof;
