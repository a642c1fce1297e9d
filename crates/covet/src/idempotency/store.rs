//! The table `covet_idempotency`: one row for each key.
//!
//! A row begins as a claim with a lease, and ends as an answer. Whoever inserts it, or takes it over once its lease or its
//! life has ended, is its owner, and nobody else writes it. Instants are milliseconds since 1970, by the clock of the process:
//! leases have some seconds to spare for clocks that differ.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use covet_db::{Db, FromRow, Result, Row, sql};
use http::StatusCode;

use super::answer::Stored;

/// How long a lease outlives the deadline of the attempt that has it.
const SPARE: Duration = Duration::from_secs(10);

/// How often expired rows are deleted, at most.
const CLEANING_INTERVAL: i64 = 10 * 60 * 1000;

/// What names an attempt: its row, and who it is.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) id: String,
    pub(super) owner: String,
}

/// A request with a key.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) claim: Claim,
    pub(super) fingerprint: String,
    /// How long it may take.
    pub(super) deadline: Duration,
    /// How long its answer is kept.
    pub(super) keep: Duration,
}

/// What there is of a key.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing was: the attempt has it now.
    Claimed,
    /// The answer.
    Answered(Stored),
    /// The work was done; what was answered is not known.
    Lost,
    /// Another request was sent with this key.
    OtherRequest,
    /// An attempt is at work.
    InUse,
}

/// A row.
struct Entry {
    fingerprint: String,
    owner: String,
    lease_until: i64,
    expires_at: i64,
    committed: bool,
    status: Option<u16>,
    headers: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
}

impl FromRow for Entry {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            fingerprint: row.get("fingerprint")?,
            owner: row.get("owner")?,
            lease_until: row.get("lease_until")?,
            expires_at: row.get("expires_at")?,
            committed: row.get::<i64>("committed")? != 0,
            status: row.get("status")?,
            headers: row.get("headers")?,
            body: row.get("body")?,
        })
    }
}

impl Attempt {
    /// Claims a key that nobody has used.
    pub(super) async fn begin(&self, db: &Db) -> Result<Found> {
        let Attempt { claim: Claim { id, owner }, fingerprint, .. } = self;
        let (lease_until, expires_at) = self.times();
        let sql = sql!(
            "INSERT INTO covet_idempotency (id, fingerprint, owner, lease_until, expires_at, committed)
             VALUES ({id}, {fingerprint}, {owner}, {lease_until}, {expires_at}, 0)"
        );
        match db.execute(sql).await {
            Ok(_) => Ok(Found::Claimed),
            Err(error) if error.is_unique_violation() => self.look(db).await,
            Err(error) => Err(error),
        }
    }

    /// Looks what has become of a key that somebody has used, and takes it over if that has ended.
    pub(super) async fn look(&self, db: &Db) -> Result<Found> {
        let id = &self.claim.id;
        let sql = sql!(
            "SELECT fingerprint, owner, lease_until, expires_at, committed, status, headers, body
             FROM covet_idempotency WHERE id = {id}"
        );
        let Some(entry) = db.fetch_optional::<Entry>(sql).await? else {
            // The attempt before has failed and let go of the key; the next look finds who inserted it.
            return Box::pin(self.begin(db)).await;
        };
        let now = now();
        if entry.expires_at <= now {
            return self.take_over(db, &entry).await;
        }
        if entry.fingerprint != self.fingerprint {
            return Ok(Found::OtherRequest);
        }
        match entry.status.and_then(|status| StatusCode::from_u16(status).ok()) {
            Some(status) => Ok(Found::Answered(Stored {
                status,
                headers: entry.headers.unwrap_or_default(),
                body: entry.body.map(Bytes::from),
            })),
            None if entry.lease_until > now => Ok(Found::InUse),
            None if entry.committed => Ok(Found::Lost),
            None => self.take_over(db, &entry).await,
        }
    }

    /// Becomes the owner of a row, unless another attempt has been faster.
    async fn take_over(&self, db: &Db, entry: &Entry) -> Result<Found> {
        let Attempt { claim: Claim { id, owner }, fingerprint, .. } = self;
        let (lease_until, expires_at) = self.times();
        let (old, old_lease) = (&entry.owner, entry.lease_until);
        let sql = sql!(
            "UPDATE covet_idempotency
             SET fingerprint = {fingerprint}, owner = {owner}, lease_until = {lease_until}, expires_at = {expires_at},
                 committed = 0, status = NULL, headers = NULL, body = NULL
             WHERE id = {id} AND owner = {old} AND lease_until = {old_lease}"
        );
        Ok(if db.execute(sql).await?.rows_affected == 1 { Found::Claimed } else { Found::InUse })
    }

    /// The ends of the lease and of the row.
    fn times(&self) -> (i64, i64) {
        let now = now();
        (now.saturating_add(millis(self.deadline + SPARE)), now.saturating_add(millis(self.keep)))
    }
}

impl Claim {
    /// Keeps the answer.
    pub(super) async fn store(&self, db: &Db, stored: &Stored) -> Result<()> {
        let Claim { id, owner } = self;
        let Stored { status, headers, body } = stored;
        let (status, headers, body) = (i64::from(status.as_u16()), headers.as_slice(), body.as_deref());
        let sql = sql!(
            "UPDATE covet_idempotency SET status = {status}, headers = {headers}, body = {body}
             WHERE id = {id} AND owner = {owner}"
        );
        db.execute(sql).await.map(drop)
    }

    /// Lets go of the key, unless the attempt's transaction has been committed.
    pub(super) async fn release(&self, db: &Db) -> Result<()> {
        let Claim { id, owner } = self;
        let sql = sql!(
            "DELETE FROM covet_idempotency WHERE id = {id} AND owner = {owner} AND committed = 0 AND status IS NULL"
        );
        db.execute(sql).await.map(drop)
    }
}

/// When expired rows are deleted next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cleaning(Arc<AtomicI64>);

impl Cleaning {
    /// Deletes expired rows in the background, if it is time.
    pub(super) fn run(&self, db: &Db) {
        let (now, due) = (now(), self.0.load(Ordering::Relaxed));
        let next = now.saturating_add(CLEANING_INTERVAL);
        if now < due || self.0.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let db = db.clone();
        tokio::spawn(async move {
            match db.execute(sql!("DELETE FROM covet_idempotency WHERE expires_at < {now}")).await {
                Ok(done) => tracing::debug!(rows = done.rows_affected, "expired idempotency keys were deleted"),
                Err(error) => tracing::warn!(%error, "expired idempotency keys could not be deleted"),
            }
        });
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
