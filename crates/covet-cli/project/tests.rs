//! The notes as their clients see them.

use covet::Db;
use covet::test::Client;
use serde_json::{Value, json};

async fn client() -> Client {
    let app = CRATE::app().database(Db::connect("sqlite::memory:"));
    Client::new(app.prepare().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_note_is_written_and_read() {
    let client = client().await;
    let written = client.post("/notes").json(&json!({ "text": "Buy milk" })).send().await;
    assert_eq!(written.status(), 201);
    let read = client.get(written.header("location").unwrap()).send().await;
    assert_eq!(read.json::<Value>(), json!({ "id": 1, "text": "Buy milk" }));
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let client = client().await;
    assert_eq!(client.post("/notes").json(&json!({ "text": "" })).send().await.faults(), ["body /text min_length"]);
    assert_eq!(client.get("/notes/7").send().await.status(), 404);
}
