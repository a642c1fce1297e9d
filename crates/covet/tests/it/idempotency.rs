//! Requests that are sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use covet::db::sql;
use covet::test::{Answer, Client, Server};
use covet::{
    App, Body, Bytes, Created, Db, Idempotency, IdempotencyError, IdempotencyKey, Json, NoContent, Problem, Query,
    Result, State, get, post, routes,
};
use futures_util::stream;
use serde_json::json;
use tokio::sync::Notify;

/// What the handlers have done.
#[derive(Debug, Default, Clone)]
struct Work {
    done: Arc<AtomicUsize>,
    go_on: Arc<Notify>,
}

impl Work {
    fn times(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }
}

/// A payment.
#[covet::model]
#[derive(Debug, Clone)]
struct Payment {
    #[check(range(min = 1))]
    cents: i64,
}

/// A payment that was made.
#[covet::model(output)]
struct Receipt {
    number: usize,
}

/// Why a payment is refused.
#[derive(Debug, Problem)]
enum PaymentError {
    /// There is not enough money.
    #[problem(status = 409)]
    TooMuch,
    /// The bank does not answer.
    #[problem(status = 503)]
    NoBank,
}

/// Pay.
#[post("/payments/{account}")]
async fn pay(
    key: IdempotencyKey,
    account: covet::Path<i64>,
    payment: Json<Payment>,
    fail: Query<Option<bool>>,
    work: State<Work>,
) -> Result<Created<Receipt>, PaymentError> {
    assert!(!key.as_str().is_empty() && *account > 0);
    let number = work.done.fetch_add(1, Ordering::SeqCst) + 1;
    tokio::time::sleep(Duration::from_millis(30)).await;
    match payment.cents {
        1000.. => Err(PaymentError::TooMuch),
        _ if fail.unwrap_or(false) && number == 1 => Err(PaymentError::NoBank),
        _ => Ok(Created::at(format!("/receipts/{number}"), Receipt { number })),
    }
}

/// Refund, with or without a key.
#[post("/refunds")]
async fn refund(_key: Option<IdempotencyKey>, work: State<Work>) -> NoContent {
    work.done.fetch_add(1, Ordering::SeqCst);
    NoContent
}

/// Work until told to go on.
#[post("/long")]
async fn long(_key: IdempotencyKey, work: State<Work>) -> String {
    work.go_on.notified().await;
    format!("{}", work.done.fetch_add(1, Ordering::SeqCst) + 1)
}

/// Panic the first time.
#[post("/panic")]
async fn panic(_key: IdempotencyKey, work: State<Work>) -> String {
    assert!(work.done.fetch_add(1, Ordering::SeqCst) > 0, "the first time");
    "done".into()
}

/// Answer at length.
#[post("/report")]
async fn report(_key: IdempotencyKey, work: State<Work>) -> Body {
    work.done.fetch_add(1, Ordering::SeqCst);
    Body::stream(stream::iter((0..100).map(|_| Ok(Bytes::from_static(&[b'x'; 100])))))
}

/// Change the database under the key.
#[post("/fenced")]
async fn fenced(
    key: IdempotencyKey,
    slow: Query<Option<bool>>,
    work: State<Work>,
    db: Db,
) -> Result<NoContent, IdempotencyError> {
    db.transaction(async |tx| {
        key.fence(tx).await?;
        tx.execute("INSERT INTO entries (text) VALUES ('x')").await?;
        Ok::<_, IdempotencyError>(())
    })
    .await?;
    work.done.fetch_add(1, Ordering::SeqCst);
    if slow.unwrap_or(false) {
        work.go_on.notified().await;
    }
    Ok(NoContent)
}

fn app(db: &Db, work: &Work) -> App {
    App::new("Bank", "1.0.0")
        .database(db.clone())
        .state(work.clone())
        .principal(|head| head.headers.get("x-user")?.to_str().ok().map(str::to_owned))
        .routes(routes![pay, refund, panic, fenced])
        .routes(routes![long].idempotency(Idempotency::default().wait(Duration::from_millis(50))))
        .routes(routes![report].idempotency(Idempotency::default().answer_limit(1000)))
}

