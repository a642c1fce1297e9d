//! Tests of what programs see.

mod passwords;
mod permissions;
mod roles;
mod ui;
