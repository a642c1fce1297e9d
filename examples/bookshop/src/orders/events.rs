//! `/events`: orders as they are placed, by whichever process.
//!
//! An order's number is given before its transaction is committed, so that an order can appear behind one with a higher
//! number, after any time. Followers therefore go by a second number, which an order gets once everybody can see it: the row
//! of `order_feed` is locked by who gives such numbers, so that they come without a gap and in the order in which they are
//! seen. Each process looks for new orders twice a second, and at once for its own; a client that comes back with
//! `Last-Event-ID` gets what it missed, from any process.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use covet::auth::Roles;
use covet::db::{FromRow, sql};
use covet::{Auth, Db, Event, Events, LastEventId, Result, State, get, jiff};
use futures_util::stream;
use tokio::sync::{Notify, watch};

use super::Order;
use super::list::{Head, with_lines};
use super::reader::Reader;
use crate::access::OrdersRead;

/// How often other processes' orders are looked for.
const INTERVAL: Duration = Duration::from_millis(500);

/// How many orders are read at a time.
const BATCH: i64 = 100;

/// How far the orders are told.
#[derive(Debug, Clone, Default)]
pub struct Feed(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The place of the last order in the feed.
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
        self.0.last.send_replace(advance(&db).await?);
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move { watch_orders(&inner, &db).await });
        Ok(())
    }
}

async fn watch_orders(feed: &Weak<Inner>, db: &Db) {
    while let Some(inner) = feed.upgrade() {
        let look = Arc::clone(&inner.look);
        let last = *inner.last.borrow();
        match advance(db).await {
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

/// Gives the orders that are new their places in the feed, and says which is the last.
async fn advance(db: &Db) -> covet::db::Result<i64> {
    // Mostly there is nothing new, and nothing to lock.
    while db.fetch_optional::<(i64,)>("SELECT id FROM orders WHERE place IS NULL LIMIT 1").await?.is_some() {
        db.transaction(async |tx| -> covet::db::Result<()> {
            // The lock comes before the look, so that what another process has placed meanwhile is seen.
            tx.execute("UPDATE order_feed SET last = last").await?;
            let last: i64 = tx.fetch_value("SELECT last FROM order_feed").await?;
            let new =
                tx.fetch_all::<(i64,)>(sql!("SELECT id FROM orders WHERE place IS NULL ORDER BY id LIMIT {BATCH}"));
            let places: Vec<(i64, i64)> = (last + 1..).zip(new.await?.into_iter().map(|(id,)| id)).collect();
            let Some((last, _)) = places.last().copied() else { return Ok(()) };
            let rows = places.iter().map(|(place, id)| sql!("UPDATE orders SET place = {place} WHERE id = {id}"));
            tx.execute_many(rows).await?;
            tx.execute(sql!("UPDATE order_feed SET last = {last}")).await?;
            Ok(())
        })
        .await?;
    }
    db.fetch_value("SELECT last FROM order_feed").await
}

/// Follow the orders that are placed: one's own, or as a clerk all.
///
/// Each event is called `order`; its data is the order as JSON, and its id the order's place in the feed.
#[get("/events")]
pub(super) async fn events(
    caller: Auth<OrdersRead>,
    last: LastEventId<i64>,
    db: Db,
    feed: State<Feed>,
    roles: Roles,
) -> Events {
    let known = feed.0.last.subscribe();
    let position = last.unwrap_or(*known.borrow());
    let reader = Reader::of(&caller, &roles);
    let follower = Follower { db, reader, known, position, pending: VecDeque::new() };
    Events::new(stream::unfold(follower, async |mut follower| {
        let (place, order) = follower.next().await?;
        Some((event(place, &order), follower))
    }))
}

fn event(place: i64, order: &Order) -> Event {
    // An order has only names and values that JSON has.
    let event = Event::json(order).unwrap_or_default();
    event.name("order").id(place.to_string())
}

/// One client.
struct Follower {
    db: Db,
    reader: Reader,
    known: watch::Receiver<i64>,
    /// The place of the last order that the client has, has coming, or does not see.
    position: i64,
    pending: VecDeque<(i64, Order)>,
}

/// An order and its place in the feed.
#[derive(FromRow)]
struct Placed {
    place: i64,
    id: i64,
    placed_at: jiff::Timestamp,
    customer: Option<String>,
    total: i64,
}

impl Follower {
    /// The next order; `None` when there will be none any more, and the client is to connect again.
    async fn next(&mut self) -> Option<(i64, Order)> {
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
        let (after, seen) = (self.position, self.reader.condition());
        let placed: Vec<Placed> = self
            .db
            .fetch_all(sql!(
                "SELECT place, id, placed_at, customer, total FROM orders
                 WHERE place > {after} AND place <= {known} AND {..seen} ORDER BY place LIMIT {BATCH}"
            ))
            .await?;
        // Fewer than were asked for are all that there are.
        let position = placed.last().filter(|_| placed.len() as i64 == BATCH).map_or(known, |placed| placed.place);
        let places: Vec<i64> = placed.iter().map(|placed| placed.place).collect();
        let heads = placed.into_iter().map(|Placed { id, placed_at, customer, total, .. }| Head {
            id,
            placed_at,
            customer,
            total,
        });
        let orders = with_lines(&self.db, heads.collect()).await?;
        self.position = position;
        self.pending.extend(places.into_iter().zip(orders));
        Ok(())
    }
}
