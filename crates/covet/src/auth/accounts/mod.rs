//! Accounts: users with passwords in the app's database, and the pages on which they log in.

mod account;
mod pages;
mod routes;
mod store;

pub use account::{Account, Accounts};
