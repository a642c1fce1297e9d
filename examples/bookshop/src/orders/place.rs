//! Placing an order.

use std::collections::BTreeMap;

use covet::db::{Transaction, sql};
use covet::{Auth, Created, Db, IdempotencyKey, Json, State, jiff, post};

use super::{Feed, Line, NewOrder, Order, OrderError};
use crate::access::OrdersWrite;
use crate::database::{insert, serializable};

/// Place an order: all of it, or nothing.
///
/// A client that got no answer sends the same request with the same `Idempotency-Key` again, and gets the answer of the
/// first, without ordering twice.
#[post("/orders")]
pub(super) async fn place_order(
    caller: Auth<OrdersWrite>,
    key: Option<IdempotencyKey>,
    order: Json<NewOrder>,
    db: Db,
    feed: State<Feed>,
) -> Result<Created<Order>, OrderError> {
    let mut copies = BTreeMap::new();
    for line in &order.lines {
        *copies.entry(line.book).or_insert(0) += line.copies;
    }
    let placing = Placing { customer: caller.subject().to_owned(), copies, key, form: None };
    let order = order_copies(&db, &feed, placing).await?;
    Ok(Created::at(format!("/api/orders/{}", order.id), order))
}

/// What is to be ordered, by whom.
#[derive(Debug, Clone)]
pub(crate) struct Placing {
    pub(crate) customer: String,
    /// How many copies of which book.
    pub(crate) copies: BTreeMap<i64, i64>,
    /// The key of the request, where it has one.
    pub(crate) key: Option<IdempotencyKey>,
    /// The name of the form that orders, of which no two orders come.
    pub(crate) form: Option<String>,
}

/// Orders in one serializable transaction.
pub(crate) async fn order_copies(db: &Db, feed: &Feed, placing: Placing) -> Result<Order, OrderError> {
    let order = db
        .transaction_with(serializable(), |tx| {
            let placing = placing.clone();
            async move { place(&tx, placing).await }
        })
        .await?;
    feed.look();
    Ok(order)
}

/// The work of one attempt. Books are taken in the order of their numbers, so that two orders cannot wait for each other.
async fn place(tx: &Transaction, placing: Placing) -> Result<Order, OrderError> {
    let Placing { customer, copies, key, form } = placing;
    if let Some(key) = key {
        key.fence(tx).await?;
    }
    let mut lines = Vec::new();
    for (book, copies) in copies {
        lines.push(take(tx, book, copies).await?);
    }
    let total: i64 = lines.iter().map(|line| line.price * line.copies).sum();
    // To the microsecond, which is what every database keeps, so that the answer is what is read later.
    let now = jiff::Timestamp::now();
    let placed_at = now.round(jiff::Unit::Microsecond).unwrap_or(now);
    let sql =
        sql!("INSERT INTO orders (placed_at, customer, total, form) VALUES ({placed_at}, {customer}, {total}, {form})");
    let id = insert(sql, tx).await?;
    let rows = lines.iter().map(|Line { book, title, price, copies }| {
        sql!(
            "INSERT INTO order_lines (order_id, book, title, price, copies)
             VALUES ({id}, {book}, {title}, {price}, {copies})"
        )
    });
    tx.execute_many(rows).await?;
    Ok(Order { id, placed_at, customer: Some(customer), total, lines })
}

/// Takes copies of a book from the stock.
async fn take(tx: &Transaction, book: i64, copies: i64) -> Result<Line, OrderError> {
    let taken =
        tx.execute(sql!("UPDATE books SET stock = stock - {copies} WHERE id = {book} AND stock >= {copies}")).await?;
    let known = tx.fetch_optional(sql!("SELECT title, price, stock FROM books WHERE id = {book}")).await?;
    match known {
        Some((title, price, _)) if taken.rows_affected == 1 => Ok(Line { book, title, price, copies }),
        Some((name, _, left)) => Err(OrderError::OutOfStock { book, name, left, wanted: copies }),
        None => Err(OrderError::UnknownBook { book }),
    }
}
