//! The authorization server over HTTP and on the app's database: thin files around `covet_auth::oauth2`.

mod answer;
mod call;
mod endpoints;
mod pages;
mod people;
mod rows;
mod server;
mod store;

pub use people::{NoPeople, People, PeopleFuture};
pub use server::Server;