async fn bank() -> (Client, Db, Work) {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    db.execute("CREATE TABLE entries (text TEXT NOT NULL)").await.unwrap();
    let work = Work::default();
    (Client::new(app(&db, &work)).unwrap(), db, work)
}

async fn send(client: &Client, target: &str, key: &str, cents: i64) -> Answer {
    client.post(target).header("idempotency-key", key).json(&json!({ "cents": cents })).send().await
}

#[tokio::test]
async fn a_retry_gets_the_first_answer() {
    let (client, _, work) = bank().await;
    let first = send(&client, "/payments/1", "\"k1\"", 5).await;
    assert_eq!((first.status().as_u16(), first.header("idempotent-replayed")), (201, None));
    let second = send(&client, "/payments/1", "k1", 5).await;
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    for name in ["location", "content-type", "vary"] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
    assert_eq!((first.status(), first.bytes(), work.times()), (second.status(), second.bytes(), 1));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));

    let refused = send(&client, "/payments/1", "k2", 5000).await;
    let again = send(&client, "/payments/1", "k2", 5000).await;
    assert_eq!((refused.status().as_u16(), refused.bytes(), work.times()), (409, again.bytes(), 2));
    assert_eq!(again.problem()["type"], "/problems/payment-too-much");
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let (client, _, work) = bank().await;
    assert_eq!(send(&client, "/payments/1", "k", 5).await.status(), 201);
    for (target, cents) in [("/payments/1", 6), ("/payments/2", 5), ("/payments/1?fail=false", 5)] {
        let answer = send(&client, target, "k", cents).await;
        assert_eq!((answer.status().as_u16(), work.times()), (422, 1), "{target} {cents}");
        assert_eq!(answer.problem()["type"], "/problems/idempotency-key-reused");
    }
    // Another route, and another principal, have keys of their own.
    assert_eq!(client.post("/refunds").header("idempotency-key", "k").send().await.status(), 204);
    let of = async |user: &str| {
        let request = client.post("/payments/1").header("idempotency-key", "k").header("x-user", user);
        request.json(&json!({ "cents": 5 })).send().await.text().to_owned()
    };
    assert_eq!([of("ann").await, of("bo").await, of("ann").await], [3, 4, 3].map(|n| format!("{{\"number\":{n}}}")));
}

#[tokio::test]
async fn twenty_twins_do_the_work_once() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::connect(&format!("sqlite:{}", folder.path().join("bank.db").display())).await.unwrap();
    let work = Work::default();
    // Two processes would share the database alone, and so do two services.
    let services = [app(&db, &work), app(&db, &work)].map(|app| Client::new(app).unwrap());
    let twins = (0..20).map(|index| send(&services[index % 2], "/payments/1", "k", 5));
    let answers = futures_util::future::join_all(twins).await;
    assert_eq!(work.times(), 1);
    for answer in &answers {
        assert_eq!((answer.status().as_u16(), answer.text()), (201, "{\"number\":1}"));
    }
    let replayed = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_some()).count();
    assert_eq!(replayed, 19);
}

#[tokio::test]
async fn a_request_needs_a_key_that_is_one() {
    let (client, _, work) = bank().await;
    let answer = client.post("/payments/1").json(&json!({ "cents": 0 })).send().await;
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.faults(), ["header idempotency-key missing", "body /cents minimum"]);
    for key in ["", "\"", "a b", &"k".repeat(256)] {
        let answer = client
            .unchecked()
            .post("/payments/1")
            .header("idempotency-key", key)
            .json(&json!({ "cents": 1 }))
            .send()
            .await;
        assert_eq!(
            (answer.status().as_u16(), answer.faults()),
            (400, vec!["header idempotency-key syntax".to_owned()])
        );
    }
    assert_eq!(work.times(), 0);
    for _ in 0..2 {
        assert_eq!(client.post("/refunds").send().await.status(), 204);
    }
    assert_eq!(work.times(), 2, "a key that may be left out is not missed");
}

