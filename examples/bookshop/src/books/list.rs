//! Listing books, a page at a time.

use covet::db::{Sql, sql};
use covet::{Column, Db, Key, Keyset, Page, Paging, Public, Query, Result, get};

use super::Book;

/// Which books.
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

impl Keyset for Sort {
    type Item = Book;

    fn columns(&self) -> Vec<Column> {
        let (up, down) = (Column::ascending, Column::descending);
        match self {
            Sort::Id => vec![up("id")],
            Sort::Title => vec![up("title"), up("id")],
            Sort::Price => vec![up("price"), up("id")],
            Sort::PriceDescending => vec![down("price"), down("id")],
        }
    }

    fn key(&self, book: &Book) -> Key {
        match self {
            Sort::Id => book.id.into(),
            Sort::Title => (book.title.as_str(), book.id).into(),
            Sort::Price | Sort::PriceDescending => (book.price, book.id).into(),
        }
    }
}

/// List books.
#[get("/books")]
pub(super) async fn list_books(_: Public, search: Query<Search>, paging: Paging<Sort>, db: Db) -> Result<Page<Book>> {
    let Search { q, author, min_price, max_price } = &*search;
    let pattern = q.as_deref().map(pattern);
    let by_title = pattern.as_ref().map(|pattern| sql!("AND lower(title) LIKE lower({pattern}) ESCAPE '!'"));
    let by_author = author.as_ref().map(|author| sql!("AND author = {author}"));
    let from = min_price.map(|price| sql!("AND price >= {price}"));
    let to = max_price.map(|price| sql!("AND price <= {price}"));
    let (behind, order) = (paging.condition(), paging.order());
    let books = db.fetch_all(sql!(
        "SELECT id, title, author, published, price, stock FROM books
         WHERE {..behind} {..by_title} {..by_author} {..from} {..to} {..order}"
    ));
    Ok(paging.page(books.await?))
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
}
