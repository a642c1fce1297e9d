//! The database in handlers.

use covet::db::{FromRow, Isolation, TransactionOptions, sql};
use covet::test::Client;
use covet::{App, Created, Db, Json, NoContent, Problem, Result, get, post, routes};
use serde_json::json;

/// An order.
#[covet::model]
#[derive(Debug, Clone, FromRow)]
struct Order {
    book: i64,
    #[check(range(min = 1))]
    copies: i64,
}

/// Why an order is refused.
#[derive(Debug, Problem)]
enum OrderError {
    /// There are fewer copies than were ordered.
    #[problem(status = 409)]
    OutOfStock { left: i64 },
    #[problem(transparent)]
    Db(covet::db::Error),
}

/// Order, in a transaction that borrows the handler's arguments.
#[post("/orders")]
async fn order(order: Json<Order>, db: Db) -> Result<Created<Order>, OrderError> {
    let Order { book, copies } = &*order;
    db.transaction(async |tx| {
        let left: i64 = tx.fetch_value(sql!("SELECT stock FROM books WHERE id = {book}")).await?;
        tx.execute("UPDATE books SET stock = 0").await?;
        if left < *copies {
            return Err(OrderError::OutOfStock { left });
        }
        tx.execute(sql!("UPDATE books SET stock = {left - copies} WHERE id = {book}")).await?;
        Ok(())
    })
    .await?;
    Ok(Created::at("/orders/1", order.0.clone()))
}

/// Order, in a transaction that is run again when another one was faster.
#[post("/retried")]
async fn retried(order: Json<Order>, db: Db) -> Result<NoContent, OrderError> {
    let mut options = TransactionOptions::default();
    options.isolation = Some(Isolation::Serializable);
    let Order { book, copies } = order.0;
    db.transaction_with(options, |tx| async move {
        tx.execute(sql!("UPDATE books SET stock = stock - {copies} WHERE id = {book}")).await?;
        Ok::<_, OrderError>(())
    })
    .await?;
    Ok(NoContent)
}

/// Ask for a table that is not there.
#[get("/broken")]
async fn broken(db: Db) -> Result<String> {
    Ok(db.fetch_value("SELECT secret FROM nowhere").await?)
}

async fn client() -> (Client, Db) {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, stock INTEGER NOT NULL CHECK (stock >= 0))").await.unwrap();
    db.execute("INSERT INTO books VALUES (7, 5)").await.unwrap();
    let app = App::new("Orders", "1.0.0").database(db.clone()).routes(routes![order, retried, broken]);
    (Client::new(app).unwrap(), db)
}

#[tokio::test]
async fn a_transaction_commits_or_leaves_nothing() {
    let (client, db) = client().await;
    let stock = async || db.fetch_value::<i64>("SELECT stock FROM books").await.unwrap();
    assert_eq!(client.post("/orders").json(&json!({ "book": 7, "copies": 2 })).send().await.status(), 201);
    assert_eq!(stock().await, 3);
    assert_eq!(client.post("/retried").json(&json!({ "book": 7, "copies": 1 })).send().await.status(), 204);
    assert_eq!(stock().await, 2);
    let answer = client.post("/orders").json(&json!({ "book": 7, "copies": 2_000_000 })).send().await;
    assert_eq!((answer.status().as_u16(), &answer.problem()["left"]), (409, &json!(2)));
    assert_eq!(stock().await, 2);
}

#[tokio::test]
async fn a_failing_statement_is_told_to_the_log_alone() {
    let (client, _) = client().await;
    let answer = client.get("/broken").send().await;
    assert_eq!(answer.status(), 500);
    assert!(!answer.text().contains("nowhere") && !answer.text().contains("secret"), "{answer:?}");
}

#[tokio::test]
async fn a_closed_database_is_unavailable() {
    let (client, db) = client().await;
    assert_eq!(client.get("/health").send().await.text(), "ready");
    db.close().await;
    for target in ["/broken", "/health", "/health/ready"] {
        let answer = client.get(target).send().await;
        assert_eq!(answer.status(), 503, "{answer:?}");
        assert_eq!(answer.problem()["type"], "/problems/database-unavailable");
    }
    assert_eq!(client.get("/health/live").send().await.status(), 200);
}

#[test]
fn an_app_without_its_database_does_not_start() {
    let error = App::new("Orders", "1.0.0").routes(routes![broken]).build().unwrap_err().to_string();
    assert!(
        error.contains("takes `covet_db::db::Db`, which the app was not given; add it with .database(…)"),
        "{error}"
    );
}

#[tokio::test]
async fn the_pool_is_part_of_the_metrics() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.execute("SELECT 1").await.unwrap();
    let client = Client::new(App::new("Orders", "1.0.0").database(db.clone()).metrics()).unwrap();
    let stats = db.pool_stats();
    let waits = format!("db_client_connection_wait_time_seconds_bucket{{le=\"+Inf\"}} {}\n", stats.wait.count());
    let uses = format!("db_client_connection_use_time_seconds_count {}\n", stats.hold.count());
    let text = client.get("/metrics").send().await.text().to_owned();
    for expected in [
        "# TYPE db_client_connection_count gauge\ndb_client_connection_count{db_client_connection_state=\"idle\"} 1\n",
        "db_client_connection_max 1\n",
        "db_client_connection_timeouts_total 0\n",
        "# TYPE db_client_connection_wait_time_seconds histogram\n",
        &waits,
        &uses,
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}
