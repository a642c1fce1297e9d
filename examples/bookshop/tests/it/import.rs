//! Many books at once.

use covet::test::Client;
use serde_json::{Value, json};

use super::{on_each_database, staff};

on_each_database! {
    a_file_is_imported_whole_or_not_at_all,
    the_first_thousand_bad_rows_are_told,
    what_is_exported_can_be_imported,
    a_file_that_cannot_be_read_is_refused,
}

async fn count(shop: &Client) -> usize {
    shop.get("/api/books/export").send().await.text().lines().count()
}

async fn a_file_is_imported_whole_or_not_at_all(shop: Client) {
    let shop = staff(&shop).await;
    let before = count(&shop).await;
    let rows: String = (0..3000).map(|n| format!("\"Volume {n}\",Anonymous,2000,{n}\n")).collect();
    let send = |media_type: &str, body: String| shop.post("/api/books/import").body(media_type, body).send();
    let answer = send("text/csv", format!("title,author,published,price\n{rows}")).await;
    assert_eq!((answer.status().as_u16(), answer.json::<Value>()), (200, json!({ "imported": 3000 })));
    assert_eq!(count(&shop).await, before + 3000);

    let wrong = format!("title,author,published,price\n{rows}\"\",Anonymous,1,1\nTwo,\"Any\nbody\",2000,free\n{rows}");
    let answer = send("text/csv", wrong).await;
    let problem = answer.problem();
    assert_eq!((answer.status().as_u16(), &problem["type"]), (422, &json!("/problems/import-bad-rows")));
    assert_eq!(problem["bad_rows"], 2);
    let fault =
        |pointer: &str, code: &str, message: &str| json!({ "pointer": pointer, "code": code, "message": message });
    let expected = json!([
        { "line": 3002, "errors": [fault("/title", "min_length", "must be 1 to 200 characters long")] },
        { "line": 3003, "errors": [fault("/price", "type", "must be a whole number")] },
    ]);
    assert_eq!(problem["rows"], expected);
    assert_eq!(count(&shop).await, before + 3000);

    let lines = "{\"title\":\"A\",\"author\":\"B\",\"published\":1,\"price\":1,\"stock\":7}\n";
    assert_eq!(send("application/x-ndjson", lines.repeat(2)).await.json::<Value>(), json!({ "imported": 2 }));
    let answer = send("application/x-ndjson", format!("{lines}{{\n{lines}")).await;
    assert_eq!((&answer.problem()["rows"][0]["line"], &answer.problem()["bad_rows"]), (&json!(2), &json!(1)));
}

async fn the_first_thousand_bad_rows_are_told(shop: Client) {
    let shop = staff(&shop).await;
    let body = "title,author,published,price\n".to_owned() + &",x,1,1\nA,B,1,1\n".repeat(1500);
    let answer = shop.post("/api/books/import").body("text/csv", body).send().await;
    let problem = answer.problem();
    let rows = problem["rows"].as_array().unwrap();
    assert_eq!((&problem["bad_rows"], rows.len()), (&json!(1500), 1000));
    assert_eq!((&rows[0]["line"], &rows[999]["line"]), (&json!(2), &json!(2000)));
    assert_eq!(count(&shop).await, 206);
}

async fn what_is_exported_can_be_imported(shop: Client) {
    let shop = staff(&shop).await;
    let export = shop.get("/api/books/export").header("accept", "text/csv").send().await;
    assert_eq!(export.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    // A shop gives its own numbers.
    let cut = |line: &str| line.split_once(',').unwrap().1.to_owned() + "\n";
    let body: String = export.text().lines().map(cut).collect();
    let answer = shop.post("/api/books/import").body("text/csv", body).send().await;
    assert_eq!(answer.json::<Value>(), json!({ "imported": 206 }));
    let rows = shop.get("/api/books/export").header("accept", "text/csv").send().await;
    let rows: Vec<String> = rows.text().lines().skip(1).map(cut).collect();
    assert_eq!(rows[..206], rows[206..]);
}

async fn a_file_that_cannot_be_read_is_refused(shop: Client) {
    let shop = staff(&shop).await;
    let send = |media_type: &str, body: &str| shop.post("/api/books/import").body(media_type, body.to_owned()).send();
    let answer = send("text/csv", "title,author,colour\n").await;
    assert_eq!(answer.status(), 422);
    assert_eq!(answer.faults(), ["body /published missing", "body /price missing", "body /colour unknown"]);
    assert_eq!(send("application/json", "[]").await.status(), 415);
    let long = format!("title,author,published,price\nA,B,1,1\n{}", "x".repeat(2 << 20));
    assert_eq!(send("text/csv", &long).await.status(), 413);
    assert_eq!(shop.get("/api/books/export").header("accept", "text/html").send().await.status(), 406);
    assert_eq!(count(&shop).await, 206);
}
