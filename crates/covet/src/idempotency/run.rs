//! A request with a key on its way.

use std::time::Duration;

use covet_db::Db;
use http::{HeaderValue, header};
use tokio::time::Instant;
use tracing::Instrument;

use super::answer::Stored;
use super::store::{Attempt, Claim, Cleaning, Found};
use super::{Idempotency, key};
use crate::digest::{hex, sha256};
use crate::handling::Handling;
use crate::problem::{
    IDEMPOTENCY_ANSWER_LOST, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, INTERNAL, Problem, ProblemDetails,
};
use crate::request::Refused;
use crate::routing::Registered;
use crate::tables::Tables;
use crate::{Request, Response};

/// The shortest and the longest pause between two looks at a key that is in use.
const PAUSES: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(250)];

/// How often an answer is tried to be stored.
const STORE_ATTEMPTS: u32 = 3;

/// What an app keeps for its keys.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) tables: Tables,
    cleaning: Cleaning,
}

/// Answers a request of an operation that takes an `IdempotencyKey`.
pub(crate) async fn answer(
    keys: &Keys,
    settings: &Idempotency,
    registered: &Registered,
    mut request: Box<Request>,
    deadline: Duration,
) -> Result<Response, ProblemDetails> {
    // Without a key, or with one that is none, the handler's argument decides, which knows the other faults as well.
    let (Ok(Some(key)), Some(db)) = (key::parse(request.headers()), request.state::<Db>()) else {
        return Handling::handler(registered.handler.call(request), deadline).await;
    };
    let body = request.read_body().await.map_err(Problem::into_details)?;
    let attempt = Attempt {
        claim: Claim { id: id(&request, registered, &key), owner: request.id().to_string() },
        fingerprint: fingerprint(&request, &body),
        deadline,
        keep: settings.keep,
    };
    keys.tables.ready(&db).await.map_err(Problem::into_details)?;
    keys.cleaning.run(&db);
    match find(&attempt, &db, settings.wait).await.map_err(Problem::into_details)? {
        Found::Claimed => {}
        Found::Answered(stored) => return stored.replay().ok_or_else(|| ProblemDetails::new(&IDEMPOTENCY_ANSWER_LOST)),
        Found::Lost => return Err(ProblemDetails::new(&IDEMPOTENCY_ANSWER_LOST)),
        Found::OtherRequest => return Err(ProblemDetails::new(&IDEMPOTENCY_KEY_REUSED)),
        Found::InUse => {
            return Err(
                ProblemDetails::new(&IDEMPOTENCY_KEY_IN_USE).header(header::RETRY_AFTER, HeaderValue::from_static("1"))
            );
        }
    }
    request.body = body.into();
    request.head.extensions.insert(attempt.claim.clone());
    let work = Handling::handler(registered.handler.call(request), deadline);
    let limit = settings.answer_limit;
    // A task of its own, so that the work goes on when the client hangs up, which is what makes it ask again.
    let task = async move { finish(work, &attempt.claim, &db, limit).await }.in_current_span();
    tokio::spawn(task).await.unwrap_or_else(|error| Err(ProblemDetails::new(&INTERNAL).cause(error)))
}

/// The name of a key's row: nobody's key meets one of somebody else's.
fn id(request: &Request, registered: &Registered, key: &str) -> String {
    let route = &registered.route;
    let (is_known, principal) = match request.principal() {
        Some(principal) => (b"1".as_slice(), principal),
        None => (b"0".as_slice(), ""),
    };
    let parts =
        [is_known, principal.as_bytes(), route.method.as_str().as_bytes(), route.path.as_bytes(), key.as_bytes()];
    hex(&sha256(&parts))
}

/// What tells one request from another.
fn fingerprint(request: &Request, body: &[u8]) -> String {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let content_type = request.headers().get(header::CONTENT_TYPE).map_or(b"".as_slice(), HeaderValue::as_bytes);
    hex(&sha256(&[target.as_bytes(), content_type, body]))
}

/// Claims the key, or waits for the answer of the attempt that has it.
async fn find(attempt: &Attempt, db: &Db, wait: Duration) -> covet_db::Result<Found> {
    let [mut pause, longest] = PAUSES;
    let end = Instant::now() + wait;
    let mut found = attempt.begin(db).await?;
    while matches!(found, Found::InUse) && Instant::now() < end {
        tokio::time::sleep_until(end.min(Instant::now() + pause)).await;
        pause = longest.min(pause * 2);
        found = attempt.look(db).await?;
    }
    Ok(found)
}

/// Does the work, and stores what it answers or lets go of the key.
async fn finish(work: Handling<'static>, claim: &Claim, db: &Db, limit: usize) -> Result<Response, ProblemDetails> {
    let response = match work.await {
        Ok(response) if !response.status().is_server_error() && response.extensions().get::<Refused>().is_none() => {
            response
        }
        other => {
            release(claim, db).await;
            return other;
        }
    };
    let (stored, response) = match Stored::of(response, limit).await {
        Ok(parts) => parts,
        Err(error) => {
            release(claim, db).await;
            return Err(ProblemDetails::new(&INTERNAL).cause(error));
        }
    };
    store(&stored, claim, db).await;
    Ok(response)
}

async fn release(claim: &Claim, db: &Db) {
    if let Err(error) = claim.release(db).await {
        tracing::warn!(%error, "an idempotency key could not be released; it is free when its lease ends");
    }
}

async fn store(stored: &Stored, claim: &Claim, db: &Db) {
    for attempt in 1..=STORE_ATTEMPTS {
        match claim.store(db, stored).await {
            Ok(()) => return,
            Err(error) if attempt < STORE_ATTEMPTS && error.is_retryable() => {
                tokio::time::sleep(Duration::from_millis(50) * attempt).await;
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be stored under its idempotency key");
                return;
            }
        }
    }
}
