//! The endpoints of the bench on axum with sqlx, as a user of these would write them.

use askama::Template;
use axum::{
    Json, Router,
    extract::{FromRequest, Query, Request, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use validator::Validate;

#[derive(Clone)]
struct App {
    pool: PgPool,
    key: Arc<DecodingKey>,
    val: Arc<Validation>,
    seq: Arc<AtomicU64>,
}

#[derive(Serialize)]
struct Message {
    message: &'static str,
}
#[derive(Serialize, sqlx::FromRow)]
struct World {
    id: i32,
    randomnumber: i32,
}
#[derive(sqlx::FromRow)]
struct Fortune {
    id: i32,
    message: String,
}
#[derive(Template)]
#[template(path = "fortunes.html")]
struct Fortunes {
    fortunes: Vec<Fortune>,
}

#[derive(Deserialize, Validate)]
struct NewItem {
    #[validate(length(min = 1, max = 64))]
    name: String,
    #[validate(range(min = 0.0))]
    price: f64,
    #[validate(range(min = 0, max = 10000))]
    quantity: i64,
    #[validate(length(max = 8))]
    tags: Vec<String>,
    #[validate(email)]
    email: String,
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
impl Item {
    fn new(id: u64, i: NewItem) -> Self {
        Item {
            id,
            name: i.name,
            price: i.price,
            quantity: i.quantity,
            tags: i.tags,
            email: i.email,
            created_at: i.created_at,
        }
    }
}

struct ValidJson<T>(T);
impl<T: DeserializeOwned + Validate, S: Send + Sync> FromRequest<S> for ValidJson<T> {
    type Rejection = Response;
    async fn from_request(req: Request, s: &S) -> Result<Self, Response> {
        let Json(v) = Json::<T>::from_request(req, s).await.map_err(|e: JsonRejection| e.into_response())?;
        v.validate().map_err(|e| (StatusCode::UNPROCESSABLE_ENTITY, Json(e)).into_response())?;
        Ok(ValidJson(v))
    }
}
#[derive(Deserialize)]
struct N {
    n: usize,
}
#[derive(Deserialize)]
struct Claims {
    sub: String,
}

type R<T> = Result<T, (StatusCode, String)>;
fn ise<E: std::fmt::Display>(e: E) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, e.to_string())
}

async fn plaintext() -> &'static str {
    "Hello, World!"
}
async fn json() -> Json<Message> {
    Json(Message { message: "Hello, World!" })
}
async fn items(State(a): State<App>, ValidJson(item): ValidJson<NewItem>) -> (StatusCode, Json<Item>) {
    let id = a.seq.fetch_add(1, Ordering::Relaxed);
    (StatusCode::CREATED, Json(Item::new(id, item)))
}
async fn db(State(a): State<App>) -> R<Json<World>> {
    let w = sqlx::query_as::<_, World>("SELECT id, randomnumber FROM world WHERE id = $1")
        .bind(rand::random_range(1..=10000))
        .fetch_one(&a.pool)
        .await
        .map_err(ise)?;
    Ok(Json(w))
}
async fn queries(State(a): State<App>, Query(q): Query<N>) -> R<Json<Vec<World>>> {
    let n = q.n.clamp(1, 500);
    let mut c = a.pool.acquire().await.map_err(ise)?;
    let mut out = Vec::with_capacity(n);
    for _ in 0..n {
        out.push(
            sqlx::query_as::<_, World>("SELECT id, randomnumber FROM world WHERE id = $1")
                .bind(rand::random_range(1..=10000))
                .fetch_one(&mut *c)
                .await
                .map_err(ise)?,
        );
    }
    Ok(Json(out))
}
async fn fortunes(State(a): State<App>) -> R<Html<String>> {
    let mut fortunes =
        sqlx::query_as::<_, Fortune>("SELECT id, message FROM fortune").fetch_all(&a.pool).await.map_err(ise)?;
    fortunes.push(Fortune { id: 0, message: "Additional fortune added at request time.".into() });
    fortunes.sort_by(|x, y| x.message.cmp(&y.message));
    Fortunes { fortunes }.render().map(Html).map_err(ise)
}
async fn me(State(a): State<App>, h: HeaderMap) -> R<Json<serde_json::Value>> {
    let bad = || (StatusCode::UNAUTHORIZED, "unauthorized".to_string());
    let t =
        h.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer ")).ok_or_else(bad)?;
    let d = jsonwebtoken::decode::<Claims>(t, &a.key, &a.val).map_err(|_| bad())?;
    Ok(Json(serde_json::json!({ "sub": d.claims.sub })))
}

/// Which tokens are believed.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["https://bench.example"]);
    validation.set_issuer(&["https://bench.example"]);
    validation
}

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt().with_env_filter("warn").init();
    let port = std::env::var("PORT").unwrap_or("8080".into());
    let mut po = PgPoolOptions::new().max_connections(20);
    if std::env::var("NOPING").is_ok() {
        po = po.test_before_acquire(false);
    }
    let pool = po.connect(&std::env::var("DATABASE_URL").unwrap()).await.unwrap();
    let key = DecodingKey::from_rsa_pem(&std::fs::read(std::env::var("PUBKEY").unwrap()).unwrap()).unwrap();
    let a = App { pool, key: Arc::new(key), val: Arc::new(validation()), seq: Arc::new(AtomicU64::new(1)) };
    let app = Router::new()
        .route("/plaintext", get(plaintext))
        .route("/json", get(json))
        .route("/items", post(items))
        .route("/db", get(db))
        .route("/queries", get(queries))
        .route("/fortunes", get(fortunes))
        .route("/me", get(me))
        .with_state(a);
    let l = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
    axum::serve(l.tap_io(|s| drop(s.set_nodelay(true))), app).await.unwrap();
}
