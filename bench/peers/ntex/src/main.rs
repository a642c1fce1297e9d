//! A bound: one runtime and one pipelined connection per core, shared by all its requests, and nothing around them.
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use garde::Validate;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use nanorand::{Rng, WyRand};
use ntex::util::Bytes;
use ntex::web::{
    self, App, Error, HttpRequest, HttpResponse, HttpServer,
    types::{Json, Query, State},
};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::rc::Rc;
use tokio_postgres::{Client, NoTls, Statement};

struct Inner {
    pg: Client,
    world: Statement,
    fortune: Statement,
    key: DecodingKey,
    val: Validation,
    seq: Cell<u64>,
}
type St = Rc<Inner>;
#[derive(Serialize)]
struct Message {
    message: &'static str,
}
#[derive(Serialize)]
struct World {
    id: i32,
    randomnumber: i32,
}
struct Fortune<'a> {
    id: i32,
    message: std::borrow::Cow<'a, str>,
}
#[derive(Template)]
#[template(path = "fortunes.html")]
struct Fortunes<'a> {
    fortunes: Vec<Fortune<'a>>,
}
#[derive(Deserialize, Validate)]
struct NewItem {
    #[garde(length(min = 1, max = 64))]
    name: String,
    #[garde(range(min = 0.0))]
    price: f64,
    #[garde(range(min = 0, max = 10000))]
    quantity: i64,
    #[garde(length(max = 8))]
    tags: Vec<String>,
    #[garde(email)]
    email: String,
    #[garde(skip)]
    created_at: DateTime<Utc>,
}
#[derive(Serialize)]
struct Item {
    id: u64,
    name: String,
    price: f64,
    quantity: i64,
    tags: Vec<String>,
    email: String,
    created_at: DateTime<Utc>,
}
#[derive(Deserialize)]
struct N {
    n: usize,
}
#[derive(Deserialize)]
struct Claims {
    sub: String,
}
#[derive(Serialize)]
struct Me {
    sub: String,
}

fn ise<E: std::fmt::Display>(e: E) -> Error {
    web::error::ErrorInternalServerError(e.to_string()).into()
}
fn js<T: Serialize>(mut r: web::HttpResponseBuilder, v: &T) -> HttpResponse {
    let mut b = Vec::with_capacity(256);
    serde_json::to_writer(&mut b, v).unwrap();
    r.header("content-type", "application/json").body(Bytes::from(b))
}
#[web::get("/plaintext")]
async fn plaintext() -> HttpResponse {
    HttpResponse::Ok().header("content-type", "text/plain").body(Bytes::from_static(b"Hello, World!"))
}
#[web::get("/json")]
async fn json() -> HttpResponse {
    js(HttpResponse::Ok(), &Message { message: "Hello, World!" })
}
#[web::post("/items")]
async fn items(s: State<St>, i: Json<NewItem>) -> HttpResponse {
    let i = i.into_inner();
    if let Err(e) = i.validate() {
        return HttpResponse::UnprocessableEntity().body(e.to_string());
    }
    let id = s.seq.get();
    s.seq.set(id + 1);
    js(
        HttpResponse::Created(),
        &Item {
            id,
            name: i.name,
            price: i.price,
            quantity: i.quantity,
            tags: i.tags,
            email: i.email,
            created_at: i.created_at,
        },
    )
}
fn rnd() -> i32 {
    WyRand::new().generate_range(1..=10000u32) as i32
}
#[web::get("/db")]
async fn db(s: State<St>) -> Result<HttpResponse, Error> {
    let r = s.pg.query_one(&s.world, &[&rnd()]).await.map_err(ise)?;
    Ok(js(HttpResponse::Ok(), &World { id: r.get(0), randomnumber: r.get(1) }))
}
#[web::get("/queries")]
async fn queries(s: State<St>, q: Query<N>) -> Result<HttpResponse, Error> {
    let n = q.n.clamp(1, 500);
    let rows = try_join_all((0..n).map(|_| {
        let s = &s;
        async move { s.pg.query_one(&s.world, &[&rnd()]).await }
    }))
    .await
    .map_err(ise)?;
    let v: Vec<World> = rows.iter().map(|r| World { id: r.get(0), randomnumber: r.get(1) }).collect();
    Ok(js(HttpResponse::Ok(), &v))
}
#[web::get("/fortunes")]
async fn fortunes(s: State<St>) -> Result<HttpResponse, Error> {
    let rows = s.pg.query(&s.fortune, &[]).await.map_err(ise)?;
    let mut fortunes: Vec<Fortune> =
        rows.iter().map(|r| Fortune { id: r.get(0), message: r.get::<_, &str>(1).into() }).collect();
    fortunes.push(Fortune { id: 0, message: "Additional fortune added at request time.".into() });
    fortunes.sort_by(|x, y| x.message.cmp(&y.message));
    let b = Fortunes { fortunes }.render().map_err(ise)?;
    Ok(HttpResponse::Ok().header("content-type", "text/html; charset=utf-8").body(b))
}
#[web::get("/me")]
async fn me(s: State<St>, r: HttpRequest) -> HttpResponse {
    let Some(t) =
        r.headers().get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "))
    else {
        return HttpResponse::Unauthorized().finish();
    };
    match jsonwebtoken::decode::<Claims>(t, &s.key, &s.val) {
        Ok(d) => js(HttpResponse::Ok(), &Me { sub: d.claims.sub }),
        Err(_) => HttpResponse::Unauthorized().finish(),
    }
}
async fn connect() -> St {
    let (pg, conn) = tokio_postgres::connect(&std::env::var("DATABASE_URL").unwrap(), NoTls).await.unwrap();
    ntex::rt::spawn(async move {
        let _ = conn.await;
    });
    let world = pg.prepare("SELECT id, randomnumber FROM world WHERE id = $1").await.unwrap();
    let fortune = pg.prepare("SELECT id, message FROM fortune").await.unwrap();
    let key = DecodingKey::from_rsa_pem(&std::fs::read(std::env::var("PUBKEY").unwrap()).unwrap()).unwrap();
    Rc::new(Inner { pg, world, fortune, key, val: validation(), seq: Cell::new(1) })
}
/// Which tokens are believed.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["https://bench.example"]);
    validation.set_issuer(&["https://bench.example"]);
    validation
}

#[ntex::main]
async fn main() -> std::io::Result<()> {
    let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
    HttpServer::new(async || {
        let s = connect().await;
        App::new().state(s).service((plaintext, json, items, db, queries, fortunes, me))
    })
    .workers(std::thread::available_parallelism().map_or(1, usize::from))
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
