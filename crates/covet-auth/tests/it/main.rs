//! Tests of what programs see.

mod keys;
mod mutation;
mod passwords;
mod permissions;
mod rfc;
mod roles;
mod tokens;
mod ui;
mod wycheproof;
