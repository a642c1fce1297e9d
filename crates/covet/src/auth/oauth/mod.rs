//! The authorization server over HTTP and on the app's database: thin files around `covet_auth::oauth2`.

mod answer;
mod call;
mod endpoints;
pub(in crate::auth) mod pages;
mod people;
mod rows;
mod server;
mod store;

pub(in crate::auth) use answer::{Answer, Page};
pub use people::{NoPeople, People, PeopleFuture};
pub(crate) use server::Provider;
pub use server::Server;