#[tokio::test]
async fn what_the_handler_has_not_done_leaves_the_key_free() {
    let (client, _, work) = bank().await;
    assert_eq!(send(&client, "/payments/1", "k", -1).await.status(), 422);
    assert_eq!(send(&client, "/payments/1", "k", 1).await.status(), 201, "a refused request has no answer");
    work.done.store(0, Ordering::SeqCst);
    assert_eq!(send(&client, "/payments/1?fail=true", "f", 1).await.status(), 503);
    assert_eq!(send(&client, "/payments/1?fail=true", "f", 1).await.status(), 201, "nor has a failure of the server");
    work.done.store(0, Ordering::SeqCst);
    for expected in [500, 200, 200] {
        assert_eq!(client.post("/panic").header("idempotency-key", "p").send().await.status(), expected);
    }
    assert_eq!(work.times(), 2);
}

#[tokio::test]
async fn a_twin_waits_and_is_then_told_to_come_back() {
    let (client, _, work) = bank().await;
    let long = |key: &'static str| client.post("/long").header("idempotency-key", key).send();
    let first = tokio::spawn(long("k"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let twin = long("k").await;
    assert_eq!((twin.status().as_u16(), twin.header("retry-after")), (409, Some("1")));
    assert_eq!(twin.problem()["type"], "/problems/idempotency-key-in-use");
    work.go_on.notify_one();
    assert_eq!(first.await.unwrap().text(), "1");
    assert_eq!(long("k").await.text(), "1");
}

#[tokio::test]
async fn the_work_goes_on_when_the_client_hangs_up() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    let work = Work::default();
    let server = Server::start(app(&db, &work)).await.unwrap();
    let request = server.client().post("/long").header("idempotency-key", "k").send();
    tokio::time::timeout(Duration::from_millis(200), request).await.unwrap_err();
    work.go_on.notify_one();
    let answer = server.client().post("/long").header("idempotency-key", "k").send().await;
    assert_eq!((answer.text(), answer.header("idempotent-replayed")), ("1", Some("true")));
}

#[tokio::test]
async fn a_key_of_a_process_that_died_is_free_when_its_lease_ends() {
    let (client, db, work) = bank().await;
    assert_eq!(send(&client, "/payments/1", "k", 5).await.status(), 201);
    // What a process leaves behind that dies in the handler.
    db.execute("UPDATE covet_idempotency SET status = NULL, headers = NULL, body = NULL").await.unwrap();
    let end = jiff_now() + 300;
    db.execute(sql!("UPDATE covet_idempotency SET lease_until = {end}")).await.unwrap();
    let answer = send(&client, "/payments/1", "k", 5).await;
    assert_eq!((answer.status().as_u16(), work.times()), (201, 2));
    assert!(jiff_now() >= end, "the lease is heeded");
    assert_eq!(send(&client, "/payments/1", "k", 5).await.bytes(), answer.bytes());
}

#[tokio::test]
async fn answers_are_forgotten_after_their_time() {
    let (client, db, work) = bank().await;
    assert_eq!(send(&client, "/payments/1", "k", 5).await.status(), 201);
    db.execute("UPDATE covet_idempotency SET expires_at = 1").await.unwrap();
    assert_eq!((send(&client, "/payments/1", "k", 7).await.status().as_u16(), work.times()), (201, 2));
    db.execute("UPDATE covet_idempotency SET expires_at = 1").await.unwrap();
    // A service that has just started cleans up.
    let second = Client::new(app(&db, &work)).unwrap();
    assert_eq!(send(&second, "/payments/1", "other", 7).await.status(), 201);
    for _ in 0..100 {
        if db.fetch_value::<i64>("SELECT count(*) FROM covet_idempotency").await.unwrap() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the expired row is still there");
}

#[tokio::test]
async fn a_fenced_transaction_is_never_carried_out_twice() {
    let (client, db, work) = bank().await;
    let entries = async || db.fetch_value::<i64>("SELECT count(*) FROM entries").await.unwrap();
    let send = async |client: &Client, target: &str| client.post(target).header("idempotency-key", "k").send().await;
    assert_eq!(send(&client, "/fenced").await.status(), 204);
    assert_eq!(send(&client, "/fenced").await.status(), 204);
    assert_eq!((entries().await, work.times()), (1, 1));
    // The process died after the commit, before the answer was stored.
    db.execute("UPDATE covet_idempotency SET status = NULL, headers = NULL, body = NULL, lease_until = 1")
        .await
        .unwrap();
    let answer = send(&client, "/fenced").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.problem()["type"]),
        (409, &json!("/problems/idempotency-answer-lost"))
    );
    assert_eq!(entries().await, 1);
}

