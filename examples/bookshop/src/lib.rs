//! The Bookshop: the reference application of Covet, and what a newcomer copies.
//!
//! [`app`] puts it together; `main.rs` reads the command line and serves it; each folder is one subject of the shop.

pub mod access;
pub mod books;
mod database;
pub mod orders;
pub mod pages;
pub mod seed;

use covet::db::migrations;
use covet::{App, Result};

use access::Config;

/// The shop, but for its database.
///
/// # Errors
/// What is wrong with the configuration.
pub fn app(config: &Config) -> Result<App> {
    let feed = orders::Feed::default();
    let app = App::new("Bookshop", env!("CARGO_PKG_VERSION"))
        .description("Books, and what can be done with them.")
        .migrations(migrations!("migrations"))
        .on_start(seed::fill_empty)
        .on_start({
            let feed = feed.clone();
            move |db| feed.start(db)
        })
        .state(feed)
        .metrics()
        .templates(pages::templates())
        .assets(pages::assets())
        .routes(books::routes().and(orders::routes()).and(access::routes()).under("/api"))
        .routes(pages::routes());
    access::install(app, config)
}
