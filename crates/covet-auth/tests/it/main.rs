//! Tests of what programs see.

mod passwords;
mod permissions;
mod principal;
mod roles;
mod ui;
