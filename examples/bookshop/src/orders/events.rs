//! `/events`: orders as they are placed, by whichever process.
//!
//! Each process looks for new orders twice a second, and at once for its own; clients are woken and read what is new for
//! them. A client that comes back with `Last-Event-ID` gets what it missed, from any process.
//!
//! Numbers are given before a transaction is committed, so that an order can appear behind one with a higher number.
//! Where a number is missing, those behind it are therefore held back until they are old enough that it will not come: an
//! attempt that failed has used it up.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use covet::db::sql;
use covet::{Db, Event, Events, LastEventId, Result, State, get, jiff};
use futures_util::stream;
use tokio::sync::{Notify, watch};

use super::Order;
use super::list::{Head, with_lines};

/// How often other processes' orders are looked for.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long an order is held back for one with a lower number.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many orders are read at a time.
const BATCH: i64 = 100;

/// How far the orders are known.
#[derive(Debug, Clone, Default)]
pub struct Feed(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The number of the last order before which none will appear any more.
    last: watch::Sender<i64>,
    /// Says that there is something to see.
    look: Arc<Notify>,
}

impl Feed {
    /// Has the new orders looked for now.
    pub(super) fn look(&self) {
        self.0.look.notify_one();
    }

    /// Begins to look for orders, until the feed is dropped.
    ///
    /// # Errors
    /// That the database fails.
    pub async fn start(self, db: Db) -> Result<()> {
        let last: i64 = db.fetch_value("SELECT coalesce(max(id), 0) FROM orders").await?;
        self.0.last.send_replace(last);
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move { watch_orders(&inner, &db).await });
        Ok(())
    }
}

async fn watch_orders(feed: &Weak<Inner>, db: &Db) {
    while let Some(inner) = feed.upgrade() {
        let look = Arc::clone(&inner.look);
        let last = *inner.last.borrow();
        match advance(last, db).await {
            // Only a change wakes those who wait.
            Ok(now) if now > last => {
                inner.last.send_replace(now);
            }
            Ok(_) => {}
            Err(error) if error.kind() == covet::db::ErrorKind::Closed => return,
            Err(error) => tell(&error),
        }
        // Not held on to while waiting, so that this ends with the shop.
        drop(inner);
        // Either way it is time to look.
        let _ = tokio::time::timeout(INTERVAL, look.notified()).await;
    }
}

fn tell(error: &covet::db::Error) {
    tracing::warn!(%error, "new orders cannot be looked for");
}

/// How far the orders can be told without missing one.
async fn advance(mut last: i64, db: &Db) -> covet::db::Result<i64> {
    let sql = sql!("SELECT id, placed_at FROM orders WHERE id > {last} ORDER BY id LIMIT {BATCH}");
    let rows: Vec<(i64, jiff::Timestamp)> = db.fetch_all(sql).await?;
    let now = jiff::Timestamp::now();
    for (id, placed_at) in rows {
        let is_old = now.duration_since(placed_at).unsigned_abs() > PATIENCE;
        if id != last + 1 && !is_old {
            break;
        }
        last = id;
    }
    Ok(last)
}

/// Follow the orders that are placed.
///
/// Each event is called `order`; its data is the order as JSON, and its id the order's number.
#[get("/events")]
pub(super) async fn events(last: LastEventId<i64>, db: Db, feed: State<Feed>) -> Events {
    let known = feed.0.last.subscribe();
    let position = last.unwrap_or(*known.borrow());
    let follower = Follower { db, known, position, pending: VecDeque::new() };
    Events::new(stream::unfold(follower, async |mut follower| {
        let order = follower.next().await?;
        Some((event(&order), follower))
    }))
}

fn event(order: &Order) -> Event {
    // An order has only names and values that JSON has.
    let event = Event::json(order).unwrap_or_default();
    event.name("order").id(order.id.to_string())
}

/// One client.
struct Follower {
    db: Db,
    known: watch::Receiver<i64>,
    /// The number of the last order that the client has, or has coming.
    position: i64,
    pending: VecDeque<Order>,
}

impl Follower {
    /// The next order; `None` when there will be none any more, and the client is to connect again.
    async fn next(&mut self) -> Option<Order> {
        while self.pending.is_empty() {
            let position = self.position;
            let known = *self.known.wait_for(|known| *known > position).await.ok()?;
            if let Err(error) = self.read(known).await {
                tell(&error);
                return None;
            }
        }
        self.pending.pop_front()
    }

    async fn read(&mut self, known: i64) -> covet::db::Result<()> {
        let after = self.position;
        let heads: Vec<Head> = self
            .db
            .fetch_all(sql!(
                "SELECT id, placed_at, total FROM orders WHERE id > {after} AND id <= {known} ORDER BY id LIMIT {BATCH}"
            ))
            .await?;
        // Fewer than were asked for are all that there are.
        self.position = heads.last().filter(|_| heads.len() as i64 == BATCH).map_or(known, |head| head.id);
        self.pending.extend(with_lines(&self.db, heads).await?);
        Ok(())
    }
}