#[tokio::test]
async fn an_attempt_that_was_overtaken_does_not_commit() {
    let (client, db, _) = bank().await;
    let key: Arc<tokio::sync::Mutex<Option<IdempotencyKey>>> = Arc::default();

    /// Hand the key out.
    #[post("/keys")]
    async fn hand_out(key: IdempotencyKey, to: State<Arc<tokio::sync::Mutex<Option<IdempotencyKey>>>>) -> NoContent {
        *to.lock().await = Some(key);
        NoContent
    }

    drop(client);
    let routes = routes![hand_out];
    let client = Client::new(App::new("Keys", "1.0.0").database(db.clone()).state(key.clone()).routes(routes)).unwrap();
    let send = async || client.post("/keys").header("idempotency-key", "k").send().await;
    send().await;
    let first = key.lock().await.take().unwrap();
    db.execute("UPDATE covet_idempotency SET status = NULL, lease_until = 1").await.unwrap();
    send().await;
    db.execute("UPDATE covet_idempotency SET status = NULL").await.unwrap();
    let result = db.transaction(async |tx| first.fence(tx).await).await;
    assert!(matches!(result, Err(IdempotencyError::Superseded)), "{result:?}");
    let second = key.lock().await.take().unwrap();
    db.transaction(async |tx| second.fence(tx).await).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_given_twice() {
    let (client, _, work) = bank().await;
    let send = async || client.post("/report").header("idempotency-key", "k").send().await;
    assert_eq!(send().await.bytes().len(), 10_000);
    let answer = send().await;
    assert_eq!((answer.status().as_u16(), work.times()), (409, 1));
    assert_eq!(answer.problem()["type"], "/problems/idempotency-answer-lost");
}

#[tokio::test]
async fn the_document_and_the_start_know_the_keys() {
    let (client, ..) = bank().await;
    let operation = &client.openapi()["paths"]["/payments/{account}"]["post"];
    let key = operation["parameters"].as_array().unwrap().iter().find(|one| one["name"] == "idempotency-key").unwrap();
    assert_eq!((&key["in"], &key["required"]), (&json!("header"), &json!(true)));
    for status in ["400", "409", "422", "503"] {
        assert!(operation["responses"].get(status).is_some(), "{status}");
    }
    assert!(operation["responses"]["201"]["headers"]["Idempotent-Replayed"].is_object());
    let optional = &client.openapi()["paths"]["/refunds"]["post"]["parameters"][0];
    assert_eq!((&optional["name"], &optional["required"]), (&json!("idempotency-key"), &json!(false)));

    /// Read.
    #[get("/read")]
    async fn read(_key: IdempotencyKey) -> NoContent {
        NoContent
    }
    let error = App::new("Bank", "1.0.0").routes(routes![read, refund]).build().unwrap_err().to_string();
    assert!(error.contains("its method changes nothing"), "{error}");
    assert!(error.contains("`covet_db::db::Db`, which the app was not given"), "{error}");
}

fn jiff_now() -> i64 {
    covet::jiff::Timestamp::now().as_millisecond()
}
