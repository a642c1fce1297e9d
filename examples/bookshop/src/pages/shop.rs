//! `/`: the shelf, with what is looked for.

use covet::db::sql;
use covet::{Db, Query, Result, get};

use super::visitor::{Top, Visitor};
use crate::books::{Book, Sort, pattern};

/// How many books a page has.
const PAGE: i64 = 24;

/// What is looked for.
#[covet::model]
#[derive(Debug)]
pub(super) struct Filters {
    /// A part of the title.
    #[check(length(max = 200))]
    q: Option<String>,
    /// The author's whole name.
    #[check(length(max = 200))]
    author: Option<String>,
    /// The highest price, in euros.
    #[check(range(min = 0, max = 10_000))]
    max_price: Option<i64>,
    /// The order.
    #[serde(default)]
    sort: Sort,
    /// Which page, from 1.
    #[check(range(min = 1, max = 100_000))]
    page: Option<i64>,
}

/// The shelf.
#[covet::view("shop.html")]
pub(super) struct Shop {
    filters: Filters,
    books: Vec<Book>,
    found: i64,
    page: i64,
    pages: i64,
    authors: Vec<String>,
    shop_size: i64,
    top: Top,
}

/// Show the shelf.
#[get("/")]
pub(super) async fn shop(filters: Query<Filters>, visitor: Visitor, db: Db) -> Result<Shop> {
    let Filters { q, author, max_price, sort, page } = &*filters;
    // A field that was left empty comes as an empty text.
    let pattern = q.as_deref().filter(|q| !q.is_empty()).map(pattern);
    let author = author.as_deref().filter(|author| !author.is_empty());
    let conditions = || {
        let by_title = pattern.as_ref().map(|pattern| sql!("AND lower(title) LIKE lower({pattern}) ESCAPE '!'"));
        let by_author = author.map(|author| sql!("AND author = {author}"));
        let to = max_price.map(|euros| sql!("AND price <= {euros * 100}"));
        sql!("WHERE 1 = 1 {..by_title} {..by_author} {..to}")
    };
    let found: i64 = db.fetch_value(sql!("SELECT count(*) FROM books {..conditions()}")).await?;
    let pages = ((found + PAGE - 1) / PAGE).max(1);
    let page = page.unwrap_or(1).min(pages);
    let books = db
        .fetch_all(sql!(
            "SELECT id, title, author, published, price, stock FROM books {..conditions()}
             {..sort.order()} LIMIT {PAGE} OFFSET {(page - 1) * PAGE}"
        ))
        .await?;
    let authors: Vec<(String,)> = db.fetch_all("SELECT DISTINCT author FROM books ORDER BY author").await?;
    Ok(Shop {
        books,
        found,
        page,
        pages,
        authors: authors.into_iter().map(|(author,)| author).collect(),
        shop_size: db.fetch_value("SELECT count(*) FROM books").await?,
        top: visitor.top(),
        filters: filters.0,
    })
}
