//! Tests of what programs see.

#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod any_bytes;
mod caches;
mod keys;
mod mutation;
mod oauth;
mod passwords;
mod people;
mod permissions;
mod principal;
mod rfc;
mod roles;
mod tokens;
mod ui;
mod wycheproof;
