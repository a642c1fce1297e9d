//! Orders.

use std::collections::BTreeMap;

use covet::test::Client;
use serde_json::{Value, json};

use super::{on_each_database, staff};

on_each_database! {
    an_order_takes_stock_and_can_be_read,
    an_order_that_cannot_be_is_refused_whole,
    the_same_request_orders_once,
    the_last_copies_are_sold_once,
    orders_are_listed_the_latest_first,
}

/// A new book, and its number.
async fn book(shop: &Client, stock: i64) -> i64 {
    let book = json!({ "title": "Emma", "author": "Jane Austen", "published": 1815, "price": 999, "stock": stock });
    shop.post("/api/books").json(&book).send().await.json::<Value>()["id"].as_i64().unwrap()
}

async fn stock(shop: &Client, book: i64) -> i64 {
    shop.get(&format!("/api/books/{book}")).send().await.json::<Value>()["stock"].as_i64().unwrap()
}

fn order(lines: &[(i64, i64)]) -> Value {
    let line = |(book, copies): &(i64, i64)| json!({ "book": book, "copies": copies });
    json!({ "lines": lines.iter().map(line).collect::<Vec<_>>() })
}

async fn an_order_takes_stock_and_can_be_read(shop: Client) {
    let shop = staff(&shop).await;
    let (one, two) = (book(&shop, 5).await, book(&shop, 5).await);
    let answer = shop.post("/api/orders").json(&order(&[(two, 1), (one, 2), (two, 3)])).send().await;
    assert_eq!(answer.status(), 201);
    let placed: Value = answer.json();
    assert_eq!(placed["total"], 6 * 999);
    assert_eq!(placed["lines"][1], json!({ "book": two, "title": "Emma", "price": 999, "copies": 4 }));
    assert_eq!((stock(&shop, one).await, stock(&shop, two).await), (3, 1));
    // The order outlives the book.
    shop.delete(&format!("/api/books/{one}")).send().await;
    let read: Value = shop.get(answer.header("location").unwrap()).send().await.json();
    assert_eq!((&read["lines"], &read["total"]), (&placed["lines"], &placed["total"]));
    assert_eq!(shop.get("/api/orders/99999").send().await.problem()["type"], "/problems/order-not-found");
}

async fn an_order_that_cannot_be_is_refused_whole(shop: Client) {
    let shop = staff(&shop).await;
    let (one, two) = (book(&shop, 5).await, book(&shop, 1).await);
    let answer = shop.post("/api/orders").json(&order(&[(one, 2), (two, 2)])).send().await;
    let problem = answer.problem();
    assert_eq!((answer.status().as_u16(), &problem["type"]), (409, &json!("/problems/order-out-of-stock")));
    assert_eq!((&problem["book"], &problem["left"], &problem["wanted"]), (&json!(two), &json!(1), &json!(2)));
    assert_eq!(problem["detail"], "of “Emma” 1 copies are left, and 2 were ordered");
    let answer = shop.post("/api/orders").json(&order(&[(one, 2), (99_999, 1)])).send().await;
    assert_eq!((answer.status().as_u16(), &answer.problem()["book"]), (422, &json!(99_999)));
    let answer = shop.post("/api/orders").json(&order(&[])).send().await;
    assert_eq!(answer.faults(), ["body /lines min_items"]);
    assert_eq!(stock(&shop, one).await, 5);
}

async fn the_same_request_orders_once(shop: Client) {
    let shop = staff(&shop).await;
    let book = book(&shop, 5).await;
    let send = |copies| {
        let request = shop.post("/api/orders").header("idempotency-key", "\"0192f0c1\"");
        request.json(&order(&[(book, copies)])).send()
    };
    let (first, again) = (send(2).await, send(2).await);
    assert_eq!((first.status().as_u16(), again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!((first.text(), first.header("location")), (again.text(), again.header("location")));
    assert_eq!(send(1).await.problem()["type"], "/problems/idempotency-key-reused");
    assert_eq!(stock(&shop, book).await, 3);
}

async fn the_last_copies_are_sold_once(shop: Client) {
    let shop = staff(&shop).await;
    let book = book(&shop, 10).await;
    let buyers: Vec<_> = (0..50)
        .map(|_| {
            let shop = shop.clone();
            tokio::spawn(
                async move { shop.post("/api/orders").json(&order(&[(book, 1)])).send().await.status().as_u16() },
            )
        })
        .collect();
    let mut statuses = BTreeMap::new();
    for buyer in buyers {
        *statuses.entry(buyer.await.unwrap()).or_insert(0) += 1;
    }
    assert_eq!(statuses, BTreeMap::from([(201, 10), (409, 40)]));
    assert_eq!(stock(&shop, book).await, 0);
}

async fn orders_are_listed_the_latest_first(shop: Client) {
    let shop = staff(&shop).await;
    let book = book(&shop, 9).await;
    for copies in 1..=3 {
        shop.post("/api/orders").json(&order(&[(book, copies)])).send().await;
    }
    let copies = |page: &Value| -> Vec<i64> {
        page["items"].as_array().unwrap().iter().map(|order| order["lines"][0]["copies"].as_i64().unwrap()).collect()
    };
    let first: Value = shop.get("/api/orders?limit=2").send().await.json();
    assert_eq!(copies(&first), [3, 2]);
    let next = first["next"].as_str().unwrap();
    let last: Value = shop.get(&format!("/api/orders?limit=2&cursor={next}")).send().await.json();
    assert_eq!((copies(&last), &last["next"]), (vec![1], &Value::Null));
}
