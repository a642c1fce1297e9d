//! Reading orders.

use covet::auth::Roles;
use covet::db::{Executor, FromRow, sql};
use covet::{Auth, Column, Db, Json, Key, Keyset, Page, Paging, Path, get, jiff};

use super::reader::Reader;
use super::{Line, Order, OrderError};
use crate::access::OrdersRead;

/// The order of the list.
#[covet::model]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrderSort {
    /// The latest first.
    #[default]
    #[serde(rename = "-id")]
    Latest,
    /// As they were placed.
    #[serde(rename = "id")]
    Earliest,
}

/// An order without its lines.
#[derive(Debug, FromRow)]
pub struct Head {
    pub(super) id: i64,
    pub(super) placed_at: jiff::Timestamp,
    pub(super) customer: Option<String>,
    pub(super) total: i64,
}

impl Keyset for OrderSort {
    type Item = Head;

    fn columns(&self) -> Vec<Column> {
        match self {
            OrderSort::Latest => vec![Column::descending("id")],
            OrderSort::Earliest => vec![Column::ascending("id")],
        }
    }

    fn key(&self, order: &Head) -> Key {
        order.id.into()
    }
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

/// List orders: one's own, or as a clerk all.
#[get("/orders")]
pub(super) async fn list_orders(
    caller: Auth<OrdersRead>,
    paging: Paging<OrderSort>,
    roles: Roles,
    db: Db,
) -> Result<Page<Order>, OrderError> {
    let reader = Reader::of(&caller, &roles);
    let (seen, behind, order) = (reader.condition(), paging.condition(), paging.order());
    let heads =
        db.fetch_all(sql!("SELECT id, placed_at, customer, total FROM orders WHERE {..seen} AND {..behind} {..order}"));
    let Page { items, next, prev } = paging.page(heads.await?);
    Ok(Page { items: with_lines(&db, items).await?, next, prev })
}

/// Fetch one order: one's own, or as a clerk any.
#[get("/orders/{id}")]
pub(super) async fn get_order(
    caller: Auth<OrdersRead>,
    id: Path<i64>,
    roles: Roles,
    db: Db,
) -> Result<Json<Order>, OrderError> {
    let head = db.fetch_optional(sql!("SELECT id, placed_at, customer, total FROM orders WHERE id = {*id}")).await?;
    let head = head.ok_or(OrderError::NotFound { id: *id })?;
    let order = with_lines(&db, vec![head]).await?.pop().ok_or(OrderError::NotFound { id: *id })?;
    Ok(Json(Reader::of(&caller, &roles).check(order)?.into_inner()))
}

/// The latest orders that somebody sees.
pub(crate) async fn latest(reader: &Reader, count: i64, db: &Db) -> covet::db::Result<Vec<Order>> {
    let seen = reader.condition();
    let heads = db.fetch_all(sql!(
        "SELECT id, placed_at, customer, total FROM orders WHERE {..seen} ORDER BY id DESC LIMIT {count}"
    ));
    with_lines(db, heads.await?).await
}

/// The order that a form has placed before.
pub(crate) async fn order_by_form(form: &str, customer: &str, db: &Db) -> covet::db::Result<Option<Order>> {
    let sql = sql!("SELECT id, placed_at, customer, total FROM orders WHERE form = {form} AND customer = {customer}");
    Ok(with_lines(db, db.fetch_all(sql).await?).await?.pop())
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
        .map(|Head { id, placed_at, customer, total }| Order { id, placed_at, customer, total, lines: Vec::new() })
        .collect();
    for OrderLine { order_id, book, title, price, copies } in lines {
        if let Some(order) = orders.iter_mut().find(|order| order.id == order_id) {
            order.lines.push(Line { book, title, price, copies });
        }
    }
    Ok(orders)
}
