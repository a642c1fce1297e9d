//! The Bookshop: the reference application of Covet, and what a newcomer copies.
//!
//! [`app`] puts it together; `main.rs` reads the command line and serves it; each folder is one subject of the shop.

pub mod books;
pub mod orders;
pub mod pages;
pub mod seed;

use covet::App;
use covet::db::migrations;

/// The shop, but for its database.
pub fn app() -> App {
    let feed = orders::Feed::default();
    App::new("Bookshop", env!("CARGO_PKG_VERSION"))
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
        .routes(books::routes().and(orders::routes()).under("/api"))
        .routes(pages::routes())
}
