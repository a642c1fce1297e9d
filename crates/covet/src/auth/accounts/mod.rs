//! Accounts: users with passwords in the app's database, and the pages on which they log in.

mod account;
mod pages;
mod routes;
mod store;
mod users;

pub use account::{Account, Accounts};
#[cfg(feature = "template")]
pub(crate) use pages::replaceable_pages;
pub use users::{User, Users};
