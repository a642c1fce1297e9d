//! The endpoints of the bench on Covet, with its default settings.

use std::sync::atomic::{AtomicU64, Ordering};

use covet::auth::{ResourceServer, jose};
use covet::db::FromRow;
use covet::{App, Auth, Created, Db, Json, Query, Result, get, post, routes, sql};

#[covet::model]
struct Message {
    message: String,
}

#[covet::model]
#[derive(FromRow)]
struct World {
    id: i32,
    randomnumber: i32,
}

#[covet::model]
struct NewItem {
    #[check(length(min = 1, max = 64))]
    name: String,
    #[check(range(min = 0))]
    price: f64,
    #[check(range(min = 0, max = 10_000))]
    quantity: i64,
    #[check(items(max = 8))]
    tags: Vec<String>,
    #[check(email)]
    email: String,
    created_at: jiff::Timestamp,
}

#[covet::model]
struct Item {
    id: u64,
    name: String,
    price: f64,
    quantity: i64,
    tags: Vec<String>,
    email: String,
    created_at: jiff::Timestamp,
}

#[covet::view("fortunes.html")]
#[derive(Debug)]
struct Fortunes {
    fortunes: Vec<Fortune>,
}

#[covet::model]
#[derive(Debug, FromRow)]
struct Fortune {
    id: i32,
    message: String,
}

/// Say hello.
#[get("/plaintext")]
async fn plaintext() -> &'static str {
    "Hello, World!"
}

/// Say hello in JSON.
#[get("/json")]
async fn json() -> Json<Message> {
    Json(Message { message: "Hello, World!".into() })
}

/// Take an item.
#[post("/items")]
async fn items(new: Json<NewItem>) -> Created<Item> {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    let id = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let Json(NewItem { name, price, quantity, tags, email, created_at }) = new;
    Created::at(format!("/items/{id}"), Item { id, name, price, quantity, tags, email, created_at })
}

fn any_id() -> i32 {
    rand::random_range(1..=10_000)
}

/// Fetch a row.
#[get("/db")]
async fn db(db: Db) -> Result<Json<World>> {
    Ok(Json(db.fetch_one(sql!("SELECT id, randomnumber FROM world WHERE id = {any_id()}")).await?))
}

/// Fetch some rows, each with a statement of its own.
#[get("/queries")]
async fn queries(n: Query<usize>, db: Db) -> Result<Json<Vec<World>>> {
    let worlds = db.batch(|batch| {
        let one = |_| batch.one(sql!("SELECT id, randomnumber FROM world WHERE id = {any_id()}"));
        (0..n.clamp(1, 500)).map(one).collect::<Vec<_>>()
    });
    Ok(Json(worlds.await?))
}

/// Show the fortunes.
#[get("/fortunes")]
async fn fortunes(db: Db) -> Result<Fortunes> {
    let mut fortunes: Vec<Fortune> = db.fetch_all("SELECT id, message FROM fortune").await?;
    fortunes.push(Fortune { id: 0, message: "Additional fortune added at request time.".into() });
    fortunes.sort_by(|one, two| one.message.cmp(&two.message));
    Ok(Fortunes { fortunes })
}

#[covet::model]
struct Me {
    sub: String,
}

/// Say who asks.
#[get("/me")]
async fn me(auth: Auth) -> Json<Me> {
    Json(Me { sub: auth.subject().to_owned() })
}

/// Who is believed: the tokens of one issuer, by its public key.
fn tokens() -> Result<ResourceServer> {
    let key = std::fs::read_to_string(std::env::var("PUBKEY")?)?;
    let key = jose::VerifyingKey::from_pem(jose::Algorithm::Rs256, &key)?;
    let address = "https://bench.example";
    Ok(ResourceServer::new(address, address, jose::KeySet::new([key])?))
}

#[covet::main]
async fn main() -> Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".into());
    let pool = Db::from_env_or("postgres://127.0.0.1/bench").await?;
    App::new("Bench", "1.0.0")
        .database(pool)
        .templates(covet::templates!("templates"))
        .auth(tokens()?)
        .routes(routes![plaintext, json, items, db, queries, fortunes].public().and(routes![me]))
        .bind(format!("127.0.0.1:{port}"))
        .serve()
        .await
}
