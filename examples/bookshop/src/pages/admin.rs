//! `/admin`: how the shop is doing.

use covet::auth::Roles;
use covet::db::SlowStatement;
use covet::{Auth, Db, Decimal, Result, get, jiff};

use super::visitor::{Fresh, Top, Visitor};
use crate::access::UsersAdmin;
use crate::orders::{Order, Reader, latest};

/// How many orders the page has.
const ORDERS: i64 = 20;

/// The dashboard.
#[covet::view("admin.html")]
pub(super) struct AdminPage {
    books: i64,
    placed: i64,
    /// What all orders cost together, in cents.
    sales: i64,
    users: i64,
    database: String,
    pool: Vec<Figure>,
    slow: Vec<Slow>,
    orders: Vec<Order>,
    now: jiff::Timestamp,
    top: Top,
}

/// A number of the pool.
#[covet::model(output)]
struct Figure {
    name: &'static str,
    value: u64,
}

/// A statement that took long.
#[covet::model(output)]
struct Slow {
    at: jiff::Timestamp,
    text: String,
    milliseconds: u64,
}

/// Show how the shop is doing.
#[get("/admin")]
pub(super) async fn admin(
    caller: Auth<UsersAdmin>,
    visitor: Visitor,
    roles: Roles,
    db: Db,
) -> Result<Fresh<AdminPage>> {
    // A sum is of another type on each database; a decimal holds all of them.
    let (placed, sales): (i64, Option<Decimal>) = db.fetch_one("SELECT count(*), sum(total) FROM orders").await?;
    let slow = db.slow_statements();
    Ok(Fresh(AdminPage {
        books: db.fetch_value("SELECT count(*) FROM books").await?,
        placed,
        sales: sales.unwrap_or_default().try_into()?,
        users: db.fetch_value("SELECT count(*) FROM covet_users").await?,
        database: db.version().await?,
        pool: figures(&db),
        slow: slow.into_iter().map(told).collect(),
        orders: latest(&Reader::of(&caller, &roles), ORDERS, &db).await?,
        now: jiff::Timestamp::now(),
        top: visitor.top(),
    }))
}

fn told(statement: SlowStatement) -> Slow {
    let text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
    Slow { at: statement.at, text, milliseconds: u64::try_from(statement.elapsed.as_millis()).unwrap_or(u64::MAX) }
}

fn figures(db: &Db) -> Vec<Figure> {
    let stats = db.pool_stats();
    [
        ("Connections at most", stats.size as u64),
        ("In use", stats.in_use as u64),
        ("Idle", stats.idle as u64),
        ("Callers waiting", stats.waiting as u64),
        ("Leases given", stats.acquired),
        ("Gave up waiting", stats.timeouts),
        ("Opened", stats.opened),
        ("Closed", stats.closed),
        ("Calls cancelled", stats.cancelled),
        ("Transactions run again", stats.retried),
        ("Statements prepared before", stats.statements.found),
        ("Statements prepared anew", stats.statements.prepared),
    ]
    .map(|(name, value)| Figure { name, value })
    .into()
}
