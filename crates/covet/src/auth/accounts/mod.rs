//! Accounts: users with passwords in the app's database, and the pages on which they log in.

mod account;
mod pages;
mod routes;
mod store;
mod users;

pub use account::{Account, Accounts};
pub use users::{User, Users};
