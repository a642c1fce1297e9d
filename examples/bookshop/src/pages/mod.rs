//! The shop's pages: `/`, `/books/{id}`, `/cart`, `/account` and `/admin`. They need no script; that of `/admin` shows orders
//! as they come, without which they are there when the page is loaded again.
//!
//! A page is a struct, and the template of its name in `templates/` has its fields as variables. `templates/base.html` is what
//! all have in common, and `templates/error.html` what a browser sees when something goes wrong.

mod account;
mod admin;
mod book;
mod cart;
mod shop;
mod visitor;

use covet::{Assets, Routes, Templates, routes};

/// The routes of the pages. They are for people: the API's document does not have them.
pub fn routes() -> Routes {
    let pages = routes![shop::shop, book::book, cart::cart, cart::put, cart::change, cart::order];
    pages.public().and(routes![account::account, admin::admin]).hidden()
}

/// The templates, with what the shop adds to their language.
pub fn templates() -> Templates {
    covet::templates!("templates").engine(|engine| {
        engine.add_filter("euros", |cents: i64| format!("€{}.{:02}", cents / 100, cents % 100));
        engine.add_filter("clock", |instant: String| clock(&instant));
        engine.add_filter("cover", |title: String| cover(&title));
    })
}

/// The style sheet and the icon.
pub fn assets() -> Assets {
    covet::assets!("static")
}

/// An instant of RFC 3339 to the second, as people read it.
fn clock(instant: &str) -> String {
    let seconds = instant.split(['.', 'Z']).next().unwrap_or_default();
    seconds.replace('T', " ")
}

/// The binding of a book and the way in which its title is set, as classes of `shop.css`: always the same for a title.
fn cover(title: &str) -> String {
    let hash = title
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = mixed ^ (mixed >> 33);
    let longest_word = title.split_whitespace().map(|word| word.chars().count()).max().unwrap_or_default();
    let size = match (longest_word, title.chars().count()) {
        (13.., _) => " wider",
        (11.., _) => " wide",
        (_, 25..) => " long",
        _ => "",
    };
    format!("c{} p{}{size}", mixed % 10, (mixed >> 32) % 6)
}

#[cfg(test)]
mod tests {
    use super::cover;

    #[test]
    fn a_title_always_has_the_same_cover() {
        assert_eq!(cover("Emma"), cover("Emma"));
        assert_ne!(cover("Emma"), cover("Persuasion"));
        assert!(cover("Journey to the End of the Night").ends_with(" long"));
        assert!(cover("Great Expectations").ends_with(" wide"));
    }
}
