//! Listing books, a page at a time.
//!
//! A page begins behind the last book of the page before it, in the order of the list: an index finds that place at
//! once however far it is, and books that are added meanwhile neither repeat nor hide others.

use covet::db::{Sql, sql};
use covet::{Db, Page, Problem, Query, get};

use super::Book;

/// Which books, and in which order.
#[covet::model(input)]
#[derive(Debug)]
pub struct Search {
    /// A part of the title.
    #[check(length(max = 200))]
    pub q: Option<String>,
    /// The author's whole name.
    #[check(length(max = 200))]
    pub author: Option<String>,
    /// The lowest price, in cents.
    pub min_price: Option<i64>,
    /// The highest price, in cents.
    pub max_price: Option<i64>,
    /// The order of the list.
    #[serde(default)]
    pub sort: Sort,
    /// How many books a page has.
    #[check(range(min = 1, max = 100))]
    #[serde(default = "default_limit")]
    pub limit: u32,
    /// Where the page begins: `next` of the page before it.
    #[check(length(max = 500))]
    pub cursor: Option<String>,
}

fn default_limit() -> u32 {
    20
}

/// The order of a list.
#[covet::model]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// As they came into the shop.
    #[default]
    #[serde(rename = "id")]
    Id,
    /// By title.
    #[serde(rename = "title")]
    Title,
    /// By price, the cheapest first.
    #[serde(rename = "price")]
    Price,
    /// By price, the dearest first.
    #[serde(rename = "-price")]
    PriceDescending,
}

/// Why there is no such page.
#[derive(Debug, Problem)]
pub(super) enum ListError {
    /// The cursor is not one of this list.
    ///
    /// Cursors come from `next` of a page, and belong to its order.
    #[problem(status = 400)]
    InvalidCursor,
    #[problem(transparent)]
    Db(covet::db::Error),
}

/// List books.
#[get("/books")]
pub(super) async fn list_books(search: Query<Search>, db: Db) -> Result<Page<Book>, ListError> {
    let Search { q, author, min_price, max_price, sort, limit, cursor } = &*search;
    let pattern = q.as_deref().map(pattern);
    let by_title = pattern.as_ref().map(|pattern| sql!("AND lower(title) LIKE lower({pattern}) ESCAPE '!'"));
    let by_author = author.as_ref().map(|author| sql!("AND author = {author}"));
    let from = min_price.map(|price| sql!("AND price >= {price}"));
    let to = max_price.map(|price| sql!("AND price <= {price}"));
    let after = cursor.as_deref().map(|cursor| sort.after(cursor).ok_or(ListError::InvalidCursor)).transpose()?;
    let order = sort.order();
    let limit = *limit as usize;
    let mut items: Vec<Book> = db
        .fetch_all(sql!(
            "SELECT id, title, author, published, price, stock FROM books
             WHERE 1 = 1 {..by_title} {..by_author} {..from} {..to} {..after}
             {..order} LIMIT {limit as i64 + 1}"
        ))
        .await?;
    // One more than the page has was asked for, so that the last page knows that it is the last.
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|book| sort.cursor(book));
    Ok(Page { items, next })
}

/// A pattern for LIKE that finds the text anywhere.
pub(crate) fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

impl Sort {
    /// What an SQL statement ends with.
    pub(crate) fn order(self) -> Sql<'static> {
        match self {
            Sort::Id => sql!("ORDER BY id"),
            Sort::Title => sql!("ORDER BY title, id"),
            Sort::Price => sql!("ORDER BY price, id"),
            Sort::PriceDescending => sql!("ORDER BY price DESC, id DESC"),
        }
    }

    /// The cursor of the page that begins behind a book: its number, and what the list is sorted by.
    fn cursor(self, book: &Book) -> String {
        match self {
            Sort::Id => book.id.to_string(),
            Sort::Title => format!("{}.{}", book.id, book.title),
            Sort::Price | Sort::PriceDescending => format!("{}.{}", book.id, book.price),
        }
    }

    /// The condition for the books behind a cursor; `None` if it is not a cursor of this order.
    fn after(self, cursor: &str) -> Option<Sql<'_>> {
        if self == Sort::Id {
            let id: i64 = cursor.parse().ok()?;
            return Some(sql!("AND id > {id}"));
        }
        let (id, key) = cursor.split_once('.')?;
        let id: i64 = id.parse().ok()?;
        let price = || key.parse::<i64>().ok();
        Some(match self {
            Sort::Price => {
                let price = price()?;
                sql!("AND (price, id) > ({price}, {id})")
            }
            Sort::PriceDescending => {
                let price = price()?;
                sql!("AND (price, id) < ({price}, {id})")
            }
            Sort::Title | Sort::Id => sql!("AND (title, id) > ({key}, {id})"),
        })
    }
}
