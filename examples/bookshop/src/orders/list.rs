//! Reading orders.

use covet::db::{Executor, FromRow, sql};
use covet::{Db, Json, Page, Path, Query, get, jiff};

use super::{Line, Order, OrderError};

/// Which part of the list.
#[covet::model(input)]
#[derive(Debug)]
pub(super) struct Part {
    /// How many orders a page has.
    #[check(range(min = 1, max = 100))]
    #[serde(default = "default_limit")]
    limit: u32,
    /// Where the page begins: `next` of the page before it.
    #[check(range(min = 1))]
    cursor: Option<i64>,
}

fn default_limit() -> u32 {
    20
}

/// An order without its lines.
#[derive(Debug, FromRow)]
pub(super) struct Head {
    pub(super) id: i64,
    pub(super) placed_at: jiff::Timestamp,
    pub(super) total: i64,
}

/// A line and the order that it is of.
#[derive(FromRow)]
struct OrderLine {
    order_id: i64,
    book: i64,
    title: String,
    price: i64,
    copies: i64,
}

/// List orders, the latest first.
#[get("/orders")]
pub(super) async fn list_orders(part: Query<Part>, db: Db) -> Result<Page<Order>, OrderError> {
    let before = part.cursor.map(|cursor| sql!("WHERE id < {cursor}"));
    let limit = part.limit as usize;
    let mut heads: Vec<Head> = db
        .fetch_all(sql!(
            "SELECT id, placed_at, total FROM orders {..before} ORDER BY id DESC LIMIT {i64::from(part.limit) + 1}"
        ))
        .await?;
    let more = heads.len() > limit;
    heads.truncate(limit);
    let next = heads.last().filter(|_| more).map(|head| head.id.to_string());
    Ok(Page { items: with_lines(&db, heads).await?, next, prev: None })
}

/// Fetch one order.
#[get("/orders/{id}")]
pub(super) async fn get_order(id: Path<i64>, db: Db) -> Result<Json<Order>, OrderError> {
    let head = db.fetch_optional(sql!("SELECT id, placed_at, total FROM orders WHERE id = {*id}")).await?;
    let head = head.ok_or(OrderError::NotFound { id: *id })?;
    with_lines(&db, vec![head]).await?.pop().map(Json).ok_or(OrderError::NotFound { id: *id })
}

/// The orders, with one question for the lines of all of them.
pub(super) async fn with_lines(db: &Executor, heads: Vec<Head>) -> covet::db::Result<Vec<Order>> {
    let ids: Vec<i64> = heads.iter().map(|head| head.id).collect();
    let lines: Vec<OrderLine> = db
        .fetch_all(sql!(
            "SELECT order_id, book, title, price, copies FROM order_lines
             WHERE order_id IN ({ids*}) ORDER BY order_id, book"
        ))
        .await?;
    let mut orders: Vec<Order> = heads
        .into_iter()
        .map(|Head { id, placed_at, total }| Order { id, placed_at, total, lines: Vec::new() })
        .collect();
    for OrderLine { order_id, book, title, price, copies } in lines {
        if let Some(order) = orders.iter_mut().find(|order| order.id == order_id) {
            order.lines.push(Line { book, title, price, copies });
        }
    }
    Ok(orders)
}
